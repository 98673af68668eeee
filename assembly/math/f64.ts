/**
 * exp and log of float64 for the rare double and integer operators: small code, no tables, about 1 ulp. The same
 * operations in every tier.
 */

const LN2_HIGH: f64 = 6.93147180369123816490e-1; // ln 2 to 32 bits, so that k · LN2_HIGH is exact
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/** eˣ: 2ᵏ · eʳ with |r| ≤ ln 2 / 2, eʳ by its Taylor series to r¹³ (remainder below 2⁻⁵⁷). */
export function exp64(x: f64): f64 {
  if (x > 709.8) return Infinity;
  if (x < -745.2) return 0;
  const k = nearest(x * 1.4426950408889634);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let s = r * 1.6059043836821613e-10 + 2.0876756987868099e-9;
  s = s * r + 2.5052108385441719e-8;
  s = s * r + 2.7557319223985891e-7;
  s = s * r + 2.7557319223985891e-6;
  s = s * r + 2.4801587301587302e-5;
  s = s * r + 1.9841269841269841e-4;
  s = s * r + 1.3888888888888889e-3;
  s = s * r + 8.3333333333333333e-3;
  s = s * r + 4.1666666666666667e-2;
  s = s * r + 1.6666666666666667e-1;
  s = s * r + 0.5;
  s = s * r * r + r + 1;
  const n = <i32>k, half = n >> 1;
  return s * power2(half) * power2(n - half);
}

/** ln x: k · ln 2 + 2·artanh(s) with s = (m − 1)/(m + 1), m in [√½, √2), by its series to s²³. */
export function log64(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (!(x < Infinity)) return x;
  const tiny = x < 2.2250738585072014e-308;
  const bits = reinterpret<i64>(tiny ? x * 18014398509481984 : x);
  let k = i32(bits >> 52) - (tiny ? 1023 + 54 : 1023);
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  const s = (m - 1) / (m + 1), z = s * s;
  let t: f64 = 0;
  for (let i: f64 = 23; i > 1; i -= 2) t = (t + 1 / i) * z;
  return <f64>k * LN2_HIGH + (2 * s + (2 * s * t + <f64>k * LN2_LOW));
}

/** xʸ for x ≥ 0 and finite y. */
export function pow64(x: f64, y: f64): f64 {
  return y == 1 ? x : exp64(y * log64(x));
}

// @ts-ignore: decorator
@inline
function power2(n: i32): f64 {
  return reinterpret<f64>(i64(n + 1023) << 52);
}
