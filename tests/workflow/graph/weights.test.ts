import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MinMaxObserver } from '../../../src/quantization/min-max-observer.js'
import { perChannelWeightObserverRangeNeg127To127 } from '../../../src/quantization/observers.js'
import { quantizeWeight, transposeLast, type WeightOptions } from '../../../src/workflow/graph/weights.js'
import { OctavoError } from '../../../src/errors.js'
import { Tensor } from '../../../src/value.js'
import { eachTier } from '../../quantization/golden.js'
import { roundEven } from '../../reference/quantize.js'
import { random } from '../../tiers/harness.js'

const f = Math.fround

/** Values around zero; every channel of every axis has its own size; some are exactly half-way between codes. */
function weightOf(dims: number[], seed: number): Tensor {
  const next = random(seed)
  const size = dims.reduce((a, b) => a * b, 1)
  return new Tensor('float32', Float32Array.from({ length: size }, (_, i) => (i % 17 === 3 ? 0 : (next() / 2 ** 32 - 0.4) * (1 + (i % 5)))), dims)
}

interface Expected { codes: number[]; scale: number[]; zero: number[] }

/** The definition, one channel after the other: ranges that hold 0, float32 scales, codes by division. */
function reference(w: Tensor, lo: number, hi: number, symmetric: boolean, axis: number | undefined, least = 2 ** -23): Expected {
  const { dims } = w, at = axis === undefined ? 0 : (axis + dims.length) % dims.length
  const inner = dims.slice(at + 1).reduce((a, b) => a * b, 1)
  const channelOf = (i: number): number => (axis === undefined ? 0 : Math.floor(i / inner) % dims[at]!)
  const scale: number[] = [], zero: number[] = []
  for (let c = 0; c < (axis === undefined ? 1 : dims[at]!); c++) {
    const own = Array.from(w.data as Float32Array).filter((_, i) => channelOf(i) === c)
    const min = Math.min(0, ...own), max = Math.max(0, ...own), reach = Math.max(-min, max)
    scale.push(Math.max(least, symmetric ? f(reach / f((hi - lo) / 2)) : f(f(max - min) / (hi - lo))))
    zero.push(symmetric ? (lo === 0 ? 128 : 0) : Math.min(hi, Math.max(lo, lo - roundEven(f(min / scale[c]!)))))
  }
  const codes = Array.from(w.data as Float32Array, (v, i) => Math.min(hi, Math.max(lo, roundEven(f(v / scale[channelOf(i)]!)) + zero[channelOf(i)]!)))
  return { codes, scale: scale.map(f), zero }
}

function check(w: Tensor, options: WeightOptions, expected: Expected): void {
  const { codes, scale, zeroPoint } = quantizeWeight(w, options)
  const label = `[${w.dims}] ${JSON.stringify(options)}`
  assert.deepEqual(codes.dims, w.dims, label)
  const qDims = options.axis === undefined ? [] : [expected.scale.length]
  assert.deepEqual([scale.dims, zeroPoint.dims], [qDims, qDims], label)
  assert.equal(zeroPoint.dtype, codes.dtype, label)
  assert.deepEqual(Array.from(scale.data as Float32Array), expected.scale, label)
  assert.deepEqual(Array.from(zeroPoint.data as Int8Array), expected.zero, label)
  assert.deepEqual(Array.from(codes.data as Int8Array), expected.codes, label)
}

test('weights, per tensor and along every axis, in both types and sizes, against the definition', () => eachTier(({ tier }) => {
  let cases = 0
  for (const dims of [[1], [19], [3, 5], [16, 16], [5, 33], [33, 5], [2, 3, 4], [4, 3, 3, 3], [2, 17, 31]])
    for (const axis of [undefined, ...dims.keys(), -1])
      for (const dtype of ['int8', 'uint8'] as const)
        for (const symmetric of [true, false])
          for (const reduceRange of [false, true]) {
            if (dtype === 'uint8' && symmetric && reduceRange) continue
            const [lo, hi] = dtype === 'int8' ? (reduceRange ? [-64, 63] : [-128, 127]) : [0, reduceRange ? 127 : 255]
            const w = weightOf(dims, ++cases)
            check(w, { axis, dtype, reduceRange, symmetric }, reference(w, lo, hi, symmetric, axis))
          }
  console.log(`# ${tier}: ${cases} weights`)
  assert.ok(cases > 200)
}))

test('the observer that is given decides; int8 is symmetric and uint8 is not where nothing is said', () => eachTier(() => {
  const w = weightOf([6, 40], 7)
  check(w, { axis: 1, observer: perChannelWeightObserverRangeNeg127To127 }, reference(w, -127, 127, true, 1, 2 ** -12))
  check(w, { observer: MinMaxObserver.withArgs({ dtype: 'quint8', quantMin: 0, quantMax: 15 }) }, reference(w, 0, 15, false, undefined))
  check(w, { axis: 0 }, reference(w, -128, 127, true, 0))
  check(w, { dtype: 'uint8' }, reference(w, 0, 255, false, undefined))
}))

test('a channel of zeros gets the smallest scale and its zero point', () => eachTier(() => {
  const w = new Tensor('float32', Float32Array.of(0, 0, 0, 1, -2, 0.5), [2, 3])
  check(w, { axis: 0 }, reference(w, -128, 127, true, 0))
}))

test('what cannot be quantized is refused', () => eachTier(() => {
  const refuses = (code: string, w: Tensor, options: WeightOptions = {}): void =>
    assert.throws(() => quantizeWeight(w, options), (e) => e instanceof OctavoError && e.code === code, `${code} [${w.dims}]`)
  const holding = (v: number): Tensor => new Tensor('float32', Float32Array.of(1, v, 2, 3), [2, 2])
  for (const v of [NaN, Infinity, -Infinity]) for (const axis of [undefined, 0, 1]) refuses('QPARAMS_INVALID', holding(v), { axis })
  for (const axis of [undefined, 0]) refuses('QPARAMS_INVALID', new Tensor('float32', new Float32Array(0), [0, 3]), { axis })
  refuses('CALIBRATION_INVALID', holding(1), { axis: 2 })
  refuses('DTYPE_MISMATCH', new Tensor('int8', Int8Array.of(1), [1]))
  refuses('OPTION_INVALID', holding(1), { dtype: 'uint8', symmetric: true, reduceRange: true })
}))

test('the last two axes swapped, floats and codes', () => eachTier(() => {
  for (const dims of [[1, 1], [4, 4], [16, 8], [3, 7, 33], [2, 16, 17], [5, 0]]) {
    const [rows, columns] = dims.slice(-2) as [number, number]
    const floats = weightOf(dims, 5), codes = new Tensor('int8', Int8Array.from({ length: floats.size }, (_, i) => i * 7), dims)
    for (const x of [floats, codes]) {
      const y = transposeLast(x)
      assert.deepEqual(y.dims, [...dims.slice(0, -2), columns, rows])
      const expected = Array.from(x.data as Int8Array, (_, i) => {
        const [o, at] = [Math.floor(i / (rows * columns)), i % (rows * columns)]
        return x.data[(o * rows + (at % rows)) * columns + Math.floor(at / rows)]
      })
      assert.deepEqual(Array.from(y.data as Int8Array), expected, `[${dims}]`)
    }
  }
}))
