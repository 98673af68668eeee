import { OctavoError } from '../../errors.js'
import { lastAxis } from '../../graph/passes/layout-rules.js'
import { engineQuantize } from '../../graph/infer/engine-quantize.js'
import { normalize as inferNormalize } from '../../graph/infer/normalize.js'
import { engineQuantize as lowerQuantize } from '../../plan/lower/engine-quantize.js'
import { normalize as lowerNormalize } from '../../plan/lower/normalize.js'
import { bounds, codeOf, codeTable, functionTable, realOf, type CodeParams } from '../../quantization/code-tables.js'
import { erf, exp, sigmoid as sigmoidOf, tanh as tanhOf } from '../../quantization/functions.js'
import { roundEven } from '../../quantization/qparams.js'
import { call, Op, type QuantizedKernel } from '../dispatch.js'
import { ruleSet } from '../ops/rule-set.js'
import type { PerTensorQuantizer } from '../quantizer.js'
import { SCALAR_TYPES } from '../scalar-type.js'
import { axisOf, mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { codesOfOperand, lookupOp, TABLES, tableOperand, type CodeFunction } from './elementwise.js'
import { quantizedBackend } from './engine.js'
import { checkParams, expectPerTensor, paramsOf, perTensor } from './operands.js'

const f32 = Math.fround
const isQnnpack = (x: Tensor): boolean => quantizedBackend.engine === 'qnnpack' && x.dtype === 'quint8'

/** Codes clamped to [lo, hi]; parameters stay. */
const clamped = (from: CodeParams, lo: number, hi: number): CodeFunction => ({ ...from, table: codeTable(from.signed, (q) => Math.min(Math.max(q, lo), hi)) })

const RELU = lookupOp<readonly []>('relu', (from) => clamped(from, from.zeroPoint, Infinity))
/** max(x, 0), on the codes. @throws DTYPE_MISMATCH */
export const relu = (x: Tensor): Tensor => RELU(x, [])

const RELU6 = lookupOp<readonly []>('relu6', (from) => clamped(from, from.zeroPoint, codeOf(6, from, 'tensor')))
export const relu6 = (x: Tensor): Tensor => RELU6(x, [])

const CLAMP = lookupOp<readonly [lo: number, hi: number, divides: boolean]>('clamp', (from, [lo, hi, divides]) => {
  const bound = (v: number): number => {
    if (!divides) return codeOf(f32(v), from, 'tensor')
    const [least, most] = bounds(from.signed)
    return Math.min(Math.max(roundEven(f32(f32(v) / f32(from.scale))) + from.zeroPoint, least), most)
  }
  return clamped(from, lo === -Infinity ? -Infinity : bound(lo), hi === Infinity ? Infinity : bound(hi))
})
/** Values moved into [min, max], on the codes: QNNPACK divides the bounds by the scale, others multiply. @throws DTYPE_MISMATCH */
export const clamp = (x: Tensor, min = -Infinity, max = Infinity): Tensor => CLAMP(x, [min, max, isQnnpack(x) && min !== -Infinity && max !== Infinity])
export const hardtanh = clamp

/** Functions of real values, whose results have parameters of their own. */
const realOp = <A extends readonly number[]>(name: string, f: (x: number, attributes: A) => number) => {
  const op = lookupOp<readonly (number)[]>(name, (from, [scale, zeroPoint, ...rest]) => {
    const to = { scale: scale!, zeroPoint: zeroPoint!, signed: from.signed }
    return { ...to, table: functionTable(from, to, 'vector', (x) => f32(f(x, rest as unknown as A))) }
  })
  return (x: Tensor, scale: number, zeroPoint: number, ...attributes: A): Tensor => {
    checkParams(`quantized::${name}`, scale, zeroPoint, x.dtype)
    return op(x, [scale, zeroPoint, ...attributes])
  }
}

/** x where x > 0, slope · x elsewhere. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export const leakyRelu = realOp<readonly [slope: number]>('leaky_relu', (x, [slope]) => (x > 0 ? x : x * f32(slope)))
/** x where x > 0, alpha (eˣ − 1) elsewhere. */
export const elu = realOp<readonly [alpha: number]>('elu', (x, [alpha]) => (x > 0 ? x : f32(f32(exp(x)) - 1) * f32(alpha)))
/** max(0, x) + min(0, alpha (exp(x / alpha) − 1)). */
export const celu = realOp<readonly [alpha: number]>('celu', (x, [alpha]) => (x > 0 ? x : f32(f32(exp(f32(x * f32(1 / f32(alpha))))) - 1) * f32(alpha)))

const six = (x: number): number => Math.min(Math.max(f32(x + 3), 0), 6)
const genericHardswish = realOp<readonly []>('hardswish', (x) => f32(x * six(x)) / 6)
/** QNNPACK's tables: rounded once, the zero point added before. */
const qnnpackHardswish = lookupOp<readonly [scale: number, zeroPoint: number]>('hardswish_qnnpack', (from, [scale, zeroPoint]) => ({
  scale, zeroPoint,
  table: codeTable(false, (q) => {
    const x = f32(f32(from.scale) * (q - from.zeroPoint))
    return roundEven(Math.min(Math.max(f32(f32(f32(1 / f32(scale)) * f32(f32(x * six(x)) / 6)) + zeroPoint), 0), 255))
  }),
}))
/** x · min(max(x + 3, 0), 6) / 6. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export const hardswish = (x: Tensor, scale: number, zeroPoint: number): Tensor => (isQnnpack(x) ? qnnpackHardswish(x, [scale, zeroPoint]) : genericHardswish(x, scale, zeroPoint))

/** Results between 0 and 1, or −1 and 1, have fixed parameters. */
const unit = (signed: boolean): Pick<CodeParams, 'scale' | 'zeroPoint'> => ({ scale: 1 / 256, zeroPoint: signed ? -128 : 0 })
const fixedOp = (name: string, to: (signed: boolean) => Pick<CodeParams, 'scale' | 'zeroPoint'>, f: (x: number) => number, qnnpack: (from: CodeParams, q: number) => number) => {
  const generic = lookupOp<readonly []>(name, (from) => {
    const params = { ...to(from.signed), signed: from.signed }
    return { ...params, table: functionTable(from, params, 'vector', (x) => f32(f(x))) }
  })
  const tables = lookupOp<readonly []>(`${name}_qnnpack`, (from) => ({ ...to(false), table: codeTable(false, (q) => Math.min(Math.max(roundEven(qnnpack(from, q)), 0), 255)) }))
  return (x: Tensor): Tensor => (isQnnpack(x) ? tables(x, []) : generic(x, []))
}
const plainReal = (from: CodeParams, q: number): number => f32(f32(from.scale) * (q - from.zeroPoint))
export const hardsigmoid = fixedOp('hardsigmoid', unit, (x) => six(x) / 6, (from, q) => f32(256 * f32(six(plainReal(from, q)) / 6)))
const sigmoidUnit = fixedOp('sigmoid', unit, sigmoidOf, (from, q) => f32(256 / f32(1 + f32(exp(-plainReal(from, q))))))
/** 2 / (1 + e⁻²ˣ) − 1, its results' scale 2 / 256. */
export const tanh = fixedOp('tanh', (signed) => ({ scale: 2 / 256, zeroPoint: signed ? 0 : 128 }), tanhOf, (from, q) => f32(128 * tanhOf(plainReal(from, q))) + 128)

const SIGMOID = realOp<readonly []>('sigmoid_out', sigmoidOf)
/** 1 / (1 + e⁻ˣ); scale 1 / 256 unless parameters are given. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export const sigmoid = (x: Tensor, scale?: number, zeroPoint?: number): Tensor => (scale === undefined ? sigmoidUnit(x) : SIGMOID(x, scale, zeroPoint ?? 0))

const keeping = <A extends readonly number[]>(name: string, f: (x: number, attributes: A) => number) => {
  const op = lookupOp<readonly number[]>(name, (from, attributes) => ({ ...from, scale: name === 'gelu' ? f32(from.scale) : from.scale, table: functionTable(from, from, 'vector', (x) => f32(f(x, attributes as unknown as A))) }))
  return (x: Tensor, ...attributes: A): Tensor => op(x, attributes)
}
/** x · Φ(x), with x's parameters, the scale as float32. */
export const gelu = keeping<readonly []>('gelu', (x) => f32(x * 0.5) * f32(1 + f32(erf(f32(x * f32(Math.SQRT1_2))))))
/** x where x > threshold, `value` elsewhere. */
export const threshold = keeping<readonly [threshold: number, value: number]>('threshold', (x, [at, value]) => (x > f32(at) ? x : f32(value)))

const PRELU = new Op<readonly [scale: number, zeroPoint: number]>('quantized::prelu', (r, [scale, zeroPoint]) => {
  const weights = r.operand(1)
  const slope = weights.quantizer as PerTensorQuantizer
  const codes = weights.constant!.data as ArrayLike<number> & Iterable<number>
  const [from, to] = [codesOfOperand(r, 0), { scale, zeroPoint, signed: r.dtype(0) === 'qint8' }]
  const table = Array.from(codes, (code) => functionTable(from, to, 'vector', (x) => (x > 0 ? x : f32(x * realOf(code, { ...slope, signed: false }, 'tensor')))))
  const axis = table.length === 1 ? undefined : r.isLast(0) ? lastAxis(1, r.shape(0).length) : 1
  const host = SCALAR_TYPES[r.dtype(0)].host
  const value = axis === undefined ? r.node('octavo:Lookup', [r.stored(0), tableOperand(r, r.dtype(0), table[0]!)])
    : r.node('octavo:ChannelLookup', [r.stored(0), r.constant(host, table.flat(), [table.length, 256])], { axis })
  return [{ value, dtype: r.dtype(0), format: r.operand(0).kind.format, quantizer: perTensor(scale, zeroPoint) }]
}, TABLES, true)

/** x where x > 0, weight · x elsewhere; the weight has one element or one per channel. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function prelu(x: Tensor, weight: Tensor, scale: number, zeroPoint: number): Tensor {
  const op = 'quantized::prelu'
  for (const t of [x, weight]) expectPerTensor(op, t, 'quint8', 'qint8')
  checkParams(op, scale, zeroPoint, x.dtype)
  if (weight.numel() !== 1 && weight.numel() !== x.shape[1]) mismatch(op, `1 or ${x.shape[1]} slopes`, weight.numel())
  const held = weight.storage.held ? weight : weight.clone()
  held.storage.held = true
  return call(PRELU, [x, held], [scale, zeroPoint])
}

const SOFTMAX = new Op<readonly [axis: number, scale: number, zeroPoint: number]>('quantized::softmax', (r, [axis, scale, zeroPoint]) => {
  const [, zero] = paramsOf(r, 0)
  const { quantizer, kind } = r.operand(0)
  const real = r.node('DequantizeLinear', [r.stored(0), r.scalar('float32', (quantizer as PerTensorQuantizer).scale), zero])
  const at = r.isLast(0) ? lastAxis(axis, kind.shape.length) : axis
  const y = r.node('Softmax', [real], { axis: at })
  const codes = r.node('octavo:QuantizeLinear', [y, r.scalar('float32', scale), r.constant(SCALAR_TYPES[kind.dtype].host, [zeroPoint], [])])
  return [{ value: codes, dtype: kind.dtype, format: kind.format, quantizer: perTensor(scale, zeroPoint) }]
}, ruleSet({ ...inferNormalize, ...engineQuantize }, { ...lowerNormalize, ...lowerQuantize }), true)

/** exp(x) / Σ exp(x) along an axis, as codes of this scale and zero point. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export function softmax(x: Tensor, dim: number, scale: number, zeroPoint: number): Tensor {
  expectPerTensor('quantized::softmax', x, 'quint8', 'qint8')
  checkParams('quantized::softmax', scale, zeroPoint, x.dtype)
  return call(SOFTMAX, [x], [axisOf(dim, x.ndim, 'quantized::softmax'), scale, zeroPoint])
}

const number = (v: unknown, op: string): number => {
  if (typeof v === 'number') return v
  throw new OctavoError('OPTION_INVALID', `${op}: expected a number, got ${String(v)}.`)
}

/** What float operations do with quantized tensors, as in PyTorch: those that need parameters for their result take x's. */
export const activationKernels: Readonly<Record<string, QuantizedKernel>> = {
  relu: ([x]) => [relu(x!)],
  relu6: ([x]) => [relu6(x!)],
  clamp: ([x], [min, max]) => [clamp(x!, min as number | undefined, max as number | undefined)],
  hardtanh: ([x], [min, max]) => [hardtanh(x!, number(min, 'hardtanh'), number(max, 'hardtanh'))],
  sigmoid: ([x]) => [sigmoid(x!)],
  tanh: ([x]) => [tanh(x!)],
  hardsigmoid: ([x]) => [hardsigmoid(x!)],
  gelu: ([x]) => [gelu(x!)],
  leakyRelu: ([x], [slope]) => [leakyRelu(x!, ...own(x!), number(slope, 'leakyRelu'))],
  elu: ([x], [alpha]) => [elu(x!, ...own(x!), number(alpha, 'elu'))],
  celu: ([x], [alpha]) => [celu(x!, ...own(x!), number(alpha, 'celu'))],
  hardswish: ([x]) => [hardswish(x!, ...own(x!))],
}

function own(x: Tensor): [scale: number, zeroPoint: number] {
  const { scale, zeroPoint } = expectPerTensor('activation', x, 'quint8', 'qint8')
  return [scale, zeroPoint]
}
