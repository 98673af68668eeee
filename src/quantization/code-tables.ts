import { roundEven } from './qparams.js'

const f32 = Math.fround

/** What 8-bit codes of one scale mean. */
export interface CodeParams {
  readonly scale: number
  readonly zeroPoint: number
  readonly signed: boolean
}

/**
 * How PyTorch's kernels for x86 round where they do not say it: loops over whole vectors, and what remains after them.
 *   vector    real = fma(scale, code, −scale · zero)    code = round(real · (1 / scale)) + zero
 *   rest      real = (code − zero) · scale              code = round(real · (1 / scale) + zero)
 *   tensor    real = (code − zero) · scale              code = round(fma(real, 1 / scale, zero)): dequantize() and quantize_per_tensor()
 */
export type Rounding = 'vector' | 'rest' | 'tensor'

export const bounds = (signed: boolean): readonly [lo: number, hi: number] => (signed ? [-128, 127] : [0, 255])
const clamp = (v: number, lo: number, hi: number): number => Math.min(Math.max(v, lo), hi)

/** The real value of a code. Both forms are exact in double before the one rounding. */
export function realOf(code: number, { scale, zeroPoint }: CodeParams, rounding: Rounding): number {
  const s = f32(scale)
  return rounding === 'vector' ? f32(s * code + f32(s * -zeroPoint)) : f32((code - zeroPoint) * s)
}

/** The code of a real value. */
export function codeOf(real: number, { scale, zeroPoint, signed }: CodeParams, rounding: Rounding): number {
  const inverse = f32(1 / f32(scale))
  const [lo, hi] = bounds(signed)
  if (rounding === 'vector') return clamp(roundEven(clamp(f32(real * inverse), -1e6, 1e6)) + zeroPoint, lo, hi)
  return clamp(roundEven(clamp(rounding === 'rest' ? f32(f32(real * inverse) + zeroPoint) : f32(real * inverse + zeroPoint), lo, hi)), lo, hi)
}

/** 256 answers in the order of the codes' bytes. */
const byByte = <T>(signed: boolean, value: (code: number) => T): T[] => Array.from({ length: 256 }, (_, byte) => value(signed && byte > 127 ? byte - 256 : byte))

/** The codes' real values by byte, as float32. */
export const realTable = (from: CodeParams, rounding: Rounding): Float32Array => Float32Array.from(byByte(from.signed, (code) => realOf(code, from, rounding)))

/** A function of codes by byte. */
export const codeTable = (signed: boolean, value: (code: number) => number): number[] => byByte(signed, value)

/** quantize(f(dequantize(code))) by byte; `f` gives float32 values. */
export const functionTable = (from: CodeParams, to: CodeParams, rounding: Rounding, f: (x: number) => number): number[] =>
  byByte(from.signed, (code) => codeOf(f(realOf(code, from, rounding)), to, rounding))

/** QNNPACK's addition: both operands and the sum in fixed point. */
export interface FixedAddition {
  readonly a: Int32Array
  readonly b: Int32Array
  readonly shift: number
}

/** Whether QNNPACK can add these scales: each must be at least 2⁻¹⁴ and below 2⁸ of the result's. */
export const canAddFixed = (a: number, b: number, y: number): boolean => [f32(f32(a) / f32(y)), f32(f32(b) / f32(y))].every((r) => r >= 2 ** -14 && r < 2 ** 8)

/** Multipliers of 22 bits: round(scale / yScale · 2^shift), where shift leaves the larger one below 2²². Source: QNNPACK, requantization.h and add.c. */
export function fixedAddition(a: CodeParams, b: CodeParams, yScale: number): FixedAddition {
  const [ra, rb] = [f32(f32(a.scale) / f32(yScale)), f32(f32(b.scale) / f32(yScale))]
  const most = Math.max(ra, rb)
  let exponent = 0
  while (2 ** (exponent + 1) <= most) exponent++
  while (2 ** exponent > most) exponent--
  const shift = 21 - exponent
  const [ma, mb] = [roundEven(ra * 2 ** shift), roundEven(rb * 2 ** shift)]
  const offset = ma * a.zeroPoint + mb * b.zeroPoint
  return {
    shift,
    a: Int32Array.from(byByte(a.signed, (code) => code * ma - offset)),
    b: Int32Array.from(byByte(b.signed, (code) => code * mb)),
  }
}
