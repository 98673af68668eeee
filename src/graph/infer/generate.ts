import { dtypeOfCode, elementCount } from '../../dtype.js'
import { numberAt, Tensor } from '../../value.js'
import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import { folded, int64 } from './gather.js'
import { ARITHMETIC } from './indexing.js'
import type { InferTable } from './rule.js'

function constant(view: NodeView): readonly Tensor[] {
  const value = view.attribute('value')
  if (value instanceof Tensor) return [value]
  if (view.attribute('value_int') !== undefined) return [int64([view.int('value_int')], [])]
  if (view.attribute('value_ints') !== undefined) return [int64(view.intList('value_ints'))]
  if (view.attribute('value_float') !== undefined) return [new Tensor('float32', [view.float('value_float')], [])]
  if (view.attribute('value_floats') !== undefined) return [new Tensor('float32', view.floatList('value_floats'))]
  return view.fail('ATTRIBUTE_UNSUPPORTED', 'expected one of the attributes value, value_int, value_ints, value_float, value_floats')
}

/** ConstantOfShape's value: one element, float32 zero by default. @throws ATTRIBUTE_UNSUPPORTED */
export function fillOf(view: NodeView): Tensor {
  const value = view.attribute('value') ?? new Tensor('float32', [0])
  return value instanceof Tensor && value.size === 1 ? value : view.fail('ATTRIBUTE_UNSUPPORTED', 'attribute "value" must be a tensor of one element')
}

function eyeLike(view: NodeView): TensorType[] {
  const code = view.int('dtype', 0)
  const dtype = code ? dtypeOfCode(code) ?? view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "dtype" is ${code}, a type that Octavo does not hold`) : view.input(0).dtype
  return [view.make(dtype, view.expectRank(0, 2))]
}

/** max(0, ⌈(limit − start) / delta⌉) elements, counted in doubles. */
function range(view: NodeView): TensorType[] {
  const dtype = view.expectDType(0, ...ARITHMETIC)
  const [start, limit, delta] = ['start', 'limit', 'delta'].map((name, i) => {
    view.expectDType(i, dtype)
    const value = view.required(i, name)
    return value.size === 1 ? numberAt(value, 0) : view.fail('SHAPE_MISMATCH', `input ${i} (${name}): expected one element, got dims [${value.dims}]`)
  }) as [number, number, number]
  const count = Math.ceil((limit - start) / delta)
  if (!Number.isFinite(count)) view.fail('SHAPE_MISMATCH', `from ${start} to ${limit} in steps of ${delta} is not a finite number of elements`)
  return [view.make(dtype, [Math.max(0, count)])]
}

export const generate: InferTable = {
  Size: folded((view) => [int64([elementCount(view.dims(0))], [])]),
  Constant: folded(constant),
  ConstantOfShape: { infer: (view) => [view.make(fillOf(view).dtype, view.ints(0, 'shape'))], shapeInputs: [0] },
  EyeLike: { infer: eyeLike },
  Range: { infer: range, shapeInputs: [0, 1, 2] },
}
