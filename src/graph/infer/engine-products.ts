import { elementCount, type DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import { transposeShape } from './conv-transpose.js'
import { CODES, dimsOf, expectZero, qconvShape } from './qmatrix.js'
import type { InferRule, InferTable } from './rule.js'
import { arrange } from './spatial.js'

/**
 * Products of quantized tensors as PyTorch's engines compute them, in the domain `octavo`: operands in the order of ONNX's
 * QLinear operators, but scales are float64 (PyTorch's are doubles) and the bias is float32. Attributes: `arithmetic`
 * (fbgemm, onednn, qnnpack or xnnpack), `relu`, and those of the ONNX operator of the same name.
 */

const ENGINES = ['fbgemm', 'onednn', 'qnnpack', 'xnnpack']

/** Scales of input `i`: known, finite, positive. */
export function expectScales(view: NodeView, i: number, ...counts: number[]): void {
  view.expectDType(i, 'float64')
  const scales = view.required(i, 'scale')
  if (!counts.includes(scales.size)) view.fail('SHAPE_MISMATCH', `input ${i} (scale): expected ${[...new Set(counts)].join(' or ')} elements, got [${scales.dims}]`)
  if (!(scales.data as Float64Array).every((s) => s > 0 && s < Infinity)) view.fail('QPARAMS_INVALID', `input ${i} (scale): expected finite positive numbers. Calibrate again`)
}

/** Checks the attribute `arithmetic`. */
export function expectArithmetic(view: NodeView): void {
  const arithmetic = view.string('arithmetic')
  if (!ENGINES.includes(arithmetic)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "arithmetic" must be one of ${ENGINES.join(', ')}, got "${arithmetic}"`)
}

/** Checks `arithmetic`, the parameters of all three tensors at their usual places and the bias; the result's element type. */
function checked(view: NodeView, filters: number, bias: number): DType {
  expectArithmetic(view)
  for (const i of [0, 3]) view.expectDType(i, ...CODES)
  for (const i of [1, 6]) expectScales(view, i, 1)
  expectScales(view, 4, 1, filters)
  expectZero(view, 2, 0, 1)
  expectZero(view, 5, 3, 1, filters)
  const dtype = view.expectDType(7, ...CODES)
  view.required(7, 'zero point')
  checkBias(view, bias, filters)
  return dtype
}

/** Checks the float32 bias at input `i`, where there is one. */
export function checkBias(view: NodeView, i: number, filters: number): void {
  if (!view.has(i)) return
  view.expectDType(i, 'float32')
  if (view.required(i, 'bias').size !== filters) view.fail('SHAPE_MISMATCH', `input ${i} (bias): expected ${filters} elements, got [${view.dims(i)}]`)
}

const conv: InferRule = {
  infer(view) {
    const shape = qconvShape(view, 0, 3)
    return [view.make(checked(view, shape.groups * shape.n, 8), dimsOf(shape))]
  },
}

const convTranspose: InferRule = {
  infer(view) {
    const { layout, groups, n, output } = transposeShape(view, 3)
    return [view.make(checked(view, groups * n, 8), arrange(layout, layout.batch, groups * n, output))]
  },
}

/** x [..., K] times w [N, K]: rows, N and K. @throws SHAPE_MISMATCH, OP_UNSUPPORTED when nothing is summed */
export function linearShape(view: NodeView): { rows: number; n: number; k: number } {
  const [n, k] = view.expectRank(3, 2) as [number, number]
  const x = view.dims(0)
  if (x.length < 1 || x[x.length - 1] !== k) view.fail('SHAPE_MISMATCH', `input 0 [${x}] does not end in the ${k} features of the weight [${n}, ${k}]`)
  if (k === 0) view.fail('OP_UNSUPPORTED', `the weight [${n}, ${k}] has no features`)
  return { rows: elementCount(x) / k, n, k }
}

const linear: InferRule = {
  infer(view) {
    const { n } = linearShape(view)
    return [view.make(checked(view, n, 8), [...view.dims(0).slice(0, -1), n])]
  },
}

/** Codes and their parameters, computed in the same run, times w, in float32: x, x_scale, x_zero_point, w, w_scale, w_zero_point, B. */
const linearDynamic: InferRule = {
  infer(view) {
    const { n } = linearShape(view)
    view.expectDType(0, 'uint8')
    view.expectDType(1, 'float32')
    view.expectDType(3, ...CODES)
    expectZero(view, 2, 0, 1)
    expectScales(view, 4, 1, n)
    expectZero(view, 5, 3, 1, n)
    checkBias(view, 6, n)
    return [view.make('float32', [...view.dims(0).slice(0, -1), n])]
  },
}

/** float32 to uint8 by the tensor's own range: codes, scale, zero point. `reduce_range`: seven bits. */
const dynamicQuantize: InferRule = {
  infer(view) {
    view.expectDType(0, 'float32')
    return [view.make('uint8', view.dims(0)), view.make('float32', []), view.make('uint8', [])]
  },
}

export const engineProducts: InferTable = {
  'octavo:QLinearConv': conv,
  'octavo:QLinearConvTranspose': convTranspose,
  'octavo:QLinear': linear,
  'octavo:QLinearDynamic': linearDynamic,
  'octavo:DynamicQuantize': dynamicQuantize,
}
