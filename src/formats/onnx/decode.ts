import { OctavoError } from '../../errors.js'
import { opKey, type Graph } from '../../graph/graph.js'
import { GraphReader } from './read-graph.js'
import { FORMS } from './forms.js'
import { EXTERNAL, MODEL, type ModelProto, type NodeProto, type TensorProto } from './schema.js'
import { plain } from './tensor.js'
import { FIRST_OPSET } from './upgrade.js'
import { domainOf, graphsOf } from './walk.js'
import { readMessage } from './wire.js'

export interface DecodeOptions {
  /** Contents of the files that external tensors name, by the path written in the model ('weights.bin', 'data/w.bin'). */
  readonly externalData?: ReadonlyMap<string, Uint8Array>
}

/** A model whose messages are read, for a caller that has to fetch the files it names before it can be a Graph. */
export interface OnnxFile {
  /** Whether the model has operators that are not `known`, or one of Forms. */
  needsMore(known: (opKey: string) => boolean): boolean
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
    needsMore: (known) => needsMore(model, known),
    externalFiles: () => FORMS.externalFiles?.(model) ?? [],
    graph: ({ externalData } = {}) => {
      const read = new GraphReader(model, externalData).read(graph)
      return metadata?.length ? { ...read, metadata: new Map(metadata.map((e) => [e.key ?? '', e.value ?? ''])) } : read
    },
  }
}

function needsMore(model: ModelProto, known: (opKey: string) => boolean): boolean {
  const outside = (tensor: TensorProto | undefined): boolean => tensor?.location === EXTERNAL
  const rare = ({ op = '', domain, attributes = [] }: NodeProto): boolean =>
    (op !== 'Constant' && !known(opKey({ op, domain: domainOf(domain) }))) || attributes.some(({ sparse, t }) => sparse || outside(t))
  const old = (model.opsets ?? []).some(({ domain, version = 0 }) => !domainOf(domain) && version < FIRST_OPSET)
  return old || !!model.functions?.length || [...graphsOf(model)].some(({ sparseInitializers, initializers = [], nodes = [] }) => sparseInitializers?.length || initializers.some(outside) || nodes.some(rare))
}
