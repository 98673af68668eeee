import { elementCount } from '../../dtype.js'
import { CODES, dimsOf, expectZero, perColumn, productShape, qconvShape } from './qmatrix.js'
import { EIGHT, perTensor } from './quantize.js'
import type { InferRule, InferTable } from './rule.js'

/** What dynamic quantization writes, and functions of codes. Sources: onnx ConvInteger-10, MatMulInteger-10, DynamicQuantizeLinear-11; ONNX Runtime's ContribOperators.md. */

const dynamicQuantizeLinear: InferRule = {
  infer(v) {
    v.expectDType(0, 'float32')
    return [v.make('uint8', v.dims(0)), v.make('float32', []), v.make('uint8', [])]
  },
}

const convInteger: InferRule = {
  infer(view) {
    for (const i of [0, 1]) view.expectDType(i, ...CODES)
    const shape = qconvShape(view, 0, 1)
    expectZero(view, 2, 0, 1)
    expectZero(view, 3, 1, 1, shape.groups * shape.n)
    return [view.make('int32', dimsOf(shape))]
  },
}

const matMulInteger: InferRule = {
  infer(view) {
    const { m, n, k, dims } = productShape(view, 0, 1)
    expectZero(view, 2, 0, 1, m, elementCount(view.dims(0)) / k)
    expectZero(view, 3, 1, ...perColumn(view, 1, n, k))
    return [view.make('int32', dims)]
  },
}

/** X, X_scale, X_zero_point, Y_scale, Y_zero_point; the result has the type of its zero point, or X's. */
const qlinearUnary: InferRule = {
  infer(v) {
    const dtype = v.expectDType(0, ...EIGHT)
    const result = v.has(4) ? v.expectDType(4, ...EIGHT) : dtype
    perTensor(v, 1, dtype)
    perTensor(v, 3, result)
    return [v.make(result, v.dims(0))]
  },
}

export const dynamic: InferTable = {
  DynamicQuantizeLinear: dynamicQuantizeLinear, ConvInteger: convInteger, MatMulInteger: matMulInteger,
  'com.microsoft:QLinearSigmoid': qlinearUnary, 'com.microsoft:QLinearLeakyRelu': qlinearUnary,
}
