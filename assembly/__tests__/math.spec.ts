import { exp } from "../math/exp";
import { exp64, log64 } from "../math/f64";
import { log } from "../math/log";
import { SIMD } from "../tier";

/** The bits of a float32, all NaN alike. */
function bits(x: f32): u32 {
  return x != x ? 0x7fc00000 : reinterpret<u32>(x);
}

/** Distance of `got` from `want`, relative where that makes sense. */
function off(got: f64, want: f64): f64 {
  return abs(got - want) / max(1e-300, abs(want));
}

describe("math", () => {
  test("one lane and four give the same bits over all of float32", () => {
    if (SIMD) for (let i: u32 = 0; i < 0xff000000; i += 0x3fffe3) {
      const x = reinterpret<f32>(i), four = f32x4.splat(x), e = exp<v128>(four), l = log<v128>(four);
      expect(bits(f32x4.extract_lane(e, 2))).toBe(bits(exp<f32>(x)));
      expect(bits(f32x4.extract_lane(l, 1))).toBe(bits(log<f32>(x)));
    }
    expect(bits(exp<f32>(NaN))).toBe(bits(NaN));
  });

  test("exp64 is within 2 ulp of the library's, and exact at its edges", () => {
    for (let x: f64 = -740; x < 709; x += 0.37137) {
      const want = NativeMath.exp(x);
      expect(abs(exp64(x) - want)).toBeLessThan(4.5e-16 * want + 1.5e-323); // subnormals come in steps of 5e-324
    }
    expect(exp64(0)).toBe(1);
    expect(exp64(-Infinity)).toBe(0);
    expect(exp64(Infinity)).toBe(Infinity);
    expect(exp64(710)).toBe(Infinity);
    expect(exp64(NaN)).toBeNaN();
  });

  test("log64 is within 2 ulp of the library's, and exact at its edges", () => {
    for (let x: f64 = 5e-324; x < 1e308; x *= 1.7717) if (abs(NativeMath.log(x)) > 0.01) expect(off(log64(x), NativeMath.log(x))).toBeLessThan(4.5e-16);
    for (let x: f64 = 0.99; x < 1.01; x += 0.000137) expect(abs(log64(x) - NativeMath.log(x))).toBeLessThan(3e-18);
    expect(log64(1)).toBe(0);
    expect(log64(0)).toBe(-Infinity);
    expect(log64(Infinity)).toBe(Infinity);
    expect(log64(-1)).toBeNaN();
    expect(log64(NaN)).toBeNaN();
  });
});
