/** erf in double precision: the Maclaurin series below 3, the continued fraction of erfc (Lentz from the tail) above. */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (!(a < 6)) return Number.isNaN(x) ? NaN : Math.sign(x)
  if (a < 3) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let tail = 0
  for (let n = 60; n >= 1; n--) tail = n / 2 / (a + tail)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + tail))
}

/** In double precision, without cancellation on either side. */
export const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))

/** Distance of a float32 from a real number, in units of that number's last float32 place. */
export function ulps(got: number, real: number): number {
  const want = Math.fround(real)
  if (Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want))) return 0
  if (!Number.isFinite(got) || !Number.isFinite(want)) return Infinity
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(real) || 2 ** -149)))
  return Math.abs(got - real) / 2 ** (exponent - 23)
}
