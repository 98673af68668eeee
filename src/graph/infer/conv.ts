import type { NodeView } from '../node-view.js'
import { qconvShape } from './qmatrix.js'
import type { InferRule, InferTable } from './rule.js'
import { arrange } from './spatial.js'

/** Convolutions of float images. Source: onnx Conv-22. */

export function checkBias(view: NodeView, channels: number): void {
  if (!view.has(2)) return
  view.expectDType(2, view.input(0).dtype)
  const dims = view.expectRank(2, 1)
  if (dims[0] !== channels) view.fail('SHAPE_MISMATCH', `input 2 (B): expected [${channels}], got [${dims}]`)
}

export const sameFloat = (view: NodeView): 'float32' | 'float16' | 'float64' => {
  const dtype = view.expectDType(0, 'float32', 'float16', 'float64') as 'float32'
  view.expectDType(1, dtype)
  return dtype
}

export const convRule: InferRule = {
  infer(view) {
    const dtype = sameFloat(view)
    const { layout, window, groups, n } = qconvShape(view, 0, 1)
    checkBias(view, groups * n)
    return [view.make(dtype, arrange(layout, layout.batch, groups * n, window.output))]
  },
}

export const conv: InferTable = {
  Conv: convRule,
}
