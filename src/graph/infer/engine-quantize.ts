import { elementCount, type DType } from '../../dtype.js'
import type { InferRule, InferTable } from './rule.js'

const TYPES: readonly DType[] = ['uint8', 'int8', 'int32']

/** x, scale (float32), zero point, whose type the codes have: one of each, or one per index of `axis`. PyTorch's rounding: assembly/quantize/reciprocal.ts. */
const quantize: InferRule = {
  infer(view) {
    view.expectDType(0, 'float32')
    view.expectDType(1, 'float32')
    const dtype = view.expectDType(2, ...TYPES)
    const x = view.dims(0)
    const count = elementCount(view.dims(1))
    if (elementCount(view.dims(2)) !== count) view.fail('SHAPE_MISMATCH', `inputs 1 (scale) [${view.dims(1)}] and 2 (zero point) [${view.dims(2)}] must have as many elements`)
    if (view.attribute('axis') === undefined ? count !== 1 : count !== x[view.axis(view.int('axis'), x.length)])
      view.fail('SHAPE_MISMATCH', `input 1 (scale): expected one element per index of the axis of [${x}] (one without axis), got ${count}`)
    return [view.make(dtype, x)]
  },
}

export const engineQuantize: InferTable = { 'octavo:QuantizeLinear': quantize }
