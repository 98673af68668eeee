import { roundEven } from './qparams.js'

const f32 = Math.fround

/** How PyTorch's products of quantized tensors turn sums into codes; see `columnsOf`. */
export const ARITHMETICS = ['fbgemm', 'onednn', 'qnnpack', 'xnnpack'] as const
export type Arithmetic = (typeof ARITHMETICS)[number]

/** One product's parameters, and what its kernel is, where an arithmetic minds. */
export interface ProductParams {
  readonly arithmetic: Arithmetic
  /** scales as the tensors carry them, in double; one weight scale, or one per column */
  readonly xScale: number
  readonly wScale: ArrayLike<number>
  readonly yScale: number
  readonly yZeroPoint: number
  readonly bias: Float32Array | undefined
  readonly columns: number
  /** fully connected, not a convolution */
  readonly linear: boolean
  /** qnnpack's kernel for 3×3×3 windows with one channel per group */
  readonly wide: boolean
}

/** What becomes of an accumulator, as assembly/requantize/engines.ts says. */
export type EngineStage = 'requantize' | 'joined' | 'steps' | 'wide'

/** Per-column vectors of one product, `columns` long, and the two factors of stage `steps`. */
export interface EngineColumns {
  readonly stage: EngineStage
  readonly multiplier: Float32Array
  readonly bias?: Int32Array
  readonly floatBias?: Float32Array
  readonly rest?: Float32Array
  readonly before: number
  readonly early: number
}

const ZERO = { before: 1, early: 0 }
const clampInt32 = (v: number): number => Math.min(Math.max(v, -(2 ** 31)), 2 ** 31 - 1)
/** What oneDNN's interface leaves of a scale that is handed over as its reciprocal. */
const handed = (scale: number): number => f32(1 / f32(1 / scale))
/** The same for a weight's: one scale is handed over from its double, scales per column from float32. */
export const handedWeight = (scales: ArrayLike<number>, c: number): number => handed(scales.length > 1 ? f32(scales[c]!) : scales[0]!)

/** Bias in int32 at the accumulators' scale; one multiplication by (w · x) · (1 / y). */
function qnnpack({ xScale, wScale, yScale, bias, columns, wide }: ProductParams, w: (c: number) => number): EngineColumns {
  const inverse = f32(1 / f32(yScale))
  return {
    ...ZERO, stage: wide ? 'wide' : 'requantize',
    multiplier: Float32Array.from({ length: columns }, (_, c) => f32(f32(f32(w(c)) * f32(xScale)) * inverse)),
    bias: bias && Int32Array.from({ length: columns }, (_, c) => clampInt32(roundEven(f32(bias[c]! * f32(1 / f32(w(wScale.length > 1 ? c : 0) * xScale)))))),
  }
}

/** QNNPACK's, but for the multiplier, (x · w) / y: what PyTorch's qnnpack does with signed activations where it is built with XNNPACK. */
function xnnpack(p: ProductParams, w: (c: number) => number): EngineColumns {
  const multiplier = Float32Array.from({ length: p.columns }, (_, c) => f32(f32(f32(p.xScale) * f32(w(c))) / f32(p.yScale)))
  return { ...qnnpack({ ...p, wide: false }, w), multiplier }
}

/**
 * Bias in float, in units of the accumulator: divided by the scale per column; with one scale multiplied by its reciprocal, the
 * product joining the sum unrounded (held as two floats).
 */
function fbgemm({ xScale, wScale, yScale, bias, columns }: ProductParams, w: (c: number) => number): EngineColumns {
  const unit = (c: number): number => f32(f32(xScale) * f32(w(c)))
  const multiplier = Float32Array.from({ length: columns }, (_, c) => f32(unit(c) / f32(yScale)))
  if (!bias) return { ...ZERO, stage: 'requantize', multiplier }
  if (wScale.length > 1) return { ...ZERO, stage: 'requantize', multiplier, floatBias: Float32Array.from({ length: columns }, (_, c) => f32(bias[c]! / unit(c))) }
  const joined = (c: number): number => bias[c]! * f32(1 / unit(c))
  const floatBias = Float32Array.from({ length: columns }, (_, c) => joined(c))
  return { ...ZERO, stage: 'joined', multiplier, floatBias, rest: Float32Array.from({ length: columns }, (_, c) => (Number.isFinite(floatBias[c]!) ? joined(c) - floatBias[c]! : 0)) }
}

/** Scales one after the other, bias, the reciprocal of the output's scale, its zero point; only then rounded. */
function onednn({ xScale, wScale, yScale, yZeroPoint, bias, columns, linear }: ProductParams, w: (c: number) => number): EngineColumns {
  return {
    stage: 'steps', before: handed(xScale), early: yZeroPoint,
    multiplier: new Float32Array(columns).fill(f32(1 / f32(yScale))),
    floatBias: bias ?? new Float32Array(columns),
    rest: Float32Array.from({ length: columns }, (_, c) => (linear ? handedWeight(wScale, c) : w(c))),
  }
}

/**
 * The vectors with which sums of products (zero points taken off, exact in int32) become codes as in PyTorch 2.13, to the bit.
 * Proven by tests/golden/quantized-ops.json; the formulas in words are in docs/quantization.md.
 */
export function columnsOf(p: ProductParams): EngineColumns {
  const w = (c: number): number => p.wScale[p.wScale.length > 1 ? c : 0]!
  return { fbgemm, onednn, qnnpack, xnnpack }[p.arithmetic](p, w)
}
