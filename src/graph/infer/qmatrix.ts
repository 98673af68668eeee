import { elementCount, type DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import { matmulShape } from './matmul-shape.js'
import type { InferRule, InferTable } from './rule.js'
import { arrange, layoutOf, windowOf, type Layout, type Window } from './spatial.js'

/** Products of 8-bit matrices and convolutions of 8-bit images. Sources: onnx QLinearConv-10, QLinearMatMul-21; ONNX Runtime's ContribOperators.md. */

export const CODES: readonly DType[] = ['uint8', 'int8']

/** Checks that optional input `i` has `type` and one of these element counts. */
function expectCount(view: NodeView, i: number, what: string, type: DType, ...counts: number[]): void {
  if (!view.has(i)) return
  view.expectDType(i, type)
  const count = elementCount(view.dims(i))
  if (!counts.includes(count)) view.fail('SHAPE_MISMATCH', `input ${i} (${what}): expected ${[...new Set(counts)].join(' or ')} elements, got [${view.dims(i)}]`)
}

const expectScale = (view: NodeView, i: number, ...counts: number[]): void => expectCount(view, i, 'scale', 'float32', ...counts)

/** The zero point `i` of input `of`: same element type. */
export const expectZero = (view: NodeView, i: number, of: number, ...counts: number[]): void => expectCount(view, i, 'zero point', view.input(of).dtype, ...counts)

/** A convolution's geometry: input `x` under the node's layout, weights `w` in ONNX's order. */
export interface QConvShape {
  readonly layout: Layout
  readonly window: Window
  readonly groups: number
  /** input and output channels per group */
  readonly channels: number
  readonly n: number
}

/** @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED, OP_UNSUPPORTED for more than three spatial axes */
export function qconvShape(view: NodeView, x: number, w: number): QConvShape {
  const weights = view.dims(w)
  const rank = weights.length
  if (rank < 3 || view.dims(x).length !== rank) view.fail('SHAPE_MISMATCH', `inputs ${x} [${view.dims(x)}] and ${w} [${weights}] must have the same rank, 3 or more`)
  if (rank > 5) view.fail('OP_UNSUPPORTED', `it has ${rank - 2} spatial axes; at most 3 are supported`)
  const layout = layoutOf(view, view.dims(x))
  const groups = view.int('group', 1)
  const [filters, channels] = weights as [number, number]
  if (groups < 1 || filters % groups || channels * groups !== layout.channels || channels < 1)
    view.fail('SHAPE_MISMATCH', `weights [${weights}] in ${groups} groups do not fit ${layout.channels} input channels`)
  const kernel = view.intList('kernel_shape', weights.slice(2))
  if (kernel.some((k, i) => k !== weights[i + 2])) view.fail('SHAPE_MISMATCH', `attribute "kernel_shape" [${kernel}] does not fit weights [${weights}]`)
  return { layout, window: windowOf(view, layout.spatial, kernel), groups, channels, n: filters / groups }
}

export const dimsOf = (s: QConvShape): number[] => arrange(s.layout, s.layout.batch, s.groups * s.n, s.window.output)

const qlinearConv: InferRule = {
  infer(view) {
    for (const i of [0, 3]) view.expectDType(i, ...CODES)
    const shape = qconvShape(view, 0, 3)
    const filters = shape.groups * shape.n
    for (const i of [1, 6]) expectScale(view, i, 1)
    expectScale(view, 4, 1, filters)
    expectZero(view, 2, 0, 1)
    expectZero(view, 5, 3, 1, filters)
    expectCount(view, 8, 'bias', 'int32', filters)
    return [view.make(outputType(view, 7), dimsOf(shape))]
  },
}

/** A quantized output has the type of its zero point. */
function outputType(view: NodeView, zero: number): DType {
  const dtype = view.expectDType(zero, ...CODES)
  expectCount(view, zero, 'zero point', dtype, 1)
  return dtype
}

/** Parameters of b: one, one per column, or one per column of every matrix. */
export const perColumn = (view: NodeView, b: number, n: number, k: number): number[] => [1, n, elementCount(view.dims(b)) / k]

/** A product, refused when it would sum nothing. */
export function productShape(view: NodeView, a: number, b: number): ReturnType<typeof matmulShape> {
  for (const i of [a, b]) view.expectDType(i, ...CODES)
  const shape = matmulShape(view, a, b)
  if (shape.k === 0) view.fail('OP_UNSUPPORTED', `inputs ${a} [${view.dims(a)}] and ${b} [${view.dims(b)}] have no inner elements`)
  return shape
}

const qlinearMatMul: InferRule = {
  infer(view) {
    const { n, k, dims } = productShape(view, 0, 3)
    const scale = view.expectDType(1, 'float32', 'float16')
    for (const i of [1, 6]) expectCount(view, i, 'scale', scale, 1)
    expectCount(view, 4, 'scale', scale, ...perColumn(view, 3, n, k))
    expectZero(view, 2, 0, 1)
    expectZero(view, 5, 3, ...perColumn(view, 3, n, k))
    return [view.make(outputType(view, 7), dims)]
  },
}

/** A, B, a_scale, b_scale, a_zero_point, b_zero_point, bias. */
const matMulIntegerToFloat: InferRule = {
  infer(view) {
    const { n, k, dims } = productShape(view, 0, 1)
    expectScale(view, 2, 1)
    expectScale(view, 3, ...perColumn(view, 1, n, k))
    expectZero(view, 4, 0, 1)
    expectZero(view, 5, 1, ...perColumn(view, 1, n, k))
    expectCount(view, 6, 'bias', 'float32', n)
    return [view.make('float32', dims)]
  },
}

export interface QGemmShape {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly transA: boolean
  readonly transB: boolean
}

export function qgemmShape(view: NodeView): QGemmShape {
  const [a, b] = [view.expectRank(0, 2), view.expectRank(3, 2)] as unknown as [[number, number], [number, number]]
  const transA = view.int('transA', 0) !== 0
  const transB = view.int('transB', 0) !== 0
  const [m, k] = transA ? [a[1], a[0]] : a
  const [inner, n] = transB ? [b[1], b[0]] : b
  if (k !== inner) view.fail('SHAPE_MISMATCH', `inputs 0 [${a}] and 3 [${b}] cannot be multiplied with transA ${+transA} and transB ${+transB}`)
  if (k === 0) view.fail('OP_UNSUPPORTED', `inputs 0 [${a}] and 3 [${b}] have no inner elements`)
  return { m, n, k, transA, transB }
}

const qgemm: InferRule = {
  infer(view) {
    for (const i of [0, 3]) view.expectDType(i, ...CODES)
    const { m, n } = qgemmShape(view)
    expectScale(view, 1, 1)
    expectScale(view, 4, 1, n)
    expectZero(view, 2, 0, 1)
    expectZero(view, 5, 3, 1, n)
    if (view.has(6)) {
      view.expectDType(6, 'int32')
      const [rows, columns] = [1, 1, ...view.dims(6)].slice(-2)
      if (view.dims(6).length > 2 || ![1, m].includes(rows!) || ![1, n].includes(columns!)) view.fail('SHAPE_MISMATCH', `input 6 (C) [${view.dims(6)}] does not broadcast to [${m}, ${n}]`)
    }
    expectScale(view, 7, 1)
    if (view.has(7) !== view.has(8)) view.fail('GRAPH_INVALID', 'inputs 7 (y_scale) and 8 (y_zero_point) must be given together. Re-export the model')
    return [view.make(view.has(8) ? outputType(view, 8) : 'float32', [m, n])]
  },
}

export const qmatrix: InferTable = {
  QLinearConv: qlinearConv,
  QLinearMatMul: qlinearMatMul,
  'com.microsoft:MatMulIntegerToFloat': matMulIntegerToFloat,
  'com.microsoft:QGemm': qgemm,
}
