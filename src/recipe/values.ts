import { DTYPES, arrayOf, type TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { Tensor } from '../value.js'
import { reject } from './check.js'
import { feedDims, type InputInfo } from './runner.js'
import type { ValuesInput } from './schema.js'

/** Numbers of one sample with their dims: [height, width, channels] for pictures. */
export interface Values {
  readonly data: ArrayLike<number>
  readonly dims: readonly number[]
}

/**
 * One input tensor from one sample: pad, offset, scale, mean and std in that order, each step rounded to float32, then the
 * layout. Pictures get a leading 1 for the batch. With `codes`, or where the model's input is an integer without
 * quantization, the values are the codes and are rounded and clamped; a quantized input gets its codes.
 *
 * @throws RECIPE_INVALID when mean or std do not fit the channels; INPUT_MISMATCH when they do not fit the model
 */
export function toTensor(values: Values, input: ValuesInput, info: InputInfo): Tensor {
  const reals = normalize(padded(values, input.padTo), input)
  const [h, w, c] = values.dims as [number, number, number]
  const picture = input.layout && values.dims.length === 3
  const data = picture && input.layout === 'NCHW' ? channelsFirst(reals, h * w, c) : reals
  const natural = picture ? (input.layout === 'NCHW' ? [1, c, h, w] : [1, h, w, c]) : [1, ...(data.length === values.data.length ? values.dims : [data.length])]
  return new Tensor(info.dtype, encode(data, input, info), feedDims(info, natural))
}

/** The windows of a sample, `length` long and `step` apart, that fit whole. */
export function windowsOf(values: Values, { length, step }: NonNullable<ValuesInput['windows']>): Values[] {
  const all = Float32Array.from(values.data)
  if (all.length < length) reject('input.windows.length', `at most the ${all.length} values of a record`, length)
  return Array.from({ length: Math.floor((all.length - length) / step) + 1 }, (_, i) => ({ data: all.subarray(i * step, i * step + length), dims: [length] }))
}

function padded({ data, dims }: Values, length: number | undefined): Values {
  if (length === undefined || data.length === length) return { data, dims }
  if (data.length > length) reject('input.padTo', `at least the ${data.length} values of a record`, length)
  const longer = new Float32Array(length)
  longer.set(Float32Array.from(data))
  return { data: longer, dims: [length] }
}

function normalize({ data, dims }: Values, { offset = 0, scale = 1, mean, std }: ValuesInput): Float32Array {
  const channels = dims.at(-1) ?? 1
  const means = perChannel('mean', mean ?? [0], channels)
  const stds = perChannel('std', std ?? [1], channels)
  const factor = Math.fround(scale)
  const out = new Float32Array(data.length)
  for (let i = 0; i < out.length; i++) {
    const c = i % channels
    const scaled = Math.fround(Math.fround(data[i]! + offset) * factor)
    out[i] = Math.fround(scaled - means[c]!) / stds[c]!
  }
  return out
}

function perChannel(field: string, values: readonly number[], channels: number): Float32Array {
  if (values.length !== 1 && values.length !== channels) reject(`input.${field}`, `one number, or ${channels}, one for each channel`, values)
  return Float32Array.from({ length: values.length === 1 ? channels : values.length }, (_, c) => values[values.length === 1 ? 0 : c]!)
}

function channelsFirst(data: Float32Array, pixels: number, channels: number): Float32Array {
  const out = new Float32Array(data.length)
  for (let p = 0; p < pixels; p++) for (let c = 0; c < channels; c++) out[c * pixels + p] = data[p * channels + c]!
  return out
}

function encode(data: Float32Array, input: ValuesInput, info: InputInfo): TypedArray {
  if (info.dtype === 'float32') return data
  const { min, max, integer } = DTYPES[info.dtype]
  if (!integer || info.dtype === 'int64' || info.dtype === 'uint64' || info.dtype === 'bool')
    throw new OctavoError('INPUT_MISMATCH', `Input "${info.name}": the recipe gives numbers, the model wants ${info.dtype}. Recipes feed float32 and integers of up to 32 bits.`, { input: info.name, dtype: info.dtype })
  const { scale, zeroPoint } = input.codes || !info.quantization ? { scale: 1, zeroPoint: 0 } : info.quantization
  const out = arrayOf(info.dtype, data.length)
  for (let i = 0; i < data.length; i++) out[i] = Math.min(max, Math.max(min, roundHalfEven(data[i]! / scale) + zeroPoint)) as never
  return out
}

/** To the nearest whole number, halves to the even one. */
function roundHalfEven(x: number): number {
  const r = Math.round(x)
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r
}
