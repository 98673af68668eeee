/** Small float models, quantized: as files, as graphs, and run. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import type { DType } from '../../../src/dtype.js'
import { OctavoError, type ErrorCode } from '../../../src/errors.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { encodeModel } from '../../../src/formats/onnx/encode.js'
import { opKey, type Graph } from '../../../src/graph/graph.js'
import { GraphSession, type Tensors } from '../../../src/session.js'
import type { Tensor } from '../../../src/value.js'
import type { Batch, QuantizeStaticOptions } from '../../../src/workflow/graph/options.js'
import { quantizeGraph, quantizeStatic, type QuantizeResult } from '../../../src/workflow/graph/quantize-static.js'
import { noise, smallGraph, type NodeSpec } from '../../graph/passes/small-graph.js'
import { loadedTiers } from '../../support/sessions.js'

export const [[tierName, tier]] = loadedTiers() as [ReturnType<typeof loadedTiers>[number]]

export const HOST = { tier: tierName, wasmFolder: resolve('dist') }

/** Dims of inputs, a string where they are open; 'int64:2,3' where they are not float32. */
export type Inputs = Record<string, readonly (number | string)[]>

export interface SmallModel {
  readonly graph: Graph
  readonly bytes: Uint8Array
}

/** A float model from short notes (small-graph.ts). */
export function smallModel(inputs: Inputs, constants: Record<string, Tensor>, nodes: readonly NodeSpec[], outputs: string, dtypes: Record<string, DType> = {}): SmallModel {
  const { graph } = smallGraph({}, constants, nodes, ...outputs.split(' '))
  const made = { ...graph, inputs: Object.entries(inputs).map(([name, dims]) => ({ name, dtype: dtypes[name] ?? ('float32' as const), dims })), outputs: graph.outputs.map((o) => ({ ...o, dtype: dtypes[o.name] ?? o.dtype })) }
  return { graph: made, bytes: encodeModel(made) }
}

/** Feeds of noise, open dims being `open`. */
export const batchesFor = ({ graph }: SmallModel, count = 4, open = 2, range = 2): Batch[] => Array.from({ length: count }, (_, i) =>
  Object.fromEntries(graph.inputs.map(({ name, dims }, at) => [name, noise(dims!.map((d) => (typeof d === 'number' ? d : open)), range, 1 + i * 7 + at)])))

/** The same, never written. */
export const quantizeUnwritten = async (model: SmallModel, options: QuantizeStaticOptions = {}, batches = batchesFor(model)): Promise<(feeds: Batch) => Tensors> => {
  const { converted } = await quantizeGraph(model.graph, batches, { calibrateMethod: 'minmax', ...HOST, ...options })
  const session = new GraphSession(converted, tier, model.bytes.length)
  return (feeds) => session.runSync(feeds)
}

export interface Quantized extends QuantizeResult {
  /** the file, read back */
  readonly graph: Graph
  /** opKeys in order, Q and DQ left out */
  readonly ops: string
  /** what runs, after all passes, changes of layout left out */
  planned(feeds: Batch): string
  run(feeds: Batch): Tensors
}

export async function quantize(model: SmallModel, options: QuantizeStaticOptions = {}, batches = batchesFor(model)): Promise<Quantized> {
  const result = await quantizeStatic(model.bytes, batches, { calibrateMethod: 'minmax', ...HOST, ...options })
  const graph = decodeModel(result.model)
  const session = new GraphSession(graph, tier, result.model.length)
  return {
    ...result, graph, ops: graph.nodes.filter(({ op }) => !/^(Q|Deq)uantizeLinear$/.test(op)).map(opKey).join(' '),
    run: (feeds) => session.runSync(feeds),
    planned: (feeds) => {
      session.runSync(feeds)
      return session.prepared!.graph.nodes.map(opKey).filter((op) => op !== 'Transpose').join(' ')
    },
  }
}

/** The float model's results. */
export function runFloat({ graph, bytes }: SmallModel, feeds: Batch): Tensors {
  const session = new GraphSession(graph, tier, bytes.length)
  try {
    return session.runSync(feeds)
  } finally {
    session.release()
  }
}

/** 10·log₁₀(Σ float² ÷ Σ (float − int8)²), the least of all outputs. */
export function sqnr(float: Tensors, int8: Tensors): number {
  return Math.min(...Object.entries(float).map(([name, { data }]) => {
    const other = int8[name]!.data as Float32Array
    let signal = 0, error = 0
    ;(data as Float32Array).forEach((v, i) => { signal += v * v; error += (v - other[i]!) ** 2 })
    assert.ok(signal > 0, 'a test on zeros shows nothing')
    return 10 * Math.log10(signal / error)
  }))
}

export const refuses = (run: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> =>
  assert.rejects(run, (e) => e instanceof OctavoError && (assert.equal(e.code, code, e.message), assert.match(e.message, words), true))
