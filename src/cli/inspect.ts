import { stat } from 'node:fs/promises'
import { openModel, type OnnxFile } from '../formats/onnx/decode.js'
import { opKey, type Graph, type TensorType } from '../graph/graph.js'
import type { InferenceSession } from '../inference-session.js'
import { moreOperators } from '../more-operators.js'
import { addOperators } from '../operators.js'
import type { ValueMetadata } from '../session.js'
import { OctavoError } from '../errors.js'
import { TIER_OPTION, columns, usageError, type Arguments } from './arguments.js'
import { report, type Command } from './command.js'
import { FEED_OPTIONS, openDims, readInputs, syntheticFeeds } from './feeds.js'
import { readBytes } from './node-files.js'
import { openSession } from './runners.js'
import { table } from './table.js'

export const inspect: Command = {
  name: 'inspect',
  summary: 'Show what a model is and how it will run: graph, types, cost, memory, tier, fusions.',
  synopsis: ['MODEL [--nodes] [--dim NAME=N] [--input NAME=FILE.npy]'],
  about: 'Reads a model, plans it and runs it once. Shows its inputs and outputs; the operators in the file beside those that are left after constants were folded and nodes fused; the kernels that will be called, ' +
    'with their multiply-accumulates (MACs); the WebAssembly memory that a session holds; and the tier that this machine runs, with the reason.\n' +
    'Axes that the model leaves open are planned as 1; --dim or --input give them other sizes. Input values that are not given are made up.',
  options: { nodes: { help: 'List every call in order, with the types it writes.' }, ...FEED_OPTIONS, ...TIER_OPTION },
  examples: [
    ['octavo inspect mobilenetv2.onnx', 'The summary.'],
    ['octavo inspect detector.onnx --dim batch=4 --nodes', 'Every call, for a batch of four.'],
  ],
  async run(args, terminal) {
    if (args.positionals.length !== 1) usageError(`octavo inspect: expected one model, got ${args.positionals.length}.`)
    const file = args.positionals[0]!
    addOperators(moreOperators)
    const model = openModel(await readBytes(file))
    const graph = model.graph({ externalData: await externalBeside(file, model) })
    using session = await openSession(file, args)
    const { profile, planError } = await planOnce(session, args)
    const { size } = await stat(file)
    report(args, terminal, summarize(file, size, graph, session, profile, planError), (s) => describe(s, args.flag('nodes')))
  },
}

async function externalBeside(file: string, model: OnnxFile): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const name of model.externalFiles()) found.set(name, await readBytes(file.replace(/[^/\\]*$/, '') + name))
  return found
}

/** Runs the model once so that it has a plan; made-up values may not suit it, which is no reason to show nothing. */
async function planOnce(session: InferenceSession, args: Arguments): Promise<{ profile: number; planError?: string }> {
  const feeds = { ...syntheticFeeds(session.inputMetadata, openDims(args)), ...(await readInputs(args)) }
  const start = performance.now()
  try {
    await session.run(feeds)
    return { profile: performance.now() - start }
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error
    return { profile: performance.now() - start, planError: error.message }
  }
}

type Row = { readonly kernel: string; readonly calls: number; readonly macs: number }

function summarize(file: string, fileBytes: number, graph: Graph, session: InferenceSession, firstRunMs: number, planError: string | undefined) {
  const { info, prepared } = session
  const kernels = new Map<string, Row>()
  for (const { kernel, macs } of prepared?.plan.steps ?? []) {
    const row = kernels.get(kernel) ?? { kernel, calls: 0, macs: 0 }
    kernels.set(kernel, { kernel, calls: row.calls + 1, macs: row.macs + macs })
  }
  return {
    model: file, fileBytes, ...(planError !== undefined && { planError }),
    inputs: session.inputMetadata, outputs: session.outputMetadata,
    tier: info.tier, tierReason: info.tierReason, threads: info.threads,
    nodesInFile: graph.nodes.length, steps: info.steps, macs: info.macs, firstRunMs: Number(firstRunMs.toFixed(1)),
    memory: { wasmBytes: info.memoryBytes, usedBytes: info.usedBytes, activationBytes: info.activationBytes, modelBytes: constantBytes(graph) },
    operators: operatorRows(graph, prepared?.graph), dtypes: dtypesOf(prepared?.graph, (name) => prepared?.values.typeOf(name)),
    kernels: [...kernels.values()].sort((a, b) => b.macs - a.macs || b.calls - a.calls),
    nodes: (prepared?.plan.steps ?? []).map(({ node, op, kernel, macs }) => ({ node, op, kernel, macs, ...outputsOf(prepared, node) })),
  }
}

type Summary = ReturnType<typeof summarize>

const constantBytes = (graph: Graph): number => [...graph.constants.values()].reduce((sum, t) => sum + t.data.byteLength, 0)

/** Each operator with its number in the file and after all passes; a fused or folded one is fewer, one that passes introduced is more. */
function operatorRows(file: Graph, planned: Graph | undefined): readonly { readonly op: string; readonly inFile: number; readonly planned: number | null }[] {
  const count = (g: Graph) => g.nodes.reduce((m, n) => m.set(opKey(n), (m.get(opKey(n)) ?? 0) + 1), new Map<string, number>())
  const [before, after] = [count(file), planned && count(planned)]
  return [...new Set([...before.keys(), ...(after?.keys() ?? [])])].sort().map((op) => ({ op, inFile: before.get(op) ?? 0, planned: after ? (after.get(op) ?? 0) : null }))
}

/** How many values of the planned graph have each element type. */
function dtypesOf(graph: Graph | undefined, typeOf: (name: string) => TensorType | undefined): Readonly<Record<string, number>> {
  const names = graph?.nodes.flatMap((n) => n.outputs.filter(Boolean)) ?? []
  return names.reduce<Record<string, number>>((sums, name) => {
    const dtype = typeOf(name)?.dtype
    return dtype ? { ...sums, [dtype]: (sums[dtype] ?? 0) + 1 } : sums
  }, {})
}

function outputsOf(prepared: InferenceSession['prepared'], node: string): { writes?: string } {
  const found = prepared?.graph.nodes.find((n) => n.name === node)
  const types = found?.outputs.flatMap((name) => prepared?.values.typeOf(name) ?? []) ?? []
  return types.length ? { writes: types.map((t) => `${t.dtype}[${t.dims}]`).join(' ') } : {}
}

/** Bytes in the unit that suits them. */
export function bytesText(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : bytes < 10_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** A count in the unit that suits it. */
export const countText = (n: number): string => (n < 10_000 ? `${n}` : n < 10_000_000 ? `${(n / 1000).toFixed(1)} K` : n < 1e10 ? `${(n / 1e6).toFixed(1)} M` : `${(n / 1e9).toFixed(1)} G`)

const valueText = ({ name, dtype, dims }: ValueMetadata): [string, string] => [name, `${dtype} [${dims ? dims.map((d) => d ?? '?').join(', ') : 'any rank'}]`]

function describe(s: Summary, nodes: boolean): string[] {
  const changed = s.operators.filter((o) => o.planned !== null && o.planned !== o.inFile)
  return [
    `${s.model}  ${bytesText(s.fileBytes)}`, '', 'Inputs', ...columns(s.inputs.map(valueText)), 'Outputs', ...columns(s.outputs.map(valueText)), '',
    ...columns([
      ['tier', `${s.tier} (${s.tierReason}), ${s.threads} thread`],
      ['graph', `${s.nodesInFile} nodes in the file, ${s.steps} calls in the plan`],
      ['cost', `${countText(s.macs)} MACs a run; first run ${s.firstRunMs} ms, planning included`],
      ['memory', `${bytesText(s.memory.wasmBytes)} of WebAssembly memory, ${bytesText(s.memory.usedBytes)} of it in use: ${bytesText(s.memory.activationBytes)} activations, the rest constants and packed weights (${bytesText(s.memory.modelBytes)} in the file)`],
      ['values', Object.entries(s.dtypes).map(([k, v]) => `${v} ${k}`).join(', ') || '-'],
    ]),
    ...(s.planError === undefined ? [] : ['', `No plan: ${s.planError}`]),
    '', 'Operators', ...table(['operator', 'in file', 'planned', ''], s.operators.map((o) => [o.op, o.inFile, o.planned ?? '-', changed.includes(o) ? (o.planned! < o.inFile ? `${o.inFile - o.planned!} folded or fused` : `${o.planned! - o.inFile} made by passes`) : ''])),
    '', 'Kernels', ...table(['kernel', 'calls', 'MACs', 'share'], s.kernels.map((k) => [k.kernel, k.calls, countText(k.macs), s.macs ? `${((100 * k.macs) / s.macs).toFixed(1)} %` : '-'])),
    ...(nodes ? ['', 'Calls', ...table(['#', 'operator', 'kernel', 'MACs', 'writes', 'node'], s.nodes.map((n, i) => [i, n.op, n.kernel, countText(n.macs), n.writes ?? '', n.node]))] : []),
  ]
}
