import { DTYPES, elementCount } from '../../src/dtype.js'
import { decodeModel } from '../../src/formats/onnx/decode.js'
import { encodeModel } from '../../src/formats/onnx/encode.js'
import type { Graph } from '../../src/graph/graph.js'
import { addOperators } from '../../src/operators.js'
import { moreOperators } from '../../src/more-operators.js'
import { openPeer, type OpenRunner, type Peer } from '../../src/cli/runners.js'
import { evaluate } from '../../src/recipe/evaluate.js'
import type { Tensors } from '../../src/recipe/runner.js'
import { openSamples } from '../../src/recipe/samples.js'
import { stepsOf } from '../../src/recipe/steps.js'
import type { Tensor } from '../../src/value.js'
import { openOurs, type Subject } from './scoring.js'

/** Elements compared, and how many of them have other bits. */
export interface Bits {
  readonly elements: number
  readonly different: number
}

/** One file in Octavo beside the same file in onnxruntime-node. */
export interface Equality {
  readonly outputs: Bits
  /** What the first such functions read; undefined where the model has none and `outputs` says it all, and where floats come before codes (dynamic quantization). */
  readonly before?: Bits
  /** Share of decisions that both take alike. */
  readonly decisions: number
  /** The same elements as in `before` or, without it, `outputs`, beside ONNX Runtime's WebAssembly build: where the native one differs. */
  readonly web?: Bits
}

/** Functions that each runtime computes by its own polynomials. */
const FUNCTIONS = new Set(['Softmax', 'LogSoftmax', 'Exp', 'Sigmoid', 'Tanh'])

/**
 * Runs a quantized model in both runtimes on all of the subject's data.
 *
 * ONNX Runtime's own builds differ from each other: its QLinearAdd multiplies in fixed point on x86-64, and in floats, as Octavo does, in WebAssembly;
 * a sum that is all but half way between two codes may go either way. So where codes differ, the other build is asked too.
 *
 * @throws OPTION_INVALID where onnxruntime-node is not installed; SOURCE_UNREADABLE when it refuses the file
 */
export async function compareWithPeer(subject: Subject, model: Uint8Array): Promise<Equality> {
  const outputs = await bitsOf(subject, model, 'onnxruntime-node')
  const fixed = subject.entry.kind === 'static'
  const cut = fixed ? cutBeforeFunctions(model) : undefined
  const before = cut && (await bitsOf(subject, cut, 'onnxruntime-node')).bits
  const web = fixed && (before ?? outputs.bits).different ? (await bitsOf(subject, cut ?? model, 'onnxruntime-web')).bits : undefined
  return { outputs: outputs.bits, ...(before && { before }), ...(web && { web }), decisions: outputs.rows ?? await decisionsOf(subject, model) }
}

/** Both runtimes side by side, from the same states; `rows`: the share of rows with the same largest element, for models that decide nothing else. */
async function bitsOf({ recipe, files }: Subject, model: Uint8Array, peer: Peer): Promise<{ bits: Bits; rows?: number }> {
  const [ours, theirs] = [await openOurs(model), await openPeer(peer, model)]
  const bits = { elements: 0, different: 0 }
  const rows = { all: 0, same: 0 }
  try {
    for await (const { feeds, done } of allFeeds({ recipe, files }, ours)) {
      const [a, b] = [await ours.run(feeds), await theirs.run(feeds)]
      done(a)
      for (const { name } of ours.outputs) {
        countBits(a[name]!, b[name]!, bits)
        countRows(a[name]!, b[name]!, rows)
      }
    }
  } finally {
    ours.release()
    theirs.release()
  }
  return { bits, ...(recipe.metric === 'sqnr-per-output' && { rows: rows.all ? rows.same / rows.all : 1 }) }
}

async function* allFeeds({ recipe, files }: Pick<Subject, 'recipe' | 'files'>, runner: OpenRunner): AsyncGenerator<{ feeds: Tensors; done(outputs: Tensors): void }> {
  const samples = await openSamples(recipe.data, files)
  for (let i = 0; i < samples.length; i++) {
    let previous: Tensors | undefined
    for (const step of stepsOf(recipe, await samples.get(i), runner)) yield { feeds: step(previous), done: (outputs) => { previous = outputs } }
  }
}

function countBits(a: Tensor, b: Tensor, bits: { elements: number; different: number }): void {
  const [left, right] = [a, b].map(({ data, dtype, size }) => new Uint8Array(data.buffer, data.byteOffset, size * DTYPES[dtype].bytes))
  const width = DTYPES[a.dtype].bytes
  bits.elements += a.size
  if (Buffer.compare(left!, right!) === 0) return
  for (let i = 0; i < a.size; i++) if (Buffer.compare(left!.subarray(i * width, (i + 1) * width), right!.subarray(i * width, (i + 1) * width)) !== 0) bits.different++
}

function countRows(a: Tensor, b: Tensor, rows: { all: number; same: number }): void {
  const length = a.dims.at(-1) ?? 1
  if (length < 2) return
  const largest = ({ data }: Tensor, at: number): number => {
    let best = 0
    for (let k = 1; k < length; k++) if (data[at + k]! > data[at + best]!) best = k
    return best
  }
  const count = elementCount(a.dims) / length
  rows.all += count
  for (let i = 0; i < count; i++) if (largest(a, i * length) === largest(b, i * length)) rows.same++
}

async function decisionsOf({ recipe, files }: Subject, model: Uint8Array): Promise<number> {
  const [ours, theirs] = [await openOurs(model), await openPeer('onnxruntime-node', model)]
  try {
    const { scores, sameDecisions } = await evaluate(recipe, ours, files, { against: theirs })
    return sameDecisions ?? (scores['agreement'] as number)
  } finally {
    ours.release()
    theirs.release()
  }
}

/** The model without such functions and what follows from them; undefined where it has none. Its results are what they read, and what of its results does not follow from them. */
export function cutBeforeFunctions(model: Uint8Array): Uint8Array | undefined {
  addOperators(moreOperators)
  const graph = decodeModel(model)
  const after = new Set<string>()
  for (const { op, inputs, outputs } of graph.nodes) if (FUNCTIONS.has(op) || inputs.some((name) => after.has(name))) for (const name of outputs) after.add(name)
  if (!after.size) return undefined
  const computed = new Set(graph.nodes.flatMap((n) => n.outputs))
  const read = graph.nodes.filter((n) => n.outputs.some((name) => after.has(name))).flatMap((n) => n.inputs)
  const ends = [...new Set([...read, ...graph.outputs.map((o) => o.name)])].filter((name) => computed.has(name) && !after.has(name) && floating(graph, name))
  const needed = new Set(ends)
  const nodes = [...graph.nodes].reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false
    for (const name of inputs) needed.add(name)
    return true
  }).reverse()
  return ends.length ? encodeModel({ ...graph, nodes, constants: new Map([...graph.constants].filter(([name]) => needed.has(name))), outputs: ends.map((name) => ({ name, dtype: 'float32' as const, dims: null })) }) : undefined
}

const EXACT = new Set(['Shape', 'Size', 'Cast', 'Gather', 'Unsqueeze', 'Squeeze', 'Concat', 'Slice'])

/** Values that come from codes: sums and shapes in other types say nothing. */
const floating = (graph: Graph, name: string): boolean => {
  const producer = graph.nodes.find((n) => n.outputs.includes(name))!
  return !EXACT.has(producer.op) || producer.inputs.some((input) => graph.nodes.some((n) => n.op === 'DequantizeLinear' && n.outputs.includes(input)))
}
