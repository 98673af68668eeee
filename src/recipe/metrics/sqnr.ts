import { outputOf, reals } from '../runner.js'
import type { Metric, Scores } from './metric.js'

/**
 * Signal to quantization noise of each output, in dB: 10·log₁₀(Σ a² / Σ (a − b)²) over all calls, a of the model named by
 * --against, b of the model under test. Null where the two are equal. Without a second model there is nothing to report.
 */
export function sqnrMetric(): Metric {
  const power = new Map<string, { signal: number; noise: number }>()
  return {
    add(_sample, _index, call, against) {
      if (!against) return
      for (const [i, { name, quantization }] of call.runner.outputs.entries()) {
        const peer = against.runner.outputs[i]
        const b = reals(outputOf(call.runner, call.outputs, name), quantization)
        const a = reals(outputOf(against.runner, against.outputs, peer?.name), peer?.quantization)
        const sums = power.get(name) ?? { signal: 0, noise: 0 }
        for (let k = 0; k < a.length; k++) {
          sums.signal += a[k]! ** 2
          sums.noise += (a[k]! - (b[k] ?? NaN)) ** 2
        }
        power.set(name, sums)
      }
    },
    scores(): Scores {
      const rows = [...power].map(([name, { signal, noise }]) => [name, noise === 0 ? null : 10 * Math.log10(signal / noise)] as const)
      if (!rows.length) return {}
      const least = Math.min(...rows.map(([, db]) => db ?? Infinity))
      return { sqnr: Object.fromEntries(rows), leastSqnr: least === Infinity ? null : least }
    },
  }
}
