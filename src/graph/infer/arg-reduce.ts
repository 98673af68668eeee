import type { DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import { withoutAxes } from './reduce.js'
import type { InferRule, InferTable } from './rule.js'

const INDEXED: DType[] = ['float32', 'float64', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'uint32', 'int64']

/** The axis of ArgMax and ArgMin. */
export const argAxis = (view: NodeView): number => view.axis(view.int('axis', 0), view.dims(0).length)

const arg: InferRule = {
  infer(view) {
    view.expectDType(0, ...INDEXED)
    const axis = argAxis(view)
    const dims = view.dims(0)
    const result = view.make('int64', withoutAxes(dims, [axis], view.int('keepdims', 1) === 1))
    if (dims[axis] === 0 && !result.dims.includes(0)) view.fail('SHAPE_MISMATCH', `axis ${axis} of [${dims}] is empty: no element has a place. Check the shapes it is given`)
    return [result]
  },
}

export const argReduce: InferTable = { ArgMax: arg, ArgMin: arg }
