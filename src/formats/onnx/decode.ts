import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { GraphReader } from './read-graph.js'
import { EXTERNAL, MODEL, type GraphProto, type ModelProto } from './schema.js'
import { externalPath, plain, quote } from './tensor.js'
import { readMessage } from './wire.js'

export interface DecodeOptions {
  /** Contents of the files that external tensors name, by the path written in the model ('weights.bin', 'data/w.bin'). */
  readonly externalData?: ReadonlyMap<string, Uint8Array>
}

/**
 * Reads an ONNX model (ai.onnx 7 to NEWEST_OPSET) into a Graph in the vocabulary of the newest opset: functions inlined,
 * Constant nodes made constants, every value name unique in the whole model. Constants view `bytes` where alignment allows,
 * so the caller must not change them.
 *
 * @throws MODEL_TRUNCATED, MODEL_MALFORMED, GRAPH_INVALID, OP_UNSUPPORTED (opset), ATTRIBUTE_UNSUPPORTED, DTYPE_UNSUPPORTED,
 *   SOURCE_UNREADABLE (external data not given)
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): Graph {
  const model = readMessage<ModelProto>(plain(bytes), MODEL)
  if (!model.graph) throw new OctavoError('MODEL_MALFORMED', `ONNX file of ${bytes.length} bytes: expected a graph, got none. Is it an ONNX model?`, { length: bytes.length })
  const graph = new GraphReader(model, options.externalData).read(model.graph)
  if (!model.metadata?.length) return graph
  return { ...graph, metadata: new Map(model.metadata.map((e) => [e.key ?? '', e.value ?? ''])) }
}

/**
 * Paths of the files that the tensors of a model name, each once, for a caller that has to fetch them before decodeModel.
 *
 * @throws MODEL_TRUNCATED, MODEL_MALFORMED (also for a path that leaves the model's folder)
 */
export function externalFiles(bytes: Uint8Array): string[] {
  const { graph, functions } = readMessage<ModelProto>(plain(bytes), MODEL)
  const paths = new Set<string>()
  const visit = (g: Pick<GraphProto, 'initializers' | 'nodes'> | undefined): void => {
    for (const tensor of g?.initializers ?? []) if (tensor.location === EXTERNAL) paths.add(externalPath(tensor, `initializer ${quote(tensor.name)}`))
    for (const node of g?.nodes ?? []) for (const { t, g: inner, name } of node.attributes ?? []) {
      if (t?.location === EXTERNAL) paths.add(externalPath(t, `attribute ${quote(name)}`))
      visit(inner)
    }
  }
  visit(graph)
  functions?.forEach(({ nodes }) => visit({ nodes }))
  return [...paths]
}
