/**
 * The unary functions as templates: `of<T>(x, alpha, beta)` for one f32 or for four (v128). A class stands for a function
 * because AssemblyScript prunes type parameters, not arguments.
 */
import { erf } from "../math/erf";
import { exp, expm1Small } from "../math/exp";
import { exp64, log64 } from "../math/f64";
import { add, atLeast, atMost, div, held, mul, mulAdd, splat, sub, whenLess } from "../math/lane";
import { log } from "../math/log";
import { sigmoid } from "../math/sigmoid";
import { tanh } from "../math/tanh";
import { downward, magnitude, negated, rootOf, rounded, upward } from "./lanes";

/** Op codes of UnaryParams; `UNARY` in src/runtime/op-codes.ts lists the same names in the same order. */
export const enum UnaryOp {
  ABS, NEG, SIGN, CEIL, FLOOR, ROUND, SQRT, RECIPROCAL, CUBE, RELU, LEAKY_RELU, THRESHOLDED_RELU, CLIP, SHRINK,
  HARD_SIGMOID, HARD_SWISH, SOFTSIGN, EXP, LOG, ERF, SIGMOID, TANH, ELU, CELU, SELU, GELU, GELU_TANH, MISH, SOFTPLUS,
  SWISH, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, ASINH, ACOSH, ATANH,
}

const ONE = memory.data<f32>([1]);
const ROOT_HALF = memory.data<f32>([0.70710678]);
/** 0.044715 and √(2/π) of GELU's tanh form. */
const CUBIC = memory.data<f32>([0.044715]);
const ROOT_TWO_OVER_PI = memory.data<f32>([0.7978845608]);

// @ts-ignore: decorator
@unmanaged export class Abs {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return magnitude<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Neg {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return negated<T>(x); }
}

/** −1, 0 or 1; ±0 and NaN are themselves. */
// @ts-ignore: decorator
@unmanaged export class Sign {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    if (isVector<T>()) {
      const zero = splat<T>(0);
      return whenLess<T>(zero, x, splat<T>(1), whenLess<T>(x, zero, splat<T>(-1), x));
    } else return <T>0 < x ? <T>1 : x < <T>0 ? <T>-1 : x;
  }
}

// @ts-ignore: decorator
@unmanaged export class Ceil {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return upward<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Floor {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return downward<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Round {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return rounded<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Sqrt {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return rootOf<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Reciprocal {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    if (isVector<T>()) return div<T>(splat<T>(1), x);
    else return <T>1 / x;
  }
}

/** (x·x)·x: what Pow by 3 means in ONNX Runtime. */
// @ts-ignore: decorator
@unmanaged export class Cube {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return mul<T>(mul<T>(x, x), x); }
}

// @ts-ignore: decorator
@unmanaged export class Relu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return atLeast<T>(x, splat<T>(0)); }
}

// @ts-ignore: decorator
@unmanaged export class LeakyRelu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return whenLess<T>(x, splat<T>(0), mul<T>(alpha, x), x); }
}

// @ts-ignore: decorator
@unmanaged export class ThresholdedRelu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return whenLess<T>(alpha, x, x, splat<T>(0)); }
}

/** min(max(x, alpha), beta): beta wins when the bounds are crossed, a NaN stays. */
// @ts-ignore: decorator
@unmanaged export class Clip {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return atMost<T>(atLeast<T>(x, alpha), beta); }
}

/** alpha = lambd, beta = bias. */
// @ts-ignore: decorator
@unmanaged export class Shrink {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    return whenLess<T>(x, negated<T>(alpha), add<T>(x, beta), whenLess<T>(alpha, x, sub<T>(x, beta), splat<T>(0)));
  }
}

// @ts-ignore: decorator
@unmanaged export class HardSigmoid {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return hardSigmoid<T>(x, alpha, beta); }
}

/** x · hardSigmoid(x); alpha = 1/6 and beta = 1/2 for ONNX's HardSwish. */
// @ts-ignore: decorator
@unmanaged export class HardSwish {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return mul<T>(x, hardSigmoid<T>(x, alpha, beta)); }
}

// @ts-ignore: decorator
@inline function hardSigmoid<T>(x: T, alpha: T, beta: T): T {
  return atMost<T>(atLeast<T>(add<T>(mul<T>(alpha, x), beta), splat<T>(0)), splat<T>(1));
}

// @ts-ignore: decorator
@unmanaged export class Softsign {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return div<T>(x, add<T>(splat<T>(1), magnitude<T>(x))); }
}

// @ts-ignore: decorator
@unmanaged export class Exp {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    if (isFloat<T>() && sizeof<T>() == 8) return <T>exp64(x);
    else return exp<T>(x);
  }
}

// @ts-ignore: decorator
@unmanaged export class Log {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    if (isFloat<T>() && sizeof<T>() == 8) return <T>log64(x);
    else return log<T>(x);
  }
}

// @ts-ignore: decorator
@unmanaged export class Erf {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return erf<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Sigmoid {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return sigmoid<T>(x); }
}

// @ts-ignore: decorator
@unmanaged export class Tanh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return tanh<T>(x); }
}

/** eˣ − 1 for x ≤ 0 without cancellation: −t / (t + 1), t = e^−x − 1. */
// @ts-ignore: decorator
@inline function expm1Left<T>(x: T): T {
  const t = expm1Small<T>(atMost<T>(negated<T>(x), splat<T>(20)));
  return negated<T>(div<T>(t, add<T>(t, splat<T>(1))));
}

/** x < 0 ? alpha·(eˣ − 1) : x. */
// @ts-ignore: decorator
@unmanaged export class Elu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return whenLess<T>(x, splat<T>(0), mul<T>(alpha, expm1Left<T>(x)), x); }
}

/** x < 0 ? alpha·(e^(x/alpha) − 1) : x, alpha > 0. */
// @ts-ignore: decorator
@unmanaged export class Celu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return whenLess<T>(x, splat<T>(0), mul<T>(alpha, expm1Left<T>(div<T>(x, alpha))), x); }
}

/** x < 0 ? alpha·(eˣ − 1) : beta·x, where ONNX writes gamma·alpha and gamma. */
// @ts-ignore: decorator
@unmanaged export class Selu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return whenLess<T>(x, splat<T>(0), mul<T>(alpha, expm1Left<T>(x)), mul<T>(beta, x)); }
}

/** ½·x·(1 + erf(x/√2)). */
// @ts-ignore: decorator
@unmanaged export class Gelu {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return mul<T>(mul<T>(splat<T>(0.5), x), add<T>(splat<T>(1), erf<T>(mul<T>(x, held<T>(ROOT_HALF))))); }
}

/** ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
// @ts-ignore: decorator
@unmanaged export class GeluTanh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    const cubic = mul<T>(x, mulAdd<T>(mul<T>(x, x), held<T>(CUBIC), ONE));
    return mul<T>(mul<T>(splat<T>(0.5), x), add<T>(splat<T>(1), tanh<T>(mul<T>(cubic, held<T>(ROOT_TWO_OVER_PI)))));
  }
}

/** x·tanh(ln(1 + eˣ)) = x·n / (n + 2), n = eˣ·(eˣ + 2); the quotient is 1 from x = 20. */
// @ts-ignore: decorator
@unmanaged export class Mish {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T {
    const e = exp<T>(atMost<T>(x, splat<T>(20)));
    const n = mul<T>(e, add<T>(e, splat<T>(2)));
    return mul<T>(x, div<T>(n, add<T>(n, splat<T>(2))));
  }
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|). */
// @ts-ignore: decorator
@unmanaged export class Softplus {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return add<T>(atLeast<T>(x, splat<T>(0)), log1p<T>(exp<T>(negated<T>(magnitude<T>(x))))); }
}

/** ln(1 + x) for x ≥ 0: what rounding 1 + x lost is put back by the factor x / ((1 + x) − 1) (Kahan). */
// @ts-ignore: decorator
@inline function log1p<T>(x: T): T {
  const one = splat<T>(1);
  const sum = add<T>(one, x);
  return whenLess<T>(one, sum, mul<T>(log<T>(sum), div<T>(x, sub<T>(sum, one))), x);
}

/** x·sigmoid(alpha·x). */
// @ts-ignore: decorator
@unmanaged export class Swish {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return mul<T>(x, sigmoid<T>(mul<T>(alpha, x))); }
}

// The rest is AssemblyScript's own library, one lane at a time in every tier.

// @ts-ignore: decorator
@unmanaged export class Sin {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.sin(x); }
}

// @ts-ignore: decorator
@unmanaged export class Cos {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.cos(x); }
}

// @ts-ignore: decorator
@unmanaged export class Tan {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.tan(x); }
}

// @ts-ignore: decorator
@unmanaged export class Asin {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.asin(x); }
}

// @ts-ignore: decorator
@unmanaged export class Acos {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.acos(x); }
}

// @ts-ignore: decorator
@unmanaged export class Atan {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.atan(x); }
}

// @ts-ignore: decorator
@unmanaged export class Sinh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.sinh(x); }
}

// @ts-ignore: decorator
@unmanaged export class Cosh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.cosh(x); }
}

// @ts-ignore: decorator
@unmanaged export class Asinh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.asinh(x); }
}

// @ts-ignore: decorator
@unmanaged export class Acosh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.acosh(x); }
}

// @ts-ignore: decorator
@unmanaged export class Atanh {
  // @ts-ignore: decorator
  @inline of<T>(x: T, alpha: T, beta: T): T { return <T>NativeMathf.atanh(x); }
}
