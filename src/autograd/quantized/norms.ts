import { elementCount } from '../../dtype.js'
import { dynamic as inferDynamic } from '../../graph/infer/dynamic.js'
import { engineQuantize as inferQuantize } from '../../graph/infer/engine-quantize.js'
import { logic as inferLogic } from '../../graph/infer/logic.js'
import { resize as inferResize } from '../../graph/infer/resize.js'
import { lastAxis } from '../../graph/passes/layout-rules.js'
import { OctavoError } from '../../errors.js'
import { dynamic as lowerDynamic } from '../../plan/lower/dynamic.js'
import { engineQuantize as lowerQuantize } from '../../plan/lower/engine-quantize.js'
import { logic as lowerLogic } from '../../plan/lower/logic.js'
import { resize as lowerResize } from '../../plan/lower/resize.js'
import { bounds, codeTable } from '../../quantization/code-tables.js'
import { roundEven } from '../../quantization/qparams.js'
import { call, Op, type QuantizedKernel } from '../dispatch.js'
import { ruleSet } from '../ops/rule-set.js'
import type { PerTensorQuantizer } from '../quantizer.js'
import type { Recipe, Result } from '../recipe.js'
import { SCALAR_TYPES } from '../scalar-type.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { TABLES } from './elementwise.js'
import { checkParams, expectPerTensor, paramsOf, perTensor } from './operands.js'

const f32 = Math.fround
type Output = readonly [scale: number, zeroPoint: number, epsilon: number]

/** Statistics and weights of a batch normalisation, as a table of codes for every channel: operands 1 to 4 are weight, bias, mean and variance. */
const BATCH_NORM = new Op<readonly [...Output, relu: boolean]>('quantized::batch_norm', (r, [scale, zeroPoint, epsilon, relu]) => {
  const channels = r.shape(0)[1]!
  const vector = (i: number, fallback: number): ArrayLike<number> => (r.has(i) ? (r.operand(i).constant!.data as ArrayLike<number>) : new Float32Array(channels).fill(fallback))
  const [weight, bias, mean, variance] = [vector(1, 1), vector(2, 0), vector(3, 0), vector(4, 1)]
  const from = r.operand(0).quantizer as PerTensorQuantizer
  const signed = r.dtype(0) === 'qint8'
  const [lo, hi] = bounds(signed)
  const least = relu ? Math.max(zeroPoint, lo) : lo
  const table = Array.from({ length: channels }, (_, c) => {
    const inverse = f32(1 / Math.sqrt(f32(f32(variance[c]!) + f32(epsilon))))
    const alpha = f32(f32(inverse * weight[c]!) * f32(f32(from.scale) / f32(scale)))
    const beta = f32(f32(bias[c]! - f32(f32(mean[c]! * inverse) * weight[c]!)) / scale)
    return codeTable(signed, (q) => Math.min(Math.max(roundEven(f32(alpha * (q - from.zeroPoint) + beta)) + zeroPoint, least), hi))
  })
  const axis = r.isLast(0) ? lastAxis(1, r.shape(0).length) : 1
  const tables = r.constant(SCALAR_TYPES[r.dtype(0)].host, table.flat(), [channels, 256])
  return [{ value: r.node('octavo:ChannelLookup', [r.stored(0), tables], { axis }), dtype: r.dtype(0), format: r.operand(0).kind.format, quantizer: perTensor(scale, zeroPoint) }]
}, TABLES, true)

export interface BatchNormParams {
  readonly weight: Tensor | undefined
  readonly bias: Tensor | undefined
  readonly runningMean: Tensor
  readonly runningVar: Tensor
  readonly eps: number
}

const held = (t: Tensor | undefined): Tensor | undefined => {
  if (!t || t.storage.held) return t
  const copy = t.clone()
  copy.storage.held = true
  return copy
}

/**
 * Batch normalisation of codes by running statistics, with relu if asked for.
 *
 * @param x [N, C, …] @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH
 */
export function batchNorm(x: Tensor, { weight, bias, runningMean, runningVar, eps }: BatchNormParams, scale: number, zeroPoint: number, relu = false): Tensor {
  const op = `quantized::batch_norm${x.ndim - 2}d${relu ? '_relu' : ''}`
  expectPerTensor(op, x, 'quint8', 'qint8')
  checkParams(op, scale, zeroPoint, x.dtype)
  if (x.ndim < 2) mismatch(op, 'at least 2 axes', x.shape)
  for (const t of [weight, bias, runningMean, runningVar]) if (t && t.numel() !== x.shape[1]) mismatch(op, `${x.shape[1]} statistics`, t.shape)
  return call(BATCH_NORM, [x, held(weight), held(bias), held(runningMean), held(runningVar)], [scale, zeroPoint, eps, relu])
}

const NORMALIZE = ruleSet({ ...inferQuantize, ...inferLogic }, { ...lowerQuantize, ...lowerLogic })

/** Codes as rows [rows, length], normalised by their own mean and variance; weights join per element (layer) or per channel. */
const ROWS = new Op<readonly [...Output, rows: number, perElement: boolean]>('quantized::norm', (r, [scale, zeroPoint, epsilon, rows, perElement]) => {
  const shape = r.shape(0)
  const length = elementCount(shape) / rows
  const s = f32((r.operand(0).quantizer as PerTensorQuantizer).scale)
  const x = r.node('Cast', [r.x(0, [rows, length])], { to: 1 })
  const count = r.scalar('float32', length)
  const meanOf = (v: string): string => r.node('Div', [r.node('ReduceSum', [v, r.ints([1])], { keepdims: 1 }), count])
  const mean = meanOf(x)
  const variance = r.node('Max', [r.node('Sub', [meanOf(r.node('Mul', [x, x])), r.node('Mul', [mean, mean])]), r.scalar('float32', 0)])
  const wide = r.node('Cast', [r.node('Mul', [variance, r.scalar('float32', f32(s * s))])], { to: 11 })
  const deviation = r.node('Sqrt', [r.node('Add', [wide, r.scalar('float64', epsilon)])])
  const factor = r.node('Cast', [r.node('Div', [r.scalar('float64', s), deviation])], { to: 1 })
  const centred = r.node('Sub', [x, mean])
  const vector = (i: number): string => r.x(i, perElement ? [1, length] : [1, shape[1]!, 1])
  let y: string
  if (perElement) {
    const scaled = r.node('Mul', [centred, factor])
    const weighted = r.has(1) ? r.node('Mul', [scaled, vector(1)]) : scaled
    y = r.has(2) ? r.node('Add', [weighted, vector(2)]) : weighted
  } else {
    const channels = [shape[0]!, shape[1]!, elementCount(shape.slice(2))]
    const groups = rows / shape[0]!
    const each = r.reshape(r.node('Expand', [r.reshape(factor, [shape[0]!, groups, 1]), r.ints([shape[0]!, groups, shape[1]! / groups])]), [shape[0]!, shape[1]!, 1])
    const weighted = r.has(1) ? r.node('Mul', [each, vector(1)]) : each
    const scaled = r.node('Mul', [r.reshape(centred, channels), weighted])
    y = r.has(2) ? r.node('Add', [scaled, vector(2)]) : scaled
  }
  const codes = r.node('octavo:QuantizeLinear', [r.reshape(y, shape), r.scalar('float32', scale), r.constant(SCALAR_TYPES[r.dtype(0)].host, [zeroPoint], [])])
  return [{ value: codes, dtype: r.dtype(0), quantizer: perTensor(scale, zeroPoint) }]
}, NORMALIZE, true)

function rowsNorm(op: string, x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined, rows: number, perElement: boolean, eps: number, scale: number, zeroPoint: number): Tensor {
  expectPerTensor(op, x, 'quint8', 'qint8')
  checkParams(op, scale, zeroPoint, x.dtype)
  const size = perElement ? x.numel() / rows : x.shape[1]!
  for (const t of [weight, bias]) if (t && t.numel() !== size) mismatch(op, `${size} weights`, t.shape)
  return call(ROWS, [x, weight, bias], [scale, zeroPoint, eps, rows, perElement])
}

/** Normalisation over the last axes, whose shape is `normalizedShape`. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function layerNorm(x: Tensor, normalizedShape: readonly number[], weight: Tensor | undefined, bias: Tensor | undefined, eps: number, scale: number, zeroPoint: number): Tensor {
  const op = 'quantized::layer_norm'
  if (`${x.shape.slice(x.ndim - normalizedShape.length)}` !== `${normalizedShape}`) mismatch(op, `a tensor ending in [${normalizedShape}]`, x.shape)
  return rowsNorm(op, x, weight, bias, elementCount(x.shape.slice(0, x.ndim - normalizedShape.length)), true, eps, scale, zeroPoint)
}

/** Normalisation over groups of channels of each image. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function groupNorm(x: Tensor, groups: number, weight: Tensor | undefined, bias: Tensor | undefined, eps: number, scale: number, zeroPoint: number): Tensor {
  if (x.ndim < 2 || x.shape[1]! % groups) mismatch('quantized::group_norm', `channels that ${groups} divides`, x.shape)
  return rowsNorm('quantized::group_norm', x, weight, bias, x.shape[0]! * groups, false, eps, scale, zeroPoint)
}

/** Normalisation of every channel of each image. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export const instanceNorm = (x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined, eps: number, scale: number, zeroPoint: number): Tensor =>
  rowsNorm('quantized::instance_norm', x, weight, bias, x.shape[0]! * x.shape[1]!, false, eps, scale, zeroPoint)

const sameParams = (r: Recipe, value: string): Result => ({ value, dtype: r.dtype(0), quantizer: r.operand(0).quantizer! })

/** Codes less the zero point, sampled, so that what lies outside is the zero point; rounded half away from zero. */
const GRID_SAMPLE = new Op<readonly [padding: string, align: boolean]>('quantized::grid_sample', (r, [padding_mode, align]) => {
  const zero = r.scalar('float32', (r.operand(0).quantizer as PerTensorQuantizer).zeroPoint)
  const x = r.node('Sub', [r.node('Cast', [r.x(0)], { to: 1 }), zero])
  const sampled = r.node('Add', [r.node('GridSample', [x, r.x(1)], { mode: 'linear', padding_mode, align_corners: +align }), zero])
  return [sameParams(r, r.node('Cast', [r.node('Floor', [r.node('Add', [sampled, r.scalar('float32', 0.5)])])], { to: 2 }))]
}, ruleSet(inferResize, lowerResize), true)

/** quint8 images sampled bilinearly at the places of a float32 grid, with x's parameters. @throws DTYPE_MISMATCH, OP_UNSUPPORTED for other modes */
export function gridSample(x: Tensor, grid: Tensor, mode: string, padding: string, alignCorners: boolean): Tensor {
  expectPerTensor('quantized::grid_sample', x, 'quint8')
  if (mode !== 'bilinear' && mode !== 'linear') throw new OctavoError('OP_UNSUPPORTED', `quantized::grid_sample: expected mode bilinear, got ${mode}. Dequantize first.`, { mode })
  return call(GRID_SAMPLE, [x, grid], [padding, alignCorners])
}

const MATMUL = new Op<readonly [scale: number, zeroPoint: number]>('quantized::matmul', (r, [scale, zeroPoint]) => {
  const [a, b] = [0, 1].map((i) => r.operand(i).quantizer as PerTensorQuantizer)
  const sums = r.node('Cast', [r.node('MatMulInteger', [r.x(0), r.x(1), paramsOf(r, 0)[1], paramsOf(r, 1)[1]])], { to: 11 })
  const codes = r.node('Add', [r.node('Round', [r.node('Mul', [sums, r.scalar('float64', (a!.scale * b!.scale) / scale)])]), r.scalar('float64', zeroPoint)])
  const [lo, hi] = bounds(r.dtype(0) === 'qint8')
  const inside = r.node('Clip', [codes, r.scalar('float64', lo), r.scalar('float64', hi)])
  return [{ value: r.node('Cast', [inside], { to: r.dtype(0) === 'qint8' ? 3 : 2 }), dtype: r.dtype(0), quantizer: perTensor(scale, zeroPoint) }]
}, ruleSet(inferDynamic, lowerDynamic), true)

/** a · b of quantized matrices, as codes of this scale and zero point. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function matmul(a: Tensor, b: Tensor, scale: number, zeroPoint: number): Tensor {
  const op = 'quantized::matmul'
  for (const t of [a, b]) expectPerTensor(op, t, 'quint8', 'qint8')
  if (a.dtype !== b.dtype) throw new OctavoError('DTYPE_MISMATCH', `${op}: expected tensors of one type, got ${a.dtype} and ${b.dtype}.`, { op })
  checkParams(op, scale, zeroPoint, a.dtype)
  return call(MATMUL, [a, b], [scale, zeroPoint])
}

export const normKernels: Readonly<Record<string, QuantizedKernel>> = {
  gridSample: ([x, grid], [mode, padding, align]) => [gridSample(x!, grid!, mode as string, padding as string, align as boolean)],
}
