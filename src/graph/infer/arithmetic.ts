import { DTYPES } from '../../dtype.js'
import { allDims, broadcastDims, commonType, exactly, FLOATS, NUMBERS, unary, variadic } from './elementwise.js'
import type { InferRule, InferTable } from './rule.js'

const celu: InferRule = {
  infer(v) {
    if (!(v.float('alpha', 1) > 0)) v.fail('ATTRIBUTE_UNSUPPORTED', `attribute "alpha" must be above 0, got ${v.float('alpha')}`)
    return [v.make(v.expectDType(0, ...FLOATS), v.dims(0))]
  },
}

/** The result has the base's type; the exponent's is its own. */
const pow: InferRule = {
  infer(v) {
    exactly(v, 2)
    v.expectDType(1, ...NUMBERS)
    return [v.make(v.expectDType(0, ...NUMBERS), broadcastDims(v, allDims(v)))]
  },
}

const mod: InferRule = {
  infer(v) {
    exactly(v, 2)
    const dtype = commonType(v, NUMBERS, 2)
    if (!DTYPES[dtype].integer && v.int('fmod', 0) !== 1) v.fail('ATTRIBUTE_UNSUPPORTED', `attribute "fmod" must be 1 for ${dtype}, as ONNX says`)
    return [v.make(dtype, broadcastDims(v, allDims(v)))]
  },
}

const prelu: InferRule = {
  infer(v) {
    exactly(v, 2)
    const dtype = commonType(v, NUMBERS, 2)
    const [x, slope] = [v.dims(0), v.dims(1)]
    const dims = broadcastDims(v, [x, slope])
    if (dims.length !== x.length || dims.some((d, i) => d !== x[i])) v.fail('SHAPE_MISMATCH', `input 1 (slope) [${slope}] does not broadcast to input 0 [${x}]`)
    return [v.make(dtype, dims)]
  },
}

const gelu: InferRule = {
  infer(v) {
    const form = v.string('approximate', 'none')
    if (form !== 'none' && form !== 'tanh') v.fail('ATTRIBUTE_UNSUPPORTED', `attribute "approximate" must be none or tanh, got "${form}"`)
    return [v.make(v.expectDType(0, ...FLOATS), v.dims(0))]
  },
}

export const arithmetic: InferTable = {
  Pow: pow, Mod: mod, PRelu: prelu, Celu: celu, Shrink: unary(...NUMBERS), Mean: variadic(...FLOATS),
  Gelu: gelu, 'com.microsoft:Gelu': unary(...FLOATS), 'com.microsoft:QuickGelu': unary(...FLOATS),
}
