import { elementCount } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'
import { scalarQParams } from './scalar-qparams.js'
import { layoutOf } from './spatial.js'
import { withoutAxes } from './reduce.js'

const same = (check?: (view: NodeView) => void): InferRule => ({
  infer(view) {
    view.expectDType(0, 'float32')
    check?.(view)
    return [view.make('float32', view.dims(0))]
  },
})

/** Checks that input `i`, where it is given, is a float32 vector of one of these lengths. */
function vector(view: NodeView, i: number, ...lengths: number[]): void {
  view.expectDType(i, 'float32')
  const [length] = view.expectRank(i, 1)
  if (!lengths.includes(length!)) view.fail('SHAPE_MISMATCH', `input ${i}: expected ${lengths.join(' or ')} elements, one for each channel, got ${length}`)
}

function images(view: NodeView, least: number): number {
  if (view.dims(0).length < least) view.fail('SHAPE_MISMATCH', `input 0 must have at least ${least} axes, got [${view.dims(0)}]`)
  return layoutOf(view, view.dims(0)).channels
}

const batch = (view: NodeView): void => {
  if (view.int('training_mode', 0) || view.wants(1)) view.fail('OP_UNSUPPORTED', 'training mode is not run by an inference session. Export the model in evaluation mode')
  const channels = images(view, 2)
  for (const i of [1, 2, 3, 4]) vector(view, i, channels)
}

const instance = (view: NodeView): void => {
  const channels = images(view, 3)
  for (const i of [1, 2]) vector(view, i, channels)
}

/** Scale and bias are one per channel; one per group in models of opset 18. */
const grouped = (view: NodeView): void => {
  const [, channels] = view.dims(0)
  if (view.dims(0).length < 3) view.fail('SHAPE_MISMATCH', `input 0 must have a batch, a channel and spatial axes, got [${view.dims(0)}]`)
  const groups = view.int('num_groups')
  if (groups < 1 || channels! % groups !== 0) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "num_groups" must divide ${channels} channels, got ${groups}`)
  for (const i of [1, 2]) vector(view, i, channels!, groups)
  if (view.dims(1)[0] !== view.dims(2)[0]) view.fail('SHAPE_MISMATCH', `scale has ${view.dims(1)[0]} elements and bias ${view.dims(2)[0]}`)
}

/** First normalised axis of LayerNormalization and RMSNormalization. */
export const firstAxis = (view: NodeView): number => view.axis(view.int('axis', -1), view.dims(0).length)

const layer: InferRule = {
  infer(view) {
    view.expectDType(0, 'float32')
    const dims = view.dims(0)
    const axis = firstAxis(view)
    const size = elementCount(dims.slice(axis))
    for (const i of [1, 2])
      if (view.has(i)) {
        view.expectDType(i, 'float32')
        if (elementCount(view.dims(i)) !== size) view.fail('SHAPE_MISMATCH', `input ${i}: expected ${size} elements, as many as the axes from ${axis} on have, got [${view.dims(i)}]`)
      }
    const statistics = view.make('float32', withoutAxes(dims, dims.map((_, i) => i).slice(axis), true))
    return [view.make('float32', dims), ...(view.wants(1) || view.wants(2) ? [statistics, statistics] : [])]
  },
}

/** Axes of MeanVarianceNormalization. */
export const momentAxes = (view: NodeView): readonly number[] => view.intList('axes', [0, 2, 3]).map((a) => view.axis(a, view.dims(0).length))

const lp = (view: NodeView): void => {
  view.axis(view.int('axis', -1), view.dims(0).length)
  const p = view.int('p', 2)
  if (p !== 1 && p !== 2) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "p" must be 1 or 2, got ${p}`)
}

const lrn = (view: NodeView): void => {
  images(view, 3)
  const size = view.int('size')
  if (size < 1 || size >= 2 ** 31) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "size" must be at least 1, got ${size}`)
}

/** The axis of Softmax, LogSoftmax and Hardmax. */
export const softmaxAxis = (view: NodeView): number => view.axis(view.int('axis', -1), view.dims(0).length)

/** QLinearSoftmax carries the opset whose Softmax it stands for; before 13 it flattens all axes from `axis` (1) on. */
export function qlinearSoftmaxAxes(view: NodeView): readonly number[] {
  const rank = view.dims(0).length
  const flat = view.int('opset') < 13
  const axis = view.axis(view.int('axis', flat ? 1 : -1), rank)
  return flat ? view.dims(0).map((_, i) => i).slice(axis) : [axis]
}

const qlinearSoftmax: InferRule = {
  infer(view) {
    const dtype = view.expectDType(0, 'uint8', 'int8')
    scalarQParams(view, 1, 2, dtype)
    scalarQParams(view, 3, 4, dtype)
    qlinearSoftmaxAxes(view)
    return [view.make(dtype, view.dims(0))]
  },
}

export const normalize: InferTable = {
  BatchNormalization: same(batch),
  InstanceNormalization: same(instance),
  GroupNormalization: same(grouped),
  LayerNormalization: layer,
  RMSNormalization: layer,
  MeanVarianceNormalization: same(momentAxes),
  LpNormalization: same(lp),
  LRN: same(lrn),
  Softmax: same(softmaxAxis),
  LogSoftmax: same(softmaxAxis),
  Hardmax: same(softmaxAxis),
  'com.microsoft:QLinearSoftmax': qlinearSoftmax,
}
