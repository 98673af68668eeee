import { elementCount } from '../../dtype.js'
import type { Attribute, Node, TensorType } from '../graph.js'

/** Axis of channels-last that holds axis `axis` of channels-first, for values of rank `rank`. */
export const lastAxis = (axis: number, rank: number): number => (axis === 0 ? 0 : axis === 1 ? rank - 1 : axis - 1)
/** Axis of channels-first that holds axis `axis` of channels-last. */
export const firstAxis = (axis: number, rank: number): number => (axis === 0 ? 0 : axis === rank - 1 ? 1 : axis + 1)

/** What a rule may ask for while it rewrites one node from the order that the graph has (own) to the other one: from channels-first to channels-last, or back. */
export interface LayoutContext {
  readonly node: Node
  /** The other order. */
  readonly order: 'last' | 'first'
  typeOf(value: string): TensorType
  /** The other order's form of a value of rank `rank` (a value of lower rank is given leading axes of 1 first; one element stays as it is). */
  other(value: string, rank: number): string
  /** The value as the graph has it. */
  own(value: string): string
  /** Where the other order holds an axis (counted from the front). */
  axis(axis: number, rank: number): number
  /** The contents of a constant operand as integers, or undefined. */
  ints(value: string | undefined): number[] | undefined
  /** A new int64 constant. */
  constant(values: readonly number[]): string
}

/** How one operator works in the other order. */
export interface LayoutRule {
  /** Its kernels read channels-last only. */
  readonly always?: boolean
  /** Inputs whose order decides for the node. */
  follows(node: Node): readonly number[]
  /** The node's inputs and changed attributes in the other order; undefined when this node cannot be rewritten. */
  rewrite(c: LayoutContext): { inputs: string[]; attributes?: Record<string, Attribute>; outputs?: 'own' } | undefined
}

export const onlyFirst = (): readonly number[] => [0]
const rest = (c: LayoutContext, from: number): string[] => c.node.inputs.slice(from).map((v) => (v ? c.own(v) : v))
export const rankOf = (c: LayoutContext, i = 0): number => c.typeOf(c.node.inputs[i]!).dims.length

/** Convolutions and pools: input 0 is the image, an attribute says the order. */
export const spatial = (always: boolean): LayoutRule => ({
  always,
  follows: onlyFirst,
  rewrite: (c) =>
    c.node.outputs[1] ? undefined : { inputs: [c.other(c.node.inputs[0]!, rankOf(c)), ...rest(c, 1)], attributes: { channels_last: +(c.order === 'last') } },
})

/** One image in, one out, element by element; other inputs hold one element. */
const unary: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => ({ inputs: [c.other(c.node.inputs[0]!, rankOf(c)), ...rest(c, 1)] }),
}

/** Inputs that broadcast against each other; `images` picks them, the others hold one element. */
export const broadcast = (images: (i: number) => boolean): LayoutRule => ({
  follows: (node) => node.inputs.flatMap((v, i) => (v && images(i) ? [i] : [])),
  rewrite: (c) => {
    const rank = Math.max(...c.node.inputs.map((v, i) => (v && images(i) ? rankOf(c, i) : 0)))
    return { inputs: c.node.inputs.map((v, i) => (!v ? v : images(i) ? c.other(v, rank) : c.own(v))) }
  },
})

/** An `axis` attribute that moves with the order; `images` picks the inputs that are images. */
export const alongAxis = (fallback: number, images: (i: number) => boolean): LayoutRule => ({
  follows: (node) => node.inputs.flatMap((v, i) => (v && images(i) ? [i] : [])),
  rewrite: (c) => {
    const at = c.node.inputs.findIndex((_, i) => images(i))
    const rank = rankOf(c, at)
    const axis = (c.node.attributes['axis'] as number | undefined) ?? fallback
    const inputs = c.node.inputs.map((v, i) => (!v ? v : images(i) ? c.other(v, rank) : c.own(v)))
    return { inputs, attributes: { axis: c.axis(axis < 0 ? axis + rank : axis, rank) } }
  },
})

/** Quantize and dequantize: `axis` matters only when the scale is a vector; blocked forms stay channels-first. */
export const quantize: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => (elementCount(c.typeOf(c.node.inputs[1]!).dims) === 1 ? unary.rewrite(c) : c.node.attributes['block_size'] ? undefined : alongAxis(1, (i) => i === 0).rewrite(c)),
}

/** Reductions whose axes are known: kept dims stay an image, dropping every spatial axis leaves N C, which has no order. */
const reduce: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => {
    const rank = rankOf(c)
    const given = c.ints(c.node.inputs[1])
    if (!given?.length) return undefined
    const axes = given.map((a) => (a < 0 ? a + rank : a))
    const kept = (c.node.attributes['keepdims'] as number | undefined) ?? 1
    const spatialOnly = axes.length === rank - 2 && axes.every((a) => a > 0 && a !== (c.order === 'last' ? 1 : rank - 1))
    if (!kept && !spatialOnly) return undefined
    return { inputs: [c.other(c.node.inputs[0]!, rank), c.constant(axes.map((a) => c.axis(a, rank)))], outputs: kept ? undefined : 'own' }
  },
}

/** A Transpose of the graph's own: it reads the channels-last form directly, and often moves nothing then. */
const transpose: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => {
    const rank = rankOf(c)
    const perm = (c.node.attributes['perm'] as readonly number[] | undefined) ?? Array.from({ length: rank }, (_, i) => rank - 1 - i)
    return { inputs: [c.other(c.node.inputs[0]!, rank)], attributes: { perm: perm.map((a) => c.axis(a, rank)) }, outputs: 'own' }
  },
}

/** Slice with its axes known. */
const slice: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => {
    const rank = rankOf(c)
    const starts = c.ints(c.node.inputs[1])
    const axes = c.node.inputs[3] ? c.ints(c.node.inputs[3]) : starts?.map((_, i) => i)
    if (!axes) return undefined
    const [, from, to, , steps] = c.node.inputs
    const moved = c.constant(axes.map((a) => c.axis(a < 0 ? a + rank : a, rank)))
    return { inputs: [c.other(c.node.inputs[0]!, rank), c.own(from!), c.own(to!), moved, ...(steps ? [c.own(steps)] : [])] }
  },
}

const each = (names: string, rule: LayoutRule): Record<string, LayoutRule> => Object.fromEntries(names.split(' ').map((name) => [name, rule]))

/** Operators that can work channels-last, by opKey; others are added with their rules. */
export const LAYOUT_RULES: Record<string, LayoutRule> = {
  ...each('Conv ConvTranspose QLinearConv ConvInteger com.microsoft:FusedConv', spatial(true)),
  ...each('MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool com.microsoft:QLinearAveragePool com.microsoft:QLinearGlobalAveragePool', spatial(false)),
  ...each('BatchNormalization InstanceNormalization LRN', spatial(false)),
  ...each('Identity Dropout Cast Clip Relu LeakyRelu Elu Celu Selu Gelu Sigmoid HardSigmoid HardSwish Swish Mish Softplus Softsign ThresholdedRelu Shrink Tanh Erf', unary),
  ...each('Abs Neg Ceil Floor Round Sign Sqrt Reciprocal Exp Log Sin Cos Not IsInf IsNaN', unary),
  ...each('com.microsoft:QLinearSigmoid com.microsoft:QLinearLeakyRelu octavo:Lookup', unary),
  ...each('Add Sub Mul Div Mod Pow Min Max Sum Mean PRelu Where And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual', broadcast(() => true)),
  ...each('com.microsoft:QLinearAdd com.microsoft:QLinearMul', broadcast((i) => i === 0 || i === 3)),
  ...each('Softmax LogSoftmax Hardmax', alongAxis(-1, (i) => i === 0)),
  Concat: alongAxis(0, () => true),
  'com.microsoft:QLinearConcat': alongAxis(0, (i) => i >= 2 && i % 3 === 2),
  Split: alongAxis(0, (i) => i === 0),
  ...each('QuantizeLinear DequantizeLinear', quantize),
  ...each('ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare', reduce),
  Transpose: transpose,
  Slice: slice,
}
