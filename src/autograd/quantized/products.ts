import { OctavoError } from '../../errors.js'
import { engineProducts as inferProducts } from '../../graph/infer/engine-products.js'
import { engineLayoutRules } from '../../graph/passes/more-layout-rules.js'
import { engineProducts } from '../../plan/lower/engine-products.js'
import type { Arithmetic } from '../../quantization/requantization.js'
import { call, Op } from '../dispatch.js'
import { ruleSet } from '../ops/rule-set.js'
import type { Quantizer } from '../quantizer.js'
import type { Recipe } from '../recipe.js'
import type { QuantizedType } from '../scalar-type.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { arithmeticFor, packingEngine, type QEngine } from './engine.js'
import { checkParams, expectPerTensor, expectQuantized, paramsOf, perTensor, scaleOperand, zeroOperand } from './operands.js'

const RULES = ruleSet(inferProducts, engineProducts, engineLayoutRules)

/** Codes of a result, what arithmetic gives them, and whether negative values become zero. */
type Common = readonly [arithmetic: string, relu: boolean, scale: number, zeroPoint: number]
type Spatial = readonly [strides: readonly number[], padding: readonly number[], dilations: readonly number[], groups: number, outputPadding: readonly number[]]

/** x, w, y and bias as the graph's operators take them; operand 0 is x, 1 the weight, 2 the bias. */
const operandsOf = (r: Recipe, x: string, [, , scale, zeroPoint]: Common): string[] => {
  const y = perTensor(scale, zeroPoint)
  return [x, ...paramsOf(r, 0), r.x(1), ...paramsOf(r, 1), scaleOperand(r, y), zeroOperand(r, y, r.dtype(0)), r.x(2)]
}

const LINEAR = new Op<Common>('quantized::linear', (r, common) => {
  const [arithmetic, relu, scale, zeroPoint] = common
  const value = r.node('octavo:QLinear', operandsOf(r, r.x(0), common), { arithmetic, relu: +relu })
  return [{ value, dtype: r.dtype(0), quantizer: perTensor(scale, zeroPoint) }]
}, RULES, true)

const convOp = (name: string, node: string): Op<readonly [...Common, ...Spatial]> =>
  new Op(name, (r, attributes) => {
    const [arithmetic, relu, scale, zeroPoint, strides, padding, dilations, group, outputPadding] = attributes
    const value = r.node(node, operandsOf(r, r.last(0), [arithmetic, relu, scale, zeroPoint]), {
      arithmetic, relu: +relu, strides, pads: [...padding, ...padding], dilations, group, channels_last: 1, output_padding: outputPadding.length ? outputPadding : undefined,
    })
    const result = { dtype: r.dtype(0), quantizer: perTensor(scale, zeroPoint) }
    const rank = r.shape(0).length
    return [rank > 3 ? r.lastResult(value, rank, result) : { value: r.node('Transpose', [value], { perm: [0, 2, 1] }), ...result }]
  }, RULES, true)

const CONV = convOp('quantized::conv', 'octavo:QLinearConv')
const CONV_TRANSPOSE = convOp('quantized::conv_transpose', 'octavo:QLinearConvTranspose')

const LINEAR_DYNAMIC = new Op<readonly [arithmetic: string, reduceRange: boolean, relu: boolean]>('quantized::linear_dynamic', (r, [arithmetic, reduceRange, relu]) => {
  const [codes, scale, zero] = r.outputs(3, 'octavo:DynamicQuantize', [r.x(0)], { reduce_range: +reduceRange, arithmetic }) as [string, string, string]
  const value = r.node('octavo:QLinearDynamic', [codes, scale, zero, r.x(1), ...paramsOf(r, 1), r.x(2)], { arithmetic })
  return [relu ? r.node('Relu', [value]) : value]
}, RULES, true)

/** Weights as an engine packs them: the engine of the time of packing decides the arithmetic, whatever is set later, as in PyTorch. */
export interface PackedParams {
  readonly engine: Exclude<QEngine, 'none'>
  readonly arithmetic: Exclude<Arithmetic, 'xnnpack'>
  readonly weight: Tensor
  readonly bias: Tensor | undefined
}

/** Packed weights of a convolution, with its geometry: one entry per axis. */
export interface ConvPackedParams extends PackedParams {
  readonly stride: readonly number[]
  readonly padding: readonly number[]
  readonly outputPadding: readonly number[]
  readonly dilation: readonly number[]
  readonly groups: number
  readonly transpose: boolean
}

/** Contents that plans may hold: a copy, so that what the caller writes later does not reach them. */
export function held<T extends Tensor | undefined>(t: T): T {
  if (!t || t.storage.held) return t
  const copy = t.contiguous().clone()
  copy.storage.held = true
  return copy as T
}

const isSymmetric = (q: Quantizer): boolean => (q.qscheme === 'per_tensor_affine' ? q.zeroPoint === 0 : q.zeroPoints.every((z) => z === 0))

function checkWeight(op: string, weight: Tensor, bias: Tensor | undefined, filters: number, axis: number): Quantizer {
  const quantizer = expectQuantized(op, weight, 'qint8')
  if (quantizer.qscheme === 'per_channel_affine_float_qparams' || (quantizer.qscheme === 'per_channel_affine' && (quantizer.axis !== axis || quantizer.scales.length !== filters)))
    throw new OctavoError('QPARAMS_INVALID', `${op}: expected a weight quantized per tensor, or per channel along axis ${axis}, got ${quantizer.qscheme} along axis ${quantizer.axis}.`, { op })
  if (bias && (bias.dtype !== 'float32' || bias.ndim !== 1 || bias.numel() !== filters)) mismatch(`${op}: bias`, `${filters} of float32`, `[${bias.shape}] of ${bias.dtype}`)
  return quantizer
}

/** Packs a weight [out, in] of qint8 and a float32 bias. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH, ENGINE_UNKNOWN */
export function linearPrepack(weight: Tensor, bias?: Tensor): PackedParams {
  const op = 'quantized::linear_prepack'
  const engine = packingEngine(op)
  if (weight.ndim !== 2) mismatch(`${op}: weight`, '2 axes', weight.shape)
  const quantizer = checkWeight(op, weight, bias, weight.shape[0]!, 0)
  const arithmetic = arithmeticFor(op, engine, { groups: 1, symmetric: isSymmetric(quantizer), outputPadding: false }, true)
  return { engine, arithmetic, weight: held(weight), bias: held(bias) }
}

interface Geometry {
  readonly stride?: readonly number[]
  readonly padding?: readonly number[]
  readonly outputPadding?: readonly number[]
  readonly dilation?: readonly number[]
  readonly groups?: number
}

/**
 * Packs a weight [out, in / groups, …] of qint8, or of a transposed convolution [in, out / groups, …], for as many spatial axes as it has.
 *
 * @throws DTYPE_MISMATCH; QPARAMS_INVALID, also for a transposed convolution per channel, which no engine but QNNPACK takes; SHAPE_MISMATCH; ENGINE_UNKNOWN; OP_UNSUPPORTED
 */
export function convPrepack(weight: Tensor, bias: Tensor | undefined, { stride, padding, outputPadding, dilation, groups = 1 }: Geometry = {}, transpose = false): ConvPackedParams {
  const rank = weight.ndim - 2
  const op = `quantized::conv${transpose ? '_transpose' : ''}${rank}d_prepack`
  const engine = packingEngine(op)
  if (rank < 1 || rank > 3) mismatch(`${op}: weight`, '3 to 5 axes', weight.shape)
  const list = (name: string, values: readonly number[] | undefined, fallback: number): readonly number[] => {
    if (values && values.length !== rank) mismatch(`${op}: ${name}`, `${rank} numbers`, values)
    return values ?? Array<number>(rank).fill(fallback)
  }
  const filters = transpose ? weight.shape[1]! * groups : weight.shape[0]!
  if (transpose && engine !== 'qnnpack' && weight.quantizer && weight.quantizer.qscheme !== 'per_tensor_affine')
    throw new OctavoError('QPARAMS_INVALID', `${op}: transposed convolutions take weights quantized per tensor with ${engine}. Give the layer a qconfig with a per-tensor weight observer.`, { op, engine })
  const quantizer = checkWeight(op, weight, bias, filters, transpose ? 1 : 0)
  const extra = transpose ? list('outputPadding', outputPadding, 0) : []
  return {
    engine, arithmetic: arithmeticFor(op, engine, { groups, symmetric: isSymmetric(quantizer), outputPadding: extra.some((p) => p !== 0) }, false),
    weight: held(weight), bias: held(bias), stride: list('stride', stride, 1), padding: list('padding', padding, 0), outputPadding: extra, dilation: list('dilation', dilation, 1), groups, transpose,
  }
}

/** The arithmetic of this product: QNNPACK hands signed activations to XNNPACK, which wants symmetric weights. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
function productArithmetic(op: string, x: Tensor, { engine, arithmetic, weight }: PackedParams, linear: boolean): Arithmetic {
  const types: QuantizedType[] = engine === 'qnnpack' || engine === 'onednn' && linear ? ['quint8', 'qint8'] : ['quint8']
  expectPerTensor(op, x, ...types)
  if (engine !== 'qnnpack' || x.dtype !== 'qint8') return arithmetic
  if (!isSymmetric(weight.quantizer!) || (linear && weight.quantizer!.qscheme !== 'per_tensor_affine'))
    throw new OctavoError('QPARAMS_INVALID', `${op}: signed activations go to XNNPACK, whose weights have zero point 0${linear ? ' and one scale' : ''}. Quantize the weight so.`, { op })
  return 'xnnpack'
}

/** QNNPACK's multiplier must be a normal number. @throws QPARAMS_INVALID */
function checkMultiplier(op: string, x: Tensor, { arithmetic, weight }: PackedParams, scale: number): void {
  if (arithmetic !== 'qnnpack' || x.quantizer?.qscheme !== 'per_tensor_affine') return
  const q = weight.quantizer!
  for (const w of q.qscheme === 'per_tensor_affine' ? [q.scale] : q.scales) {
    const m = Math.fround((x.quantizer.scale * w) / scale)
    if (!(m >= 2 ** -126 && m < Infinity)) throw new OctavoError('QPARAMS_INVALID', `${op}: QNNPACK cannot scale by ${m} (scales ${x.quantizer.scale}, ${w} and ${scale}). Calibrate again.`, { op, multiplier: m })
  }
}

/** x [..., in] times a packed weight, as codes with this scale and zero point. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function linear(x: Tensor, packed: PackedParams, scale: number, zeroPoint: number, relu = false): Tensor {
  const op = relu ? 'quantized::linear_relu' : 'quantized::linear'
  const arithmetic = productArithmetic(op, x, packed, true)
  checkParams(op, scale, zeroPoint, x.dtype)
  checkMultiplier(op, x, packed, scale)
  if (x.ndim < (packed.arithmetic === 'fbgemm' ? 2 : 1)) mismatch(op, 'at least 2 axes', x.shape)
  return call(LINEAR, [x, packed.weight, packed.bias], [arithmetic, relu, scale, zeroPoint])
}

/** A convolution of x [N, C, …], transposed where its weight was packed so. Images of four and five axes come out channels-last. @throws as linear */
export function conv(x: Tensor, packed: ConvPackedParams, scale: number, zeroPoint: number, relu = false): Tensor {
  const { stride, padding, dilation, groups, outputPadding, transpose, weight } = packed
  const op = `quantized::conv${transpose ? '_transpose' : ''}${stride.length}d${relu ? '_relu' : ''}`
  const arithmetic = productArithmetic(op, x, packed, false)
  checkParams(op, scale, zeroPoint, x.dtype)
  checkMultiplier(op, x, packed, scale)
  if (x.ndim !== weight.ndim) mismatch(op, `${weight.ndim} axes`, x.shape)
  return call(transpose ? CONV_TRANSPOSE : CONV, [x, weight, packed.bias], [arithmetic, relu, scale, zeroPoint, stride, padding, dilation, groups, outputPadding])
}

/**
 * x [..., in] of float32 times a packed weight: x is quantized by its own range, the result is float32. QNNPACK ignores `reduceRange`, as PyTorch's does.
 *
 * @throws DTYPE_MISMATCH, SHAPE_MISMATCH
 */
export function linearDynamic(x: Tensor, packed: PackedParams, reduceRange = false, relu = false): Tensor {
  if (x.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `quantized::linear_dynamic: expected float32, got ${x.dtype}.`, { got: x.dtype })
  return call(LINEAR_DYNAMIC, [x, packed.weight, packed.bias], [...dynamicArithmetic(packed, reduceRange), relu])
}

/** What products of dynamically quantized activations follow: x86 takes FBGEMM's kernels, QNNPACK ignores `reduceRange`. */
export const dynamicArithmetic = ({ engine }: PackedParams, reduceRange: boolean): readonly [arithmetic: string, reduceRange: boolean] =>
  [engine === 'x86' ? 'fbgemm' : engine, reduceRange && engine !== 'qnnpack']
