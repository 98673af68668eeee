import { DTYPES, type DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'

const FLOATS: readonly DType[] = ['float32', 'float64', 'float16']
const INTEGERS: readonly DType[] = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64']
const NUMBERS: readonly DType[] = [...FLOATS, ...INTEGERS]

/** The dims that all of `shapes` broadcast to. @throws SHAPE_MISMATCH naming the two lengths that differ */
export function broadcastDims(view: NodeView, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((dims) => dims.length))
  return Array.from({ length: rank }, (_, axis) => {
    let length = 1
    for (const dims of shapes) {
      const d = dims[axis - rank + dims.length] ?? 1
      if (d === 1) continue
      if (length !== 1 && length !== d)
        view.fail('SHAPE_MISMATCH', `shapes ${shapes.map((s) => `[${s}]`).join(', ')} do not broadcast: axis ${axis} is ${length} in one and ${d} in another. Check the shapes it is given`)
      length = d
    }
    return length
  })
}

/** Checks that inputs 0…count−1 share one of these element types. */
function commonType(view: NodeView, allowed: readonly DType[], count: number): DType {
  const dtype = view.expectDType(0, ...allowed)
  for (let i = 1; i < count; i++) view.expectDType(i, dtype)
  return dtype
}

const allDims = (view: NodeView): (readonly number[])[] => view.node.inputs.map((_, i) => view.dims(i))

const exactly = (v: NodeView, count: number): void => {
  if (v.inputCount !== count) v.fail('GRAPH_INVALID', `expected ${count} inputs, got ${v.inputCount}`)
}

const unary = (...allowed: DType[]): InferRule => ({ infer: (v) => [v.make(commonType(v, allowed, 1), v.dims(0))] })

const binary = (allowed: readonly DType[], result?: DType): InferRule => ({
  infer(v) {
    exactly(v, 2)
    const dtype = commonType(v, allowed, 2)
    return [v.make(result ?? dtype, broadcastDims(v, allDims(v)))]
  },
})

const variadic = (...allowed: DType[]): InferRule => ({
  infer: (v) => [v.make(commonType(v, allowed, v.inputCount), broadcastDims(v, allDims(v)))],
})

const test: InferRule = {
  infer(v) {
    v.expectDType(0, ...FLOATS)
    return [v.make('bool', v.dims(0))]
  },
}

const same: InferRule = { infer: (v) => [v.input(0)], keepsBound: true }

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

const bitShift: InferRule = {
  infer(v) {
    const direction = v.string('direction')
    if (direction !== 'LEFT' && direction !== 'RIGHT') v.fail('ATTRIBUTE_UNSUPPORTED', `attribute "direction" must be LEFT or RIGHT, got "${direction}"`)
    return binary(INTEGERS).infer(v)
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

const clip: InferRule = {
  infer(v) {
    const dtype = v.expectDType(0, ...NUMBERS)
    for (const i of [1, 2]) {
      if (!v.has(i)) continue
      v.expectDType(i, dtype)
      if (v.dims(i).some((d) => d !== 1)) v.fail('SHAPE_MISMATCH', `input ${i} (${i === 1 ? 'min' : 'max'}): expected one element, got [${v.dims(i)}]`)
    }
    return [v.make(dtype, v.dims(0))]
  },
}

const where: InferRule = {
  infer(v) {
    exactly(v, 3)
    v.expectDType(0, 'bool')
    const { dtype } = v.input(1)
    v.expectDType(2, dtype)
    return [v.make(dtype, broadcastDims(v, allDims(v)))]
  },
}

const dropout: InferRule = {
  infer(v) {
    if (v.has(2) && v.constant(2)?.data[0] !== 0) v.fail('OP_UNSUPPORTED', 'input 2 (training_mode) must be the constant false: Octavo runs inference. Export the model in evaluation mode')
    return [v.input(0), v.make('bool', v.dims(0))]
  },
}

const rows = (ops: readonly string[], rule: InferRule): InferTable => Object.fromEntries(ops.map((op) => [op, rule]))

export const elementwise: InferTable = {
  ...rows(['Abs', 'Neg', 'Sign', 'Relu'], unary(...NUMBERS)),
  ...rows([
    'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Exp', 'Log', 'Erf', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Elu', 'Selu', 'HardSigmoid', 'HardSwish', 'Mish',
    'Softplus', 'Softsign', 'Swish', 'ThresholdedRelu', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh',
    'com.microsoft:Gelu', 'com.microsoft:QuickGelu',
  ], unary(...FLOATS)),
  Shrink: unary(...NUMBERS), Celu: celu, Gelu: gelu, Not: unary('bool'), BitwiseNot: unary(...INTEGERS),
  ...rows(['Add', 'Sub', 'Mul', 'Div'], binary(NUMBERS)),
  ...rows(['And', 'Or', 'Xor'], binary(['bool'])),
  ...rows(['BitwiseAnd', 'BitwiseOr', 'BitwiseXor'], binary(INTEGERS)),
  ...rows(['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'], binary(NUMBERS, 'bool')),
  Equal: binary([...NUMBERS, 'bool'], 'bool'),
  ...rows(['Max', 'Min'], variadic(...NUMBERS)),
  ...rows(['Sum', 'Mean'], variadic(...FLOATS)),
  ...rows(['IsInf', 'IsNaN'], test),
  Pow: pow, Mod: mod, BitShift: bitShift, PRelu: prelu, Clip: clip, Where: where, Identity: same, Dropout: dropout,
}
