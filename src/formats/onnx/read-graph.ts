import { DTYPES, type DType } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import type { Attribute, Graph, Node, ValueInfo } from '../../graph/graph.js'
import type { Tensor } from '../../value.js'
import { attributeOf, constantOf } from './attribute.js'
import { form } from './forms.js'
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OpsetProto, ValueProto } from './schema.js'
import { Names, Scope } from './scope.js'
import { DENSE_BYTES, dtypeOf, malformed, quote, tensorOf, type TensorSource } from './tensor.js'
import { FIRST_OPSET, NEWEST_OPSET, upgrade, type Additions } from './upgrade.js'
import { domainOf, graphsOf } from './walk.js'

export type Opsets = ReadonlyMap<string, number>

/** Where the nodes and constants of the graph being read go. */
export interface Sink { readonly nodes: Node[]; readonly constants: Map<string, Tensor> }

const functionKey = (f: { domain?: string; name?: string; overload?: string }): string => JSON.stringify([domainOf(f.domain), f.name, f.overload ?? ''])

/** Turns the protos of one model into a Graph: one instance per model. */
export class GraphReader {
  readonly values = new Names()
  readonly nodes = new Names()
  private readonly functions: ReadonlyMap<string, FunctionProto>
  readonly opsets: Opsets
  private readonly source: TensorSource
  /** Of all graphs: names are unique in the model. */
  private readonly constants = new Map<string, Tensor>()
  private float32?: boolean
  /** Nodes of functions so far. */
  inlined = 0

  constructor(private readonly model: ModelProto, external?: ReadonlyMap<string, Uint8Array>) {
    this.source = { external, denseBytesLeft: DENSE_BYTES }
    this.functions = new Map(model.functions?.map((f) => [functionKey(f), f]))
    this.opsets = opsetsOf(model.opsets, 'The model')
  }

  /** @throws GRAPH_INVALID, OP_UNSUPPORTED, ATTRIBUTE_UNSUPPORTED, DTYPE_UNSUPPORTED, and as tensorOf */
  read(proto: GraphProto): Graph {
    for (const name of writtenNames(proto)) this.values.reserve(name)
    return this.graph(proto, new Scope(null), true)
  }

  private graph(proto: GraphProto, scope: Scope, main: boolean): Graph {
    const sink: Sink = { nodes: [], constants: new Map() }
    this.initializers(proto, scope, sink)
    const inputs = (proto.inputs ?? []).filter((v) => !scope.has(v.name ?? '')).map((v) => {
      const info = valueOf(v, `input ${quote(v.name)}`, main)
      return { ...info, name: scope.declare(info.name, `input ${quote(v.name)}`) }
    })
    for (const node of proto.nodes ?? []) this.node(node, scope, this.opsets, sink, 0)
    const outputs = (proto.outputs ?? []).map((v) => {
      const info = valueOf(v, `output ${quote(v.name)}`, main)
      return { ...info, name: scope.resolve(info.name, `output ${quote(v.name)}`) }
    })
    if (!outputs.length) malformed(`Graph ${quote(proto.name)}`, 'it has no outputs', 'GRAPH_INVALID')
    return { name: proto.name ?? '', inputs, outputs, ...sink }
  }

  private initializers(proto: GraphProto, scope: Scope, sink: Sink): void {
    for (const tensor of proto.initializers ?? []) {
      const where = `initializer ${quote(tensor.name)}`
      this.constant(scope.declare(named(tensor.name, where), where), tensorOf(tensor, where, this.source), sink)
    }
    for (const sparse of proto.sparseInitializers ?? []) {
      const where = `sparse initializer ${quote(sparse.values?.name)}`
      this.constant(scope.declare(named(sparse.values?.name, where), where), form('denseOf', where)(sparse, where, this.source), sink)
    }
  }

  node(proto: NodeProto, scope: Scope, opsets: Opsets, sink: Sink, depth: number): void {
    const domain = domainOf(proto.domain)
    const op = proto.op ?? ''
    const where = `${op || 'Node'} ${quote(proto.name || proto.outputs?.[0])}`
    const called = this.functions.size ? this.functions.get(functionKey({ domain, name: op, overload: proto.overload })) : undefined
    if (called) return form('inlineFunction', where)(this, called, proto, scope, sink, depth, where)
    if (!op) malformed(where, 'it has no op_type', 'GRAPH_INVALID')
    const inputs = (proto.inputs ?? []).map((name) => name && scope.resolve(name, where))
    const attributes = this.attributes(proto, scope, where)
    const outputs = (proto.outputs ?? []).map((name) => name && scope.declare(name, where))
    if (op === 'Constant' && !domain) {
      this.constant(named(outputs[0], where), constantOf(attributes, where), sink)
      return
    }
    const version = opsets.get(domain)
    if (version === undefined && !domain) malformed(where, 'the model imports no version of ai.onnx', 'GRAPH_INVALID')
    const name = this.nodes.fresh(proto.name || `${op}_${outputs.find(Boolean) ?? ''}`)
    const node: Node = { name, op, domain, inputs, outputs, attributes }
    sink.nodes.push(...(domain ? [node] : upgrade(node, version!, this.additions(name, sink))))
  }

  private additions(owner: string, sink: Sink): Additions {
    const value = (hint: string): string => this.values.fresh(`${owner}/${hint}`)
    return {
      value,
      node: (hint) => this.nodes.fresh(`${owner}/${hint}`),
      constant: (hint, tensor) => this.constant(value(hint), tensor, sink),
      constantOf: (name) => this.constants.get(name),
      onlyFloat32: () => (this.float32 ??= onlyFloat32(this.model)),
    }
  }

  private constant(name: string, tensor: Tensor, sink: Sink): string {
    this.constants.set(name, tensor)
    sink.constants.set(name, tensor)
    return name
  }

  private attributes(proto: NodeProto, scope: Scope, where: string): Record<string, Attribute> {
    const entries: [string, Attribute][] = []
    for (const [name, attribute] of bound(proto, scope))
      entries.push([name, attribute.g ? this.graph(attribute.g, new Scope(this.values, scope), false) : attributeOf(attribute, `${where} attribute ${quote(name)}`, this.source)])
    return Object.fromEntries(entries)
  }

}

/** A node's attributes, those replaced that refer to the attributes of the function around it. */
export function bound({ attributes = [] }: NodeProto, scope: Scope): [string, AttributeProto][] {
  return attributes.flatMap((attribute) => {
    const value = attribute.reference ? scope.attribute(attribute.reference) : attribute
    return value ? [[attribute.name ?? '', value]] : []
  })
}

export function opsetsOf(protos: readonly OpsetProto[] = [], where: string): Opsets {
  const opsets = new Map(protos.map((o) => [domainOf(o.domain), o.version ?? 0]))
  const version = opsets.get('')
  if (version !== undefined && !(version >= 1 && version <= NEWEST_OPSET))
    throw new OctavoError('OP_UNSUPPORTED', `${where} imports ai.onnx opset ${version}: expected ${FIRST_OPSET} to ${NEWEST_OPSET}. Convert it with onnx.version_converter or export it again.`, { opset: version })
  return opsets
}

/** Every name that the main graph writes; it keeps these, and names made up in subgraphs avoid them. */
function* writtenNames(proto: GraphProto): Iterable<string> {
  for (const { name } of [...(proto.initializers ?? []), ...(proto.inputs ?? [])]) yield name ?? ''
  for (const { values } of proto.sparseInitializers ?? []) yield values?.name ?? ''
  for (const { outputs } of proto.nodes ?? []) yield* outputs ?? []
}

/** Whether no tensor, input or cast of the model has another floating type than float32. */
function onlyFloat32(model: ModelProto): boolean {
  const other = (code: number | undefined): boolean => code === DTYPES.float16.code || code === DTYPES.float64.code
  const casts = ({ name, i, t }: AttributeProto): boolean => other(t?.dtype) || ((name === 'to' || name === 'dtype') && other(i))
  return ![...graphsOf(model)].some(({ initializers = [], inputs = [], nodes = [] }) =>
    initializers.some((t) => other(t.dtype)) || inputs.some((v) => other(v.type?.tensor?.dtype)) || nodes.some((n) => n.attributes?.some(casts)))
}

export const named = (name: string | undefined, where: string): string => name || malformed(where, 'it has no name', 'GRAPH_INVALID')

/**
 * A declared input or output. Those of subgraphs may come without a type: they are then float32 of open rank here, and take
 * the type that inference finds.
 */
function valueOf({ name, type }: ValueProto, where: string, main: boolean): ValueInfo {
  const dtype: DType = type?.tensor || main ? dtypeOfValue(type, where) : 'float32'
  const dims = type?.tensor?.shape?.dims ?? (type?.tensor?.shape ? [] : null)
  return { name: named(name, where), dtype, dims: dims && dims.map(({ value, symbol }) => (value !== undefined && value >= 0 ? value : symbol || null)) }
}

function dtypeOfValue(type: ValueProto['type'], where: string): DType {
  if (!type?.tensor) throw new OctavoError('DTYPE_UNSUPPORTED', `${where}: expected a tensor, got ${type ? 'a sequence, map, optional or sparse tensor' : 'no type'}. Export the model with tensors.`, { where })
  return dtypeOf(type.tensor.dtype, where)
}
