import type { Attribute } from '../../graph/graph.js'
import { OctavoError } from '../../errors.js'
import { Tensor } from '../../value.js'
import { form } from './forms.js'
import { ATTRIBUTE, type AttributeProto } from './schema.js'
import { tensorOf, type TensorSource } from './tensor.js'

/** The value of an attribute that is not a graph. @throws ATTRIBUTE_UNSUPPORTED (lists of tensors or graphs, types), and as tensorOf */
export function attributeOf(proto: AttributeProto, where: string, source: TensorSource): Attribute {
  switch (proto.type || typeByContent(proto)) {
    case ATTRIBUTE.float: return proto.f ?? 0
    case ATTRIBUTE.int: return proto.i ?? 0
    case ATTRIBUTE.string: return proto.s ?? ''
    case ATTRIBUTE.tensor: return tensorOf(proto.t ?? {}, where, source)
    case ATTRIBUTE.floats: return Array.from(proto.floats ?? [])
    case ATTRIBUTE.ints: return proto.ints ?? []
    case ATTRIBUTE.strings: return proto.strings ?? []
    case ATTRIBUTE.sparse: return form('denseOf', where)(proto.sparse ?? {}, where, source)
    default:
      throw new OctavoError('ATTRIBUTE_UNSUPPORTED', `${where}: expected a number, string, tensor, graph or list of numbers or strings, got attribute type ${proto.type}.`, { where, type: proto.type })
  }
}

/** Writers before IR version 2 left the type out. */
function typeByContent(proto: AttributeProto): number | undefined {
  const { f, i, s, t, floats, ints, strings, sparse } = proto
  const kind = Object.entries({ float: f, int: i, string: s, tensor: t, floats, ints, strings, sparse }).find(([, value]) => value !== undefined)
  return kind && ATTRIBUTE[kind[0] as keyof typeof ATTRIBUTE]
}

/** What a Constant node holds. @throws DTYPE_UNSUPPORTED (strings), ATTRIBUTE_UNSUPPORTED (no value) */
export function constantOf(attributes: Readonly<Record<string, Attribute>>, where: string): Tensor {
  const tensor = attributes['value'] ?? attributes['sparse_value']
  if (tensor instanceof Tensor) return tensor
  for (const [name, dtype] of [['value_float', 'float32'], ['value_floats', 'float32'], ['value_int', 'int64'], ['value_ints', 'int64']] as const) {
    const value = attributes[name]
    const fits = dtype === 'int64' ? Number.isInteger : (v: unknown) => typeof v === 'number'
    if (fits(value)) return new Tensor(dtype, [value as number], [])
    if (Array.isArray(value) && value.every(fits)) return new Tensor(dtype, value)
  }
  const strings = 'value_string' in attributes || 'value_strings' in attributes
  if (strings) throw new OctavoError('DTYPE_UNSUPPORTED', `${where}: strings are not supported as values.`, { where })
  throw new OctavoError('ATTRIBUTE_UNSUPPORTED', `${where}: expected one attribute that begins with "value", got ${Object.keys(attributes).join(', ') || 'none'}.`, { where })
}
