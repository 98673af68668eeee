/** exp and tanh from operations that every host computes alike, to about one unit of double precision. */

const LN2_HIGH = 0.693147180369123816490
const LN2_LOW = 1.90821492927058770002e-10
const TERMS = 14

/** eˣ: x = k·ln 2 + r, a polynomial in r, and k doublings. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.7) return Infinity
  if (x < -745) return 0
  const k = Math.round(x * 1.4426950408889634)
  const r = x - k * LN2_HIGH - k * LN2_LOW
  let sum = 1
  for (let i = TERMS; i > 0; i--) sum = 1 + (r / i) * sum
  let scale = 1
  for (let i = Math.abs(k); i > 0; i--) scale *= 2
  return k < 0 ? sum / scale : sum * scale
}

export const sigmoid = (x: number): number => 1 / (1 + exp(-x))
export const tanh = (x: number): number => (Math.abs(x) > 20 ? Math.sign(x) : 1 - 2 / (exp(2 * x) + 1))

/** The error function to 1e-15 (Abramowitz & Stegun 7.1.6 near 0, its continued fraction 7.1.14 beyond 3). */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 3) {
    let [term, sum] = [a, a]
    for (let n = 1; n < 80; n++) sum += term *= (2 * a * a) / (2 * n + 1)
    return Math.sign(x) * 1.1283791670955126 * exp(-a * a) * sum
  }
  let fraction = a
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction
  return Math.sign(x) * (1 - (exp(-a * a) * 0.5641895835477563) / fraction)
}
