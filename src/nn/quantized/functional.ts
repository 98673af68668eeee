/**
 * torch.ao.nn.quantized.functional: operations on quantized tensors with the weights as arguments, packed for the engine of the moment. A weight is packed
 * once as long as it, its bias and the engine stay the same.
 */
import { OctavoError } from '../../errors.js'
import * as activations from '../../autograd/quantized/activations.js'
import { quantizedBackend } from '../../autograd/quantized/engine.js'
import { expectPerTensor } from '../../autograd/quantized/operands.js'
import { conv, convPrepack, linear as product, linearPrepack, type ConvPackedParams, type PackedParams } from '../../autograd/quantized/products.js'
import { perAxis } from '../../autograd/ops/conv.js'
import { interpolate as resize } from '../../autograd/ops/resize.js'
import type { Tensor } from '../../autograd/tensor.js'
import * as pools from '../functional/pooling.js'
import { settings, type Settings } from '../settings.js'

export { clamp, hardsigmoid, hardtanh, threshold } from '../../autograd/quantized/activations.js'

/** The same function for quantized tensors only. */
const onCodes = <A extends unknown[]>(where: string, run: (input: Tensor, ...rest: A) => Tensor) => (input: Tensor, ...rest: A): Tensor => {
  expectPerTensor(where, input, 'quint8', 'qint8')
  return run(input, ...rest)
}

/** Pools of codes, with the input's scale and zero point. @throws DTYPE_MISMATCH for floats, SHAPE_MISMATCH, OPTION_INVALID */
export const avgPool2d = onCodes('avgPool2d', pools.avgPool2d)
export const avgPool3d = onCodes('avgPool3d', pools.avgPool3d)
export const adaptiveAvgPool2d = onCodes('adaptiveAvgPool2d', pools.adaptiveAvgPool2d)
export const adaptiveAvgPool3d = onCodes('adaptiveAvgPool3d', pools.adaptiveAvgPool3d)
export const maxPool1d = onCodes('maxPool1d', pools.maxPool1d)
export const maxPool2d = onCodes('maxPool2d', pools.maxPool2d)

/** Codes resampled, with the input's scale and zero point. @throws DTYPE_MISMATCH for floats, OP_UNSUPPORTED for other modes than nearest and bilinear */
export const interpolate = onCodes('interpolate', resize)

type Upsampled = Parameters<typeof resize>[1]
/** interpolate, by its older name. */
export const upsample = interpolate
/** interpolate with mode bilinear and aligned corners. @throws as interpolate */
export const upsampleBilinear = (input: Tensor, options: Pick<Upsampled, 'size' | 'scaleFactor'>): Tensor => interpolate(input, { ...options, mode: 'bilinear', alignCorners: true })
/** interpolate with mode nearest. @throws as interpolate */
export const upsampleNearest = (input: Tensor, options: Pick<Upsampled, 'size' | 'scaleFactor'>): Tensor => interpolate(input, { ...options, mode: 'nearest' })

type Size = number | readonly number[]
type Maybe = Tensor | null

export interface OutputOptions {
  /** Scale and zero point of the result; the input's unless given. */
  readonly scale?: number
  readonly zeroPoint?: number
}

export interface ConvOptions extends OutputOptions {
  readonly stride?: Size
  readonly padding?: Size
  readonly dilation?: Size
  readonly groups?: number
  /** Only zeros. */
  readonly paddingMode?: 'zeros'
}

interface Remembered<P> { readonly key: string; readonly packed: P }
const packs = new WeakMap<Tensor, Remembered<PackedParams | ConvPackedParams>>()
const stateOf = (t: Maybe): string => (t ? `${t.storage.id}.${t.storage.version}.${t.offset}` : '')

/** What `pack` makes of a weight, remembered with it. */
function packedOnce<P extends PackedParams>(weight: Tensor, bias: Maybe, settingsKey: string, pack: () => P): P {
  const key = `${quantizedBackend.engine}|${stateOf(weight)}|${stateOf(bias)}|${settingsKey}`
  const known = packs.get(weight)
  if (known?.key === key) return known.packed as P
  const packed = pack()
  packs.set(weight, { key, packed })
  return packed
}

type ConvRest = Settings<[stride: Size, padding: Size, dilation: Size, groups: number, paddingMode: 'zeros', scale: number, zeroPoint: number], ConvOptions>
const convolution = (axes: number) => (input: Tensor, weight: Tensor, bias: Maybe, ...rest: ConvRest): Tensor => {
  const where = `conv${axes}d`
  const { stride = 1, padding = 0, dilation = 1, groups = 1, paddingMode = 'zeros', scale = 1, zeroPoint = 0 } =
    settings<ConvOptions>(where, ['stride', 'padding', 'dilation', 'groups', 'paddingMode', 'scale', 'zeroPoint'], rest)
  if (paddingMode !== 'zeros') throw new OctavoError('OPTION_INVALID', `${where}: expected paddingMode zeros, got ${String(paddingMode)}.`, { paddingMode })
  const geometry = { stride: perAxis(stride, axes, 'stride'), padding: perAxis(padding, axes, 'padding'), dilation: perAxis(dilation, axes, 'dilation'), groups }
  return conv(input, packedOnce(weight, bias, JSON.stringify(geometry), () => convPrepack(weight, bias ?? undefined, geometry)), scale, zeroPoint)
}
/** Convolution of quint8 with a qint8 weight and a float32 bias; scale 1 and zero point 0 unless given. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH, OPTION_INVALID */
export const conv1d = convolution(1)
export const conv2d = convolution(2)
export const conv3d = convolution(3)

/** The parameters of a result: those given, or the input's. */
function outputOf(where: string, input: Tensor, { scale, zeroPoint }: OutputOptions): [scale: number, zeroPoint: number] {
  const own = expectPerTensor(where, input, 'quint8', 'qint8')
  return [scale ?? own.scale, zeroPoint ?? own.zeroPoint]
}

type OutputRest = Settings<[scale: number, zeroPoint: number], OutputOptions>
const OUTPUT = ['scale', 'zeroPoint'] as const

/** input [..., in] times a qint8 weight [out, in], plus a float32 bias. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function linear(input: Tensor, weight: Tensor, bias: Maybe = null, ...rest: OutputRest): Tensor {
  const [scale, zeroPoint] = outputOf('linear', input, settings<OutputOptions>('linear', OUTPUT, rest))
  return product(input, packedOnce(weight, bias, '', () => linearPrepack(weight, bias ?? undefined)), scale, zeroPoint)
}

/** x · min(max(x + 3, 0), 6) / 6 with these parameters. */
export const hardswish = (input: Tensor, scale: number, zeroPoint: number): Tensor => activations.hardswish(input, scale, zeroPoint)

/** input where it is positive, negativeSlope · input elsewhere. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export function leakyRelu(input: Tensor, ...rest: Settings<[negativeSlope: number, scale: number, zeroPoint: number], OutputOptions & { readonly negativeSlope?: number }>): Tensor {
  const { negativeSlope = 0.01, ...output } = settings<OutputOptions & { readonly negativeSlope?: number }>('leakyRelu', ['negativeSlope', ...OUTPUT], rest)
  return activations.leakyRelu(input, ...outputOf('leakyRelu', input, output), negativeSlope)
}

/** input where it is positive, alpha (eˣ − 1) elsewhere, with these parameters. */
export const elu = (input: Tensor, scale: number, zeroPoint: number, alpha = 1): Tensor => activations.elu(input, scale, zeroPoint, alpha)
/** max(0, x) + min(0, alpha (exp(x / alpha) − 1)), with these parameters. */
export const celu = (input: Tensor, scale: number, zeroPoint: number, alpha = 1): Tensor => activations.celu(input, scale, zeroPoint, alpha)
