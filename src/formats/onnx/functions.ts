import type { GraphReader, Sink } from './read-graph.js'
import { bound, named, opsetsOf } from './read-graph.js'
import type { FunctionProto, NodeProto } from './schema.js'
import { Scope } from './scope.js'
import { malformed, quote } from './tensor.js'

/** Functions may call functions; a small file could otherwise unfold without end. */
const MAX_INLINED_NODES = 2 ** 16
const MAX_CALL_DEPTH = 32

/** The nodes of a function in place of the node that calls it. */
export function inlineFunction(reader: GraphReader, called: FunctionProto, proto: NodeProto, scope: Scope, sink: Sink, depth: number, where: string): void {
  reader.inlined += called.nodes?.length ?? 0
  if (depth >= MAX_CALL_DEPTH || reader.inlined > MAX_INLINED_NODES)
    malformed(where, `functions unfold to more than ${MAX_INLINED_NODES} nodes or ${MAX_CALL_DEPTH} calls deep`, 'GRAPH_INVALID')
  const given = new Map([...(called.defaults ?? []).map((a) => [a.name ?? '', a] as const), ...bound(proto, scope)])
  const actual = (proto.inputs ?? []).map((name) => name && scope.resolve(name, where))
  const results = new Map((proto.outputs ?? []).flatMap((name, i) => (name ? [[called.outputs?.[i] ?? '', scope.declare(name, where)]] : [])))
  const inner = new Scope(reader.values, undefined, results, given)
  called.inputs?.forEach((formal, i) => inner.bind(formal, actual[i] ?? ''))
  const opsets = called.opsets?.length ? opsetsOf(called.opsets, `Function ${quote(called.name)}`) : reader.opsets
  for (const node of called.nodes ?? []) reader.node(node, inner, opsets, sink, depth + 1)
  for (const [formal, result] of results) {
    const value = named(inner.resolve(formal, where), where)
    if (value !== result) sink.nodes.push({ name: reader.nodes.fresh(`${called.name}/Identity`), op: 'Identity', domain: '', inputs: [value], outputs: [result], attributes: {} })
  }
}
