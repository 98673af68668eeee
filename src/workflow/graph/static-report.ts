import type { Graph } from '../../graph/graph.js'
import { CalibrationObserver } from '../../quantization/calibration-observer.js'
import { HistogramObserver } from '../../quantization/histogram-observer.js'
import type { MinMaxObserver } from '../../quantization/min-max-observer.js'
import type { UniformObserver } from '../../quantization/observer-base.js'
import type { ActivationQParams, Observers } from './activation-qparams.js'
import type { Layer, PreparedGraph } from './prepare.js'
import type { LayerReport, ValueReport } from './report.js'

const BINS = 128

/** What happened to every layer. `converted` is the graph that codes flow in; `sqnr` by output, where somebody measured it, `alone` by node. */
export function layerReports({ layers }: PreparedGraph, converted: Graph, sqnr?: ReadonlyMap<string, number>, alone?: ReadonlyMap<string, number>): LayerReport[] {
  const made = new Map(converted.nodes.map((n) => [n.name, n]))
  const producers = new Map(converted.nodes.flatMap((n) => n.outputs.map((name) => [name, n] as const)))
  const weightsOf = ({ node, quantized }: Layer): LayerReport['weights'] => {
    const dequantize = quantized ? producers.get(made.get(node.name)?.inputs[1] ?? '') : undefined
    const [codes, scales] = dequantize?.op === 'DequantizeLinear' ? dequantize.inputs.map((name) => converted.constants.get(name)) : []
    if (!codes || !scales) return undefined
    const values = scales.data as Float32Array
    return { elements: codes.size, channels: values.length, scaleMin: values.reduce((a, b) => Math.min(a, b)), scaleMax: values.reduce((a, b) => Math.max(a, b)) }
  }
  return layers.map((layer): LayerReport => {
    const { node: { name, op }, output, quantized, reason } = layer
    const weights = weightsOf(layer), measured = sqnr?.get(output), sqnrAlone = alone?.get(name)
    return { name, op, output, quantized, ...(reason !== undefined && { reason }), ...(measured !== undefined && { sqnr: measured }), ...(sqnrAlone !== undefined && { sqnrAlone }), ...(weights && { weights }) }
  })
}

/** What was seen and chosen, once for each group of values; the name is that of its first. */
export function valueReports({ groups }: Pick<PreparedGraph, 'groups'>, observers: Observers, qparams: ReadonlyMap<string, ActivationQParams>): ValueReport[] {
  return groups.map(({ values, fixed }): ValueReport => {
    const name = values[0]!
    const { dtype, scale, zeroPoint, codes: [min, max] } = qparams.get(name)!
    const observer = observers.get(name) as (UniformObserver & MinMaxObserver) | undefined
    const histogram = observer && histogramOf(observer)
    return {
      name, dtype, scale, zeroPoint, seen: observer ? [observer.minVal, observer.maxVal] : fixed!, chosen: [(min - zeroPoint) * scale, (max - zeroPoint) * scale], ...(histogram && { histogram }),
    }
  })
}

function histogramOf(observer: UniformObserver): ValueReport['histogram'] {
  if (observer instanceof HistogramObserver) return { range: [observer.minVal, observer.maxVal], counts: merged(observer.histogram) }
  if (!(observer instanceof CalibrationObserver)) return undefined
  const { edges, counts } = observer.stateDict()
  const limits = edges!.data as Float32Array
  return limits.length ? { range: [limits[0]!, limits.at(-1)!], counts: merged(counts!.data as Float64Array) } : undefined
}

/** Neighbouring bins added up until there are at most 128 of equal width; what is left over at the end is a bin of its own width's share. */
function merged(counts: Float32Array | Float64Array): number[] {
  const bins = Math.min(BINS, counts.length)
  const out = new Array<number>(bins).fill(0)
  counts.forEach((count: number, i: number) => {
    const at = Math.floor((i * bins) / counts.length)
    out[at] = out[at]! + count
  })
  return out
}
