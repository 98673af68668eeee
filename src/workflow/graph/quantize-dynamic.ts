import { OctavoError } from '../../errors.js'
import { encodeModel } from '../../formats/onnx/encode.js'
import type { Graph, Node } from '../../graph/graph.js'
import type { Source } from '../../platform/source.js'
import { Executor } from '../../plan/executor.js'
import { defaultLimits } from '../../plan/limits.js'
import { bytesOf, everyNode, requireFloat } from './clean.js'
import { gru } from './dynamic/gru.js'
import { lstm } from './dynamic/lstm.js'
import { gemm, matMul, type Rewrite } from './dynamic/products.js'
import { weightSettings, type WeightSettings } from './dynamic/quantize.js'
import { isGraph, Scope, Surroundings, type CodedWeight } from './dynamic/scope.js'
import { sequenceLengths } from './dynamic/sequence-lengths.js'
import { withoutDeadCode } from './fold-constants.js'
import { loadModules } from './host.js'
import { nameOf, openFloat } from './open-float.js'
import type { QuantizeOptions } from './options.js'
import { Progress } from './progress.js'
import type { QuantizeResult } from './quantize-static.js'
import type { LayerReport, QuantizeReport } from './report.js'
import { matches, requireNames } from './selection.js'
import { settingsOf, type Settings } from './settings.js'

/** Op types that quantizeDynamic quantizes. */
export const DYNAMIC_QUANTIZABLE: readonly string[] = ['MatMul', 'Gemm', 'LSTM', 'GRU']

/** What multiplies by weights: the layers of a report. */
const LAYERS: Readonly<Record<string, string | undefined>> = {
  MatMul: undefined, Gemm: undefined, LSTM: undefined, GRU: undefined,
  Conv: 'convolutions stay in float: quantizeStatic quantizes them', ConvTranspose: 'convolutions stay in float: quantizeStatic quantizes them', RNN: 'RNN has no quantized form', Einsum: 'Einsum has no quantized form',
}

/**
 * Quantizes the weights of a float ONNX model, and lets each run choose the scales of what they multiply: no calibration data. It writes what ONNX
 * Runtime's `quantize_dynamic` writes (docs/quantization.md), in the branches of an If too.
 *
 *     const { model, report } = await quantizeDynamic('silero_vad.onnx')
 *
 * @throws SOURCE_UNREADABLE and what opening a model throws; ALREADY_QUANTIZED; QPARAMS_INVALID a weight holds NaN or infinities; OPTION_INVALID; ENGINE_UNKNOWN; ABORTED
 */
export async function quantizeDynamic(model: Source | Promise<Source>, options: QuantizeOptions = {}): Promise<QuantizeResult> {
  const source = await model
  const { graph, bytes } = await openFloat(source, options)
  const { converted, report } = await quantizeGraphDynamic(graph, options)
  const written = encodeModel(converted)
  return { model: written, report: { ...report, model: nameOf(source, graph), bytes: { before: bytes, after: written.length } }, observers: new Map() }
}

/**
 * quantizeDynamic from graph to graph. All operators are known to it once a model was opened by quantizeDynamic, or after addOperators(moreOperators).
 *
 * @throws as quantizeDynamic, but for what reading a file throws
 */
export async function quantizeGraphDynamic(graph: Graph, options: QuantizeOptions = {}): Promise<{ converted: Graph; report: QuantizeReport }> {
  const settings = settingsOf({ ...options, weightSymmetric: true }) // lets weights of either type have a scale for each channel: integer products take their zero points
  requireFloat(graph)
  const nodes = [...everyNode(graph)]
  requireNames(nodes, options, DYNAMIC_QUANTIZABLE)
  const progress = new Progress(options)
  const executor = new Executor(await loadModules(options), defaultLimits(bytesOf(graph)).memory)
  const evaluate = executor.evaluate.bind(executor)
  progress.begin('prepare', 1)
  const steps = nodes.some(({ op, domain }) => op === 'GRU' && !domain) ? sequenceLengths(graph, evaluate) : new Map<string, number>()
  await progress.end('prepare', 1)
  const total = nodes.filter(isLayer).length
  progress.begin('convert', total)
  const walk = new DynamicWalk(options, settings, steps, (done) => progress.pass('convert', done, total))
  const scope = new Scope(graph, new Surroundings(graph, evaluate))
  await walk.graph(graph, scope)
  const converted = { ...prune(scope.result()), metadata: metadataOf(graph, settings) }
  await progress.end('convert')
  const layers = walk.layers
  return {
    converted,
    report: {
      kind: 'dynamic', model: graph.name, engine: settings.engineName, batches: 0, samples: 0, bytes: { before: bytesOf(graph), after: bytesOf(converted) }, seconds: progress.seconds, layers,
      values: [], outputs: [], worst: [], warnings: layers.some((l) => l.quantized) ? [] : ['nothing was quantized: the report says why for each layer'],
    },
  }
}

const isLayer = ({ op, domain, outputs }: Node): boolean => !domain && Object.hasOwn(LAYERS, op) && outputs.some(Boolean)

function metadataOf({ metadata }: Graph, { engine, weightType, perChannel, reduceRange }: Settings): Map<string, string> {
  return new Map([
    ...(metadata ?? []), ['octavo.engine', engine.name], ['octavo.activations', 'uint8, scales chosen in every run'],
    ['octavo.weights', `${weightType}${reduceRange ? ', 7 bits' : ''}, ${perChannel ? 'per channel' : 'per tensor'}`],
  ])
}

/** What nobody reads any more goes, in branches first. */
function prune(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => {
    const graphs = Object.entries(node.attributes).filter(([, value]) => isGraph(value))
    return graphs.length ? { ...node, attributes: { ...node.attributes, ...Object.fromEntries(graphs.map(([name, value]) => [name, prune(value as Graph)])) } } : node
  })
  return withoutDeadCode({ ...graph, nodes })
}

/** Rewrites a graph node by node, and notes what became of each layer. */
class DynamicWalk {
  readonly layers: LayerReport[] = []
  private readonly weights: WeightSettings

  constructor(
    private readonly options: QuantizeOptions, settings: Settings, private readonly steps: ReadonlyMap<string, number>, private readonly done: (layers: number) => Promise<void>,
  ) {
    this.weights = weightSettings(settings)
  }

  async graph({ nodes }: Graph, scope: Scope): Promise<void> {
    for (const node of nodes) await this.node(await this.branches(node, scope), scope)
  }

  private async branches(node: Node, scope: Scope): Promise<Node> {
    const attributes = { ...node.attributes }
    for (const [name, value] of Object.entries(attributes)) {
      if (!isGraph(value)) continue
      const inside = scope.inside(value)
      await this.graph(value, inside)
      attributes[name] = inside.result()
    }
    return { ...node, attributes }
  }

  private async node(node: Node, scope: Scope): Promise<void> {
    if (!isLayer(node)) return void scope.nodes.push(node)
    const rewrite = this.excluded(node) ?? this.form(node, scope)
    if (typeof rewrite === 'string') this.requireNotNamed(node, rewrite)
    const weights = typeof rewrite === 'string' ? undefined : named(node, rewrite)
    if (!weights) scope.nodes.push(node)
    this.layers.push({
      name: node.name, op: node.op, output: node.outputs.find(Boolean)!, quantized: !!weights, ...(typeof rewrite === 'string' && { reason: rewrite }), ...(weights && { weights: weightsOf(weights) }),
    })
    await this.done(this.layers.length)
  }

  private excluded({ name, op }: Node): string | undefined {
    const { opTypesToQuantize, opTypesToExclude, nodesToQuantize, nodesToExclude } = this.options
    if (nodesToExclude?.some((p) => matches(p, name))) return 'excluded by name'
    if (opTypesToExclude?.includes(op)) return `${op} is excluded`
    if (nodesToQuantize?.length && !nodesToQuantize.some((p) => matches(p, name))) return 'not among the nodes asked for'
    return opTypesToQuantize?.length && !opTypesToQuantize.includes(op) ? 'not among the op types asked for' : undefined
  }

  private form(node: Node, scope: Scope): string | Rewrite {
    if (!node.inputs[0]) return 'its first input is missing'
    switch (node.op) {
      case 'MatMul': return matMul(scope, node, this.weights)
      case 'Gemm': return gemm(scope, node, this.weights)
      case 'LSTM': return lstm(scope, node, this.weights)
      case 'GRU': return gru(scope, node, this.weights, this.steps.get(node.name))
      default: return LAYERS[node.op]!
    }
  }

  private requireNotNamed(node: Node, reason: string): void {
    const { nodesToQuantize, nodesToExclude } = this.options
    if (nodesToQuantize?.some((p) => p === node.name) && !nodesToExclude?.some((p) => matches(p, node.name)))
      throw new OctavoError('OPTION_INVALID', `option nodesToQuantize: node "${node.name}" (${node.op}) cannot be quantized: ${reason}. Leave it out.`, { node: node.name, reason })
  }
}

/** @throws QPARAMS_INVALID naming the node */
function named({ name, op }: Node, rewrite: Rewrite): readonly CodedWeight[] {
  try {
    return rewrite()
  } catch (error) {
    if (!(error instanceof OctavoError) || error.code !== 'QPARAMS_INVALID') throw error
    throw new OctavoError('QPARAMS_INVALID', `${op} "${name}": ${error.message.replace(/^QPARAMS_INVALID: /, '')} Name it in nodesToExclude.`, { ...error.details, node: name }, error)
  }
}

function weightsOf(weights: readonly CodedWeight[]): LayerReport['weights'] {
  const sum = (of: (w: CodedWeight) => number): number => weights.reduce((n, w) => n + of(w), 0)
  const fold = (f: (a: number, b: number) => number): number => weights.map((w) => w.scales.reduce((a, b) => f(a, b))).reduce((a, b) => f(a, b))
  return { elements: sum((w) => w.elements), channels: sum((w) => w.scales.length), scaleMin: fold(Math.min), scaleMax: fold(Math.max) }
}
