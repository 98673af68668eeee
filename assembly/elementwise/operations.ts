/**
 * The binary functions as templates: `of<T>(a, b)` for any element type, and for four f32 (v128) where f32_binary
 * vectorises them. Integers wrap; what ONNX leaves undefined gives 0 and never traps.
 */
import { pow64 } from "../math/f64";
import { add, div, mul, splat, sub, whenLess } from "../math/lane";
import { maximum, minimum } from "./lanes";

/** Op codes of BroadcastParams; `BINARY` in src/runtime/op-codes.ts lists the same names in the same order. */
export const enum BinaryOp {
  ADD, SUB, MUL, DIV, MAX, MIN, PRELU, POW, MOD, FMOD, AND, OR, XOR, SHIFT_LEFT, SHIFT_RIGHT, EQUAL, LESS, LESS_OR_EQUAL,
}

// @ts-ignore: decorator
@unmanaged export class Add {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return add<T>(a, b); }
}

// @ts-ignore: decorator
@unmanaged export class Sub {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return sub<T>(a, b); }
}

// @ts-ignore: decorator
@unmanaged export class Mul {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return mul<T>(a, b); }
}

/** Integers: toward zero; by zero gives 0, the most negative value by −1 gives itself. */
// @ts-ignore: decorator
@unmanaged export class Div {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T {
    if (isInteger<T>()) {
      if (!b) return 0;
      if (isSigned<T>() && b == -1) return <T>(0 - a);
      return <T>(a / b);
    } else return div<T>(a, b);
  }
}

// @ts-ignore: decorator
@unmanaged export class Max {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return maximum<T>(a, b); }
}

// @ts-ignore: decorator
@unmanaged export class Min {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return minimum<T>(a, b); }
}

/** a < 0 ? a·b : a. */
// @ts-ignore: decorator
@unmanaged export class PRelu {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T {
    if (isVector<T>()) return whenLess<T>(a, splat<T>(0), mul<T>(a, b), a);
    else return a < <T>0 ? <T>(a * b) : a;
  }
}

/** Integers by squaring, wrapping; a negative exponent is the truncated real power: 0 but for bases 1 and −1. */
// @ts-ignore: decorator
@unmanaged export class Pow {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T {
    if (isInteger<T>()) return integerPower<T>(a, b);
    else if (sizeof<T>() == 8) return <T>doublePower(a, b);
    else return <T>floatPower(a, b);
  }
}

/** C's pow: AssemblyScript follows JavaScript, where 1 to the NaN and ±1 to the ±∞ are NaN. */
function floatPower(a: f32, b: f32): f32 {
  if (a == 1 || (a == -1 && abs(b) == Infinity)) return 1;
  return NativeMathf.pow(a, b);
}

/** C's pow in float64: by squaring for whole exponents up to ±1024, otherwise e^(b·ln a), whose relative error grows with b·ln a (about 1e-14). */
function doublePower(a: f64, b: f64): f64 {
  if (a == 1 || b == 0 || (a == -1 && abs(b) == Infinity)) return 1;
  const size = abs(b);
  if (size <= 1024 && nearest(b) == b) {
    let result: f64 = 1, base = b < 0 ? 1 / a : a;
    for (let n = i32(size); n; n >>= 1, base *= base) if (n & 1) result *= base;
    return result;
  }
  if (a != a || b != b) return NaN;
  const base = abs(a);
  if (size == Infinity) return base > 1 == b > 0 ? Infinity : 0;
  const whole = nearest(b) == b;
  if (a < 0 && !whole && base != Infinity) return NaN;
  const power = base == 0 || base == Infinity ? (base == 0 == b > 0 ? 0 : Infinity) : pow64(base, b);
  return (a < 0 || (a == 0 && 1 / a < 0)) && whole && nearest(b * 0.5) * 2 != b ? -power : power;
}

function integerPower<T>(base: T, exponent: T): T {
  if (isSigned<T>() && exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
  let result: T = 1;
  for (; exponent; exponent >>= 1, base *= base) if (exponent & 1) result *= base;
  return result;
}

/** Integers: the remainder with the divisor's sign (Python's %); 0 when the divisor is 0. */
// @ts-ignore: decorator
@unmanaged export class Mod {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T {
    if (!b) return 0;
    if (!isSigned<T>()) return <T>(a % b);
    if (b == -1) return 0;
    const r = <T>(a % b);
    return r && (r ^ b) < 0 ? <T>(r + b) : r;
  }
}

/** The remainder with the dividend's sign (C's fmod and %); integers: 0 when the divisor is 0. */
// @ts-ignore: decorator
@unmanaged export class FMod {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T {
    if (isInteger<T>()) {
      if (!b || (isSigned<T>() && b == -1)) return 0;
      return <T>(a % b);
    } else return <T>NativeMath.mod(a, b);
  }
}

// @ts-ignore: decorator
@unmanaged export class And {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <T>(a & b); }
}

// @ts-ignore: decorator
@unmanaged export class Or {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <T>(a | b); }
}

// @ts-ignore: decorator
@unmanaged export class Xor {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <T>(a ^ b); }
}

/** Counts beyond the width shift everything out. */
// @ts-ignore: decorator
@unmanaged export class ShiftLeft {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <u64>b < sizeof<T>() * 8 ? <T>(a << b) : <T>0; }
}

// @ts-ignore: decorator
@unmanaged export class ShiftRight {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return <u64>b < sizeof<T>() * 8 ? <T>(a >> b) : <T>0; }
}

// @ts-ignore: decorator
@unmanaged export class Equal {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): bool { return a == b; }
}

// @ts-ignore: decorator
@unmanaged export class Less {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): bool { return a < b; }
}

// @ts-ignore: decorator
@unmanaged export class LessOrEqual {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): bool { return a <= b; }
}
