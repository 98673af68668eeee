import { readExternal } from '../../external-data.js'
import { openModel } from '../../formats/onnx/decode.js'
import type { Graph } from '../../graph/graph.js'
import { moreOperators } from '../../more-operators.js'
import { addOperators } from '../../operators.js'
import { readSource } from '../../platform/host.js'
import type { Source } from '../../platform/source.js'
import { requireOperators } from '../../plan/operators.js'
import { requireFloat } from './clean.js'
import type { HostOptions } from './options.js'

export interface FloatModel {
  readonly graph: Graph
  /** bytes of all its files */
  readonly bytes: number
  /** the model, then its external data in the order of their names */
  readonly files: readonly Uint8Array[]
}

/** Reads a model with all operators known. @throws ALREADY_QUANTIZED, OP_UNSUPPORTED and what opening a model throws */
export async function openFloat(source: Source, options: HostOptions & { signal?: AbortSignal }): Promise<FloatModel> {
  addOperators(moreOperators)
  const bytes = await readSource(source, options.signal)
  const file = openModel(bytes)
  const external = await readExternal(file, source, options)
  const graph = file.graph({ externalData: external })
  requireFloat(graph)
  requireOperators(graph)
  const files = [bytes, ...[...external].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file)]
  return { graph, files, bytes: files.reduce((sum, { byteLength }) => sum + byteLength, 0) }
}

/** The name of a file, or what the graph calls itself. */
export const nameOf = (source: Source, graph: Graph): string => (typeof source === 'string' || source instanceof URL ? String(source).replace(/[?#].*$/, '').replace(/^.*[/\\]/, '') : graph.name)
