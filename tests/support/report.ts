/** A report as quantizing a SqueezeNet-like classifier makes it, with every kind of thing that one can hold. */
import type { LayerReport, QuantizeReport, ValueReport } from '../../src/workflow/graph/report.js'

/** xorshift32 in 0 … 1. */
function generator(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

const FIRES = [2, 3, 4, 5, 6, 7, 8, 9]
const BINS = 128

/** Counts of `total` values with a density over a range. */
function histogramOf(range: readonly [number, number], total: number, density: (x: number) => number): { range: readonly [number, number]; counts: number[] } {
  const middles = Array.from({ length: BINS }, (_, i) => range[0] + ((i + 0.5) / BINS) * (range[1] - range[0]))
  const weights = middles.map(density)
  const sum = weights.reduce((a, b) => a + b, 0)
  return { range, counts: weights.map((w) => Math.round((w / sum) * total)) }
}

/** A value after a rectifier: a peak at zero and a long tail that the chosen range cuts. */
function rectified(name: string, max: number, reach: number): ValueReport {
  const chosen = max * reach
  const histogram = histogramOf([0, max], 4e6, (x) => Math.exp((-9 * x) / max) + (x < max / BINS ? 8 : 0) + 2e-6)
  return { name, dtype: 'uint8', scale: chosen / 127, zeroPoint: 0, seen: [0, max], chosen: [0, chosen], histogram }
}

/** A value around zero. */
function normal(name: string, deviation: number, reach: number): ValueReport {
  const max = 5 * deviation
  const [low, high] = [-max * reach, max * reach]
  const histogram = histogramOf([-max, max], 3e6, (x) => Math.exp(-((x / deviation) ** 2) / 2))
  const scale = (high - low) / 127
  return { name, dtype: 'uint8', scale, zeroPoint: 64, seen: [-max * 0.98, max], chosen: [low, high], histogram }
}

function conv(name: string, sqnr: number, elements: number, channels: number): LayerReport {
  return { name, op: 'Conv', output: `${name}_1`, quantized: true, sqnr, sqnrAlone: sqnr + 6, weights: { elements, channels, scaleMin: 0.00093, scaleMax: 0.0137 } }
}

/** The report of a small image classifier; the same numbers every time. */
export function classifierReport(): QuantizeReport {
  const next = generator(0x5eed)
  const layers = [conv('conv1', 38.4, 14112, 96)]
  const values = [normal('data_0', 61, 0.83), rectified('conv1_1', 1104, 0.52)]
  for (const fire of FIRES) {
    const base = 34 - 1.9 * fire
    const [squeeze, expand1, expand3] = ['squeeze1x1', 'expand1x1', 'expand3x3'].map((part) => `fire${fire}/${part}`) as [string, string, string]
    layers.push(
      conv(squeeze, base + 4 * next(), 1536 * fire, 8 * fire), conv(expand1, base - 2 + 3 * next(), 1024 * fire, 32 * fire), conv(expand3, base - 2 + 3 * next(), 9216 * fire, 32 * fire),
      { name: `fire${fire}/concat`, op: 'Concat', output: `fire${fire}/concat_1`, quantized: true, sqnr: base - 1 },
    )
    values.push(rectified(`${squeeze}_1`, 800 + 500 * next(), 0.4 + 0.4 * next()), rectified(`fire${fire}/concat_1`, 500 + 400 * next(), 0.45 + 0.5 * next()))
  }
  layers.push({ ...conv('conv10', 9.2, 512000, 1000), quantized: true }, { name: 'pool10', op: 'GlobalAveragePool', output: 'pool10_1', quantized: true, sqnr: 17.6 })
  layers.push({ name: 'prob', op: 'Softmax', output: 'softmaxout_1', quantized: false, reason: 'kept to bring the error under the tolerance', sqnr: 15.8 })
  values.push(
    rectified('conv10_1', 96, 0.61), rectified('pool10_1', 41, 1),
    { name: 'softmaxout_1', dtype: 'uint8', scale: 1 / 256, zeroPoint: 0, seen: [0, 0.998], chosen: [0, 255 / 256] },
  )
  return {
    kind: 'static', model: 'squeezenet1.0-deepcompression.onnx', engine: 'fbgemm', calibrateMethod: 'histogram', batches: 100, samples: 100,
    bytes: { before: 4_956_208, after: 1_317_532 }, seconds: { prepare: 0.213, calibrate: 9.84, convert: 0.312, measure: 4.27, score: 6.1 },
    layers, values, outputs: [{ name: 'softmaxout_1', sqnr: 15.8 }],
    worst: [4, 7.1, 8.9, 9.3, 10.4, 10.8].map((sqnr, i) => ({ index: 13 * i + 5, sqnr })),
    accuracy: [
      { set: 'unseen', samples: 100, float: { top1: 0.64, top5: 0.85, correct: 64 }, int8: { top1: 0.64, top5: 0.84, correct: 64 } },
      { set: 'all', samples: 200, float: { top1: 0.64, top5: 0.84, correct: 128 }, int8: { top1: 0.635, top5: 0.84, correct: 127 } },
    ],
    warnings: ['2 batches held infinities; they were left out of the ranges of conv10_1.'],
  }
}

/** What a dynamic quantization leaves: no batches, no observed values. */
export function dynamicReport(): QuantizeReport {
  const layer = (name: string, op: string, quantized: boolean, reason?: string): LayerReport => ({ name, op, output: `${name}_out`, quantized, ...(reason && { reason }), weights: { elements: 65536, channels: 1, scaleMin: 0.0021, scaleMax: 0.0021 } })
  return {
    kind: 'dynamic', model: 'dtln_model_1.onnx', engine: 'qnnpack', batches: 0, samples: 0, bytes: { before: 1_478_102, after: 402_211 }, seconds: { convert: 0.08 },
    layers: [layer('lstm_1', 'LSTM', true), layer('lstm_2', 'LSTM', true), layer('dense', 'MatMul', true), layer('conv', 'Conv', false, 'dynamic quantization leaves Conv in float')],
    values: [], outputs: [], worst: [], warnings: [],
  }
}

/** Text that would do harm if it were not escaped, by what it tries. */
export const HOSTILE = [
  '<script>document.title="owned"</script>', '"><img src=x onerror=\'document.title="owned"\'>', '</title></style></script><svg onload=alert(1)>', '\'-alert(1)-\' & &lt;b&gt;',
  'javascript:alert(1)', '\u202eevil\u202c \u0000\u0007\u001b[31m', '\ud800 half', 'a'.repeat(400), '${alert(1)} {{7*7}} --> <!--',
] as const

/** A report in which every string is one of HOSTILE. */
export function hostileReport(): QuantizeReport {
  const report = classifierReport()
  let i = 0
  const evil = () => HOSTILE[i++ % HOSTILE.length]!
  const renamed = (scores: Readonly<Record<string, number>>) => Object.fromEntries(Object.values(scores).map((v, k) => [`${HOSTILE[k]}`, v]))
  return {
    ...report, model: HOSTILE[0], engine: evil() as never, calibrateMethod: evil() as never,
    seconds: Object.fromEntries(HOSTILE.slice(0, 4).map((s) => [s, 1])),
    layers: report.layers.map((l, k) => ({ ...l, name: evil(), op: evil(), output: evil(), quantized: k % 3 > 0, reason: evil() })),
    values: report.values.map((v) => ({ ...v, name: evil(), dtype: evil() as never })),
    outputs: HOSTILE.map((name) => ({ name, sqnr: NaN })),
    accuracy: report.accuracy!.map((a) => ({ ...a, set: evil(), float: renamed(a.float), int8: renamed(a.int8) })),
    warnings: HOSTILE,
  }
}
