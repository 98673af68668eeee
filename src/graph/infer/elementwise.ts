import type { DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'

export const FLOATS: readonly DType[] = ['float32', 'float64', 'float16']
export const INTEGERS: readonly DType[] = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64']
export const NUMBERS: readonly DType[] = [...FLOATS, ...INTEGERS]

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
export function commonType(view: NodeView, allowed: readonly DType[], count: number): DType {
  const dtype = view.expectDType(0, ...allowed)
  for (let i = 1; i < count; i++) view.expectDType(i, dtype)
  return dtype
}

export const allDims = (view: NodeView): (readonly number[])[] => view.node.inputs.map((_, i) => view.dims(i))

export const exactly = (v: NodeView, count: number): void => {
  if (v.inputCount !== count) v.fail('GRAPH_INVALID', `expected ${count} inputs, got ${v.inputCount}`)
}

export const unary = (...allowed: DType[]): InferRule => ({ infer: (v) => [v.make(commonType(v, allowed, 1), v.dims(0))] })

export const binary = (allowed: readonly DType[], result?: DType): InferRule => ({
  infer(v) {
    exactly(v, 2)
    const dtype = commonType(v, allowed, 2)
    return [v.make(result ?? dtype, broadcastDims(v, allDims(v)))]
  },
})

export const variadic = (...allowed: DType[]): InferRule => ({
  infer: (v) => [v.make(commonType(v, allowed, v.inputCount), broadcastDims(v, allDims(v)))],
})

const same: InferRule = { infer: (v) => [v.input(0)], keepsBound: true }

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

const dropout: InferRule = {
  infer(v) {
    if (v.has(2) && v.constant(2)?.data[0] !== 0) v.fail('OP_UNSUPPORTED', 'input 2 (training_mode) must be the constant false: Octavo runs inference. Export the model in evaluation mode')
    return [v.input(0), v.make('bool', v.dims(0))]
  },
}

export const rows = (ops: readonly string[], rule: InferRule): InferTable => Object.fromEntries(ops.map((op) => [op, rule]))

export const elementwise: InferTable = {
  ...rows(['Abs', 'Neg', 'Sign', 'Relu'], unary(...NUMBERS)),
  ...rows([
    'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Exp', 'Log', 'Erf', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Elu', 'Selu', 'HardSigmoid', 'HardSwish', 'Mish',
    'Softplus', 'Softsign', 'Swish', 'ThresholdedRelu', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh',
  ], unary(...FLOATS)),
  ...rows(['Add', 'Sub', 'Mul', 'Div'], binary(NUMBERS)),
  ...rows(['Max', 'Min'], variadic(...NUMBERS)),
  Sum: variadic(...FLOATS), Clip: clip, Identity: same, Dropout: dropout,
}
