import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'
import { scalarQParams } from './scalar-qparams.js'
import { arrange, layoutOf, windowOf, type Layout } from './spatial.js'

/** The layout of a pool's input, which must have one to three spatial axes (any number where the pool is global). */
function pooled(view: NodeView, most = 3): Layout {
  const dims = view.dims(0)
  if (dims.length < 3 || dims.length > 2 + most)
    view.fail('SHAPE_MISMATCH', `input 0 must have a batch, a channel and 1 to ${most} spatial axes, got [${dims}]`)
  return layoutOf(view, dims)
}

export function windowed(view: NodeView): readonly number[] {
  const layout = pooled(view)
  return arrange(layout, layout.batch, layout.channels, windowOf(view, layout.spatial, view.intList('kernel_shape')).output)
}

export function whole(view: NodeView): readonly number[] {
  const layout = pooled(view, 6)
  return arrange(layout, layout.batch, layout.channels, layout.spatial.map(() => 1))
}

const maxPool: InferRule = {
  infer(view) {
    const dtype = view.expectDType(0, 'float32', 'float64', 'uint8', 'int8')
    const dims = windowed(view)
    const types: TensorType[] = [view.make(dtype, dims)]
    if (view.wants(1)) types.push(view.make('int64', dims))
    return types
  },
}

export const floatPool = (dims: (view: NodeView) => readonly number[]): InferRule => ({
  infer(view) {
    return [view.make(view.expectDType(0, 'float32', 'float64'), dims(view))]
  },
})

const codePool = (dims: (view: NodeView) => readonly number[]): InferRule => ({
  infer(view) {
    const dtype = view.expectDType(0, 'uint8', 'int8')
    scalarQParams(view, 1, 2, dtype)
    scalarQParams(view, 3, 4, dtype)
    return [view.make(dtype, dims(view))]
  },
})

export const pool: InferTable = {
  MaxPool: maxPool,
  AveragePool: floatPool(windowed),
  GlobalAveragePool: floatPool(whole),
  GlobalMaxPool: floatPool(whole),
  'com.microsoft:QLinearAveragePool': codePool(windowed),
  'com.microsoft:QLinearGlobalAveragePool': codePool(whole),
}
