import { OctavoError } from '../../errors.js'
import { rearrange as inferRearrange } from '../../graph/infer/rearrange.js'
import { rearrange as lowerRearrange } from '../../plan/lower/rearrange.js'
import { call, callAll, Op } from '../dispatch.js'
import type { MemoryFormat } from '../kind.js'
import type { Recipe, Result } from '../recipe.js'
import { axisOf, mismatch } from '../shape.js'
import { recording } from '../recorder.js'
import { promoteTypes } from '../scalar-type.js'
import type { Tensor } from '../tensor-base.js'
import { cast } from './elementwise.js'
import { ruleSet } from './rule-set.js'

const REARRANGE = ruleSet(inferRearrange, lowerRearrange)

/** A tensor whose codes move keeps their meaning. Per-channel quantizers only stay where their axis does. */
function moved(r: Recipe, value: string, rest: Omit<Result, 'value'> = {}): Result {
  const { quantizer, kind } = r.operand(0)
  if (quantizer && quantizer.qscheme !== 'per_tensor_affine') throw new OctavoError('DTYPE_MISMATCH', 'a tensor quantized per channel cannot be rearranged. Dequantize first.')
  return { value, dtype: kind.dtype, quantizer, ...rest }
}

const movement = <A extends readonly (number | readonly number[])[]>(name: string, node: (r: Recipe, attributes: A) => string, rules?: Op['rules']): Op<A> =>
  new Op<A>(name, (r, attributes) => [moved(r, node(r, attributes))], rules, true)

const PERMUTE = movement<[dims: readonly number[]]>('permute', (r, [perm]) => r.node('Transpose', [r.x(0)], { perm }))
/** Output axis i is input axis dims[i]. A new tensor: nothing written into it reaches `x`. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  const rank = x.shape.length
  const perm = dims.map((d) => axisOf(d, rank, 'permute'))
  if (perm.length !== rank || new Set(perm).size !== rank) mismatch('permute', `an order of ${rank} axes`, dims)
  return rank ? call(PERMUTE, [x], [perm]) : x
}

/** Axes a and b change places. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  const rank = x.shape.length
  const [from, to] = [axisOf(a, rank, 'transpose'), axisOf(b, rank, 'transpose')]
  return permute(x, x.shape.map((_, i) => (i === from ? to : i === to ? from : i)))
}

const REFORMAT = new Op<[format: MemoryFormat]>('contiguous', (r, [format]) =>
  [moved(r, format === 'contiguous' ? r.x(0) : r.last(0), { format })], undefined, true)
/** The same values in another order of storage; `x` itself where it is in that order. */
export const inFormat = (x: Tensor, format: MemoryFormat): Tensor => (x.kind.format === format ? x : call(REFORMAT, [x], [format]))

const CAT = new Op<[axis: number]>('cat', (r, [axis]) => {
  const all = r.operands.map((_, i) => i)
  const dtype = all.map((i) => r.dtype(i)).reduce(promoteTypes)
  const rank = r.shape(0).length
  const format = all.every((i) => r.isLast(i)) ? r.operand(0).kind.format : 'contiguous'
  const at = format === 'contiguous' ? axis : axis === 0 ? 0 : axis === 1 ? rank - 1 : axis - 1
  const values = all.map((i) => (format === 'contiguous' ? r.x(i) : r.stored(i))).map((v, i) => (r.dtype(i) === dtype ? v : cast(r, v, dtype)))
  return [{ value: r.node('Concat', values, { axis: at }), dtype, format }]
})
/** Tensors one after another along `dim`; they agree in every other axis. Empty vectors are passed over, as in PyTorch. @throws SHAPE_MISMATCH, INPUT_MISSING */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  if (!tensors.length) throw new OctavoError('INPUT_MISSING', 'cat: expected at least one tensor, got none.')
  const full = tensors.filter((t) => t.shape.length !== 1 || t.shape[0] !== 0)
  if (!full.length) return tensors[0]!
  return call(CAT, full, [axisOf(dim, full[0]!.shape.length, 'cat')])
}

export const reshape = (x: Tensor, shape: readonly number[]): Tensor => x.reshape(shape)
export const flatten = (x: Tensor, start = 0, end = -1): Tensor => x.flatten(start, end)
export const squeeze = (x: Tensor, dim?: number): Tensor => x.squeeze(dim)
export const unsqueeze = (x: Tensor, dim: number): Tensor => x.unsqueeze(dim)

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = tensors
  if (!first) throw new OctavoError('INPUT_MISSING', 'stack: expected at least one tensor, got none.')
  const axis = axisOf(dim, first.shape.length + 1, 'stack')
  for (const t of tensors) if (`${t.shape}` !== `${first.shape}`) mismatch('stack', `tensors of shape [${first.shape}]`, t.shape)
  return cat(tensors.map((t) => t.unsqueeze(axis)), axis)
}

const SLICE = movement<[axis: number, from: number, to: number, step: number]>('slice', (r, [axis, from, to, step]) =>
  r.node('Slice', [r.x(0), r.ints([from]), r.ints([to]), r.ints([axis]), r.ints([step])]))

/** x[…, start:end:step, …] along `dim`, with Python's meaning of negative and missing bounds. A view where rows are taken in order, else a new tensor. */
export function slice(x: Tensor, dim: number, start = 0, end = Infinity, step = 1): Tensor {
  const axis = axisOf(dim, x.shape.length, 'slice')
  const length = x.shape[axis]!
  const at = (v: number): number => Math.max(0, Math.min(length, v < 0 ? v + length : v))
  if (!(Number.isInteger(step) && step > 0)) mismatch('slice', 'a step above 0', step)
  const [from, to] = [at(start), Math.max(at(start), at(end))]
  if (from === 0 && to === length && step === 1) return x
  return axis === 0 && step === 1 ? x.rows(from, to - from) : call(SLICE, [x], [axis, from, to, step])
}

const EXPAND = movement<[shape: readonly number[]]>('expand', (r, [shape]) => r.node('Expand', [r.x(0), r.ints(shape)]), REARRANGE)
/** Axes of length 1 repeated to `shape`; −1 keeps a length. A new tensor. @throws SHAPE_MISMATCH */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  const lead = shape.length - x.shape.length
  const full = shape.map((d, i) => (d === -1 && i >= lead ? x.shape[i - lead]! : d))
  if (lead < 0 || x.shape.some((d, i) => d !== 1 && d !== full[i + lead])) mismatch('expand', `a shape that [${x.shape}] broadcasts to`, shape)
  return call(EXPAND, [x], [full])
}

const REPEAT = movement<[repeats: readonly number[]]>('repeat', (r, [repeats]) => {
  const shape = r.shape(0)
  return r.node('Tile', [r.x(0, r.isLast(0) ? undefined : [...Array<number>(repeats.length - shape.length).fill(1), ...shape]), r.ints(repeats)])
}, REARRANGE)
/** The tensor over and over along each axis. */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length < x.shape.length) mismatch('repeat', `at least ${x.shape.length} counts`, repeats)
  return call(REPEAT, [x], [repeats])
}

const FLIP = movement<[dims: readonly number[]]>('flip', (r, [dims]) =>
  r.node('Slice', [r.x(0), r.ints(dims.map(() => -1)), r.ints(dims.map(() => -(2 ** 31))), r.ints(dims), r.ints(dims.map(() => -1))]))
export const flip = (x: Tensor, dims: readonly number[]): Tensor => call(FLIP, [x], [dims.map((d) => axisOf(d, x.shape.length, 'flip'))])

const SPLIT = new Op<[axis: number, parts: readonly number[]]>('split', (r, [axis, parts]) =>
  r.outputs(parts.length, 'Split', [r.x(0), r.ints(parts)], { axis }).map((value) => moved(r, value)), undefined, true)
/** Parts along `dim`: of so many indices each (the last may be shorter), or of the lengths given. */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  const axis = axisOf(dim, x.shape.length, 'split')
  const length = x.shape[axis]!
  if (typeof size === 'number' && !(size > 0)) mismatch('split', 'a size above 0', size)
  const parts = typeof size === 'number' ? Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) => Math.min(size, length - i * size)) : size
  if (parts.reduce((a, b) => a + b, 0) !== length) mismatch('split', `lengths that add up to ${length}`, parts)
  return callAll(SPLIT, [x], [axis, parts])
}

/** `count` parts along `dim`, as equal as they can be with the last ones shorter. */
export const chunk = (x: Tensor, count: number, dim = 0): Tensor[] => split(x, Math.max(1, Math.ceil(x.shape[axisOf(dim, x.shape.length, 'chunk')]! / count)), dim)

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular'
const PAD_MODES: Readonly<Record<PadMode, string>> = { constant: 'constant', reflect: 'reflect', replicate: 'edge', circular: 'wrap' }

/** Adds a Pad node: pads as torch gives them, pairs from the last axis on. */
export function padNode(r: Recipe, x: string, rank: number, pads: readonly number[], mode: PadMode, fill: string): string {
  const axes = Array.from({ length: pads.length / 2 }, (_, i) => rank - 1 - i)
  const [begin, end] = [axes.map((_, i) => pads[2 * i]!), axes.map((_, i) => pads[2 * i + 1]!)]
  return r.node('Pad', [x, r.ints([...begin, ...end]), fill, r.ints(axes)], { mode: PAD_MODES[mode] })
}

const PAD = new Op<[pads: readonly number[], mode: PadMode, value: number]>('pad', (r, [pads, mode, value]) => {
  const host = r.dtype(0)
  const fill = mode === 'constant' ? r.scalar(host as 'float32', value) : ''
  return [moved(r, padNode(r, r.x(0), r.shape(0).length, pads, mode, fill))]
}, REARRANGE)
/** Pads pairs of (begin, end) from the last axis on; negative ones crop. @throws SHAPE_MISMATCH, OPTION_INVALID */
export function pad(x: Tensor, pads: readonly number[], mode: PadMode = 'constant', value = 0): Tensor {
  if (!Object.hasOwn(PAD_MODES, mode)) throw new OctavoError('OPTION_INVALID', `pad: mode must be ${Object.keys(PAD_MODES).join(', ')}, got ${String(mode)}.`, { mode })
  if (pads.length % 2 || pads.length > 2 * x.shape.length) mismatch('pad', `pairs for at most ${x.shape.length} axes`, pads)
  for (let i = 0; mode !== 'constant' && i < pads.length; i++) {
    const length = x.shape[x.shape.length - 1 - (i >> 1)]!
    const most = mode === 'reflect' ? length - 1 : mode === 'circular' ? length : Infinity
    if (pads[i]! > most) mismatch(`pad (${mode})`, `at most ${most} on an axis of length ${length}`, pads)
  }
  return call(PAD, [x], [pads, mode, value])
}

const INDEX = new Op<[axis: number]>('indexSelect', (r, [axis]) => {
  const ends = ['ReduceMin', 'ReduceMax'].map((op) => r.node(op, [r.x(1)], { keepdims: 0 }))
  return [moved(r, r.node('Gather', [r.x(0), r.x(1)], { axis })), ...ends]
}, undefined, true)
/** The indices (int32 or int64, any shape) of axis `dim`, in place of that axis. @throws INPUT_MISMATCH for one out of range */
export function take(x: Tensor, dim: number, index: Tensor): Tensor {
  const axis = axisOf(dim, x.shape.length, 'indexSelect')
  const [result, ...ends] = index.numel() ? callAll(INDEX, [x, index], [axis]) : [call(EMPTY_INDEX, [x, index], [axis])]
  const length = x.shape[axis]!
  for (const end of ends) {
    const at = recording(undefined, () => end.item())
    if (at < 0 || at >= length) throw new OctavoError('INPUT_MISMATCH', `index ${at} is out of range for an axis of ${length}.`, { index: at, length })
  }
  return result!
}
const EMPTY_INDEX = new Op<[axis: number]>('indexSelect', (r, [axis]) => [moved(r, r.node('Gather', [r.x(0), r.x(1)], { axis }))], undefined, true)
