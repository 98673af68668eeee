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

/** A model whose messages are read, for a caller that has to fetch the files it names before it can be a Graph. */
export interface OnnxFile {
  /** Paths of the files that tensors name, each once. @throws MODEL_MALFORMED for a path that leaves the model's folder */
  externalFiles(): string[]
  /** @throws as decodeModel, but for MODEL_TRUNCATED within the messages */
  graph(options?: DecodeOptions): Graph
}

/**
 * Reads an ONNX model (ai.onnx 7 to NEWEST_OPSET) into a Graph in the vocabulary of the newest opset: functions inlined,
 * Constant nodes made constants, every value name unique in the whole model. Constants view `bytes` where alignment allows,
 * so the caller must not change them.
 *
 * @throws MODEL_TRUNCATED, MODEL_MALFORMED, GRAPH_INVALID, OP_UNSUPPORTED (opset), ATTRIBUTE_UNSUPPORTED, DTYPE_UNSUPPORTED,
 *   SOURCE_UNREADABLE (external data not given)
 */
export const decodeModel = (bytes: Uint8Array, options?: DecodeOptions): Graph => openModel(bytes).graph(options)

/** The first half of decodeModel. @throws MODEL_TRUNCATED, MODEL_MALFORMED */
export function openModel(bytes: Uint8Array): OnnxFile {
  const model = readMessage<ModelProto>(plain(bytes), MODEL)
  const { graph, metadata } = model
  if (!graph) throw new OctavoError('MODEL_MALFORMED', `ONNX file of ${bytes.length} bytes: expected a graph, got none. Is it an ONNX model?`, { length: bytes.length })
  return {
    externalFiles: () => externalFiles(model),
    graph: ({ externalData } = {}) => {
      const read = new GraphReader(model, externalData).read(graph)
      return metadata?.length ? { ...read, metadata: new Map(metadata.map((e) => [e.key ?? '', e.value ?? ''])) } : read
    },
  }
}

function externalFiles({ graph, functions }: ModelProto): string[] {
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
