import { roundEven } from './qparams.js'

const f32 = Math.fround
const SMALLEST = f32(6.1e-5)

/** Scale (a double, as PyTorch keeps it) and zero point of a range chosen at run time. */
export interface ChosenQParams {
  readonly scale: number
  readonly zeroPoint: number
}

/** The range made symmetric around 0, so that 0 keeps an exact code and positive and negative values the same steps. */
function balance(min: number, max: number, quantMin: number, quantMax: number): [number, number] {
  const half = Math.trunc((quantMax - quantMin) / 2)
  const step = Math.max(Math.abs(f32(min / -(half + 1))), Math.abs(f32(max / half)))
  return [f32(step * -(half + 1)), f32(step * half)]
}

/** A scale below 6.1e-5 would overflow its reciprocal in half precision: the range grows with it. */
function widen(min: number, max: number, scale: number, codes: number): [min: number, max: number] {
  if (min === 0) return [min, f32(SMALLEST * codes)]
  if (max === 0) return [f32(-SMALLEST * codes), max]
  const factor = f32(SMALLEST / f32(scale))
  return [f32(min * factor), f32(max * factor)]
}

/** 0 lands where it loses least: measured from the end of the range that is nearer in codes. */
function zeroPointOf(min: number, max: number, scale: number, quantMin: number, quantMax: number): number {
  const fromMin = quantMin - min / scale, fromMax = quantMax - max / scale
  const errorMin = Math.abs(quantMin) - Math.abs(min / scale), errorMax = Math.abs(quantMax) - Math.abs(max / scale)
  return errorMin < errorMax ? fromMin : fromMax
}

/**
 * Scale and zero point of a float32 range [min, max] as dynamic quantization and the fused fake-quantize choose them (PyTorch's
 * ChooseQuantizationParams). Not the formula of observers: a range of zero gets scale 0.1, scales below 6.1e-5 are raised.
 *
 * @param preserveSparsity a range on both sides of 0 is made symmetric, its zero point the middle code
 * @param reduceRange      one bit less: both bounds halved towards 0
 */
export function chooseQParams(min: number, max: number, quantMin: number, quantMax: number, preserveSparsity = false, reduceRange = false): ChosenQParams {
  if (reduceRange) [quantMin, quantMax] = [Math.trunc(quantMin / 2), Math.trunc(quantMax / 2)]
  const sparse = (): boolean => preserveSparsity && min < 0 && max > 0
  if (sparse()) [min, max] = balance(min, max, quantMin, quantMax)
  min = Math.min(min, 0)
  max = Math.max(max, 0)
  let scale = (max - min) / (quantMax - quantMin)
  if (f32(scale) === 0 || f32(1 / f32(scale)) === Infinity) scale = 0.1
  if (scale < SMALLEST) {
    [min, max] = widen(min, max, scale, quantMax - quantMin)
    scale = SMALLEST
  }
  const at = sparse() ? (quantMin + quantMax) / 2 : zeroPointOf(min, max, scale, quantMin, quantMax)
  return { scale, zeroPoint: at < quantMin ? quantMin : at > quantMax ? quantMax : roundEven(at) }
}
