/** y[i] = f(x[i]): one export per element type, the function chosen by q.op outside the loop. */
import { UnaryParams } from "../abi";
import { splat } from "../math/lane";
import { SIMD } from "../tier";
import {
  Abs, Acos, Acosh, Asin, Asinh, Atan, Atanh, Ceil, Celu, Clip, Cos, Cosh, Cube, Elu, Erf, Exp, Floor, Gelu, GeluTanh, HardSigmoid, HardSwish,
  LeakyRelu, Log, Mish, Neg, Reciprocal, Relu, Round, Selu, Shrink, Sigmoid, Sign, Sin, Sinh, Softplus, Softsign, Sqrt, Swish, Tan, Tanh,
  ThresholdedRelu, UnaryOp,
} from "./functions";
import { storePart } from "./part";

/** Four lanes at a time where the tier has them; F's one body serves both arms. */
// @ts-ignore: decorator
@inline function map<F>(q: UnaryParams): void {
  let x = q.x, y = q.y;
  const end = y + (usize(q.count) << 2);
  const f = changetype<F>(0);
  if (SIMD) {
    const alpha = splat<v128>(q.alpha), beta = splat<v128>(q.beta);
    for (; y < end; x += 16, y += 16) {
      const v = f.of<v128>(v128.load(x), alpha, beta);
      if (y + 16 > end) return storePart(y, v, end - y);
      v128.store(y, v);
    }
  } else {
    const alpha = q.alpha, beta = q.beta;
    for (; y < end; x += 4, y += 4) store<f32>(y, f.of<f32>(load<f32>(x), alpha, beta));
  }
}

/** One at a time, any element type. */
// @ts-ignore: decorator
@inline function mapEach<F, T>(q: UnaryParams): void {
  let x = q.x, y = q.y;
  const end = x + usize(q.count) * sizeof<T>();
  const f = changetype<F>(0);
  for (; x < end; x += sizeof<T>(), y += sizeof<T>()) store<T>(y, f.of<T>(load<T>(x), <T>0, <T>0));
}

export function f32_unary(p: usize): void {
  const q = changetype<UnaryParams>(p);
  switch (q.op) {
    case UnaryOp.ABS: return map<Abs>(q);
    case UnaryOp.NEG: return map<Neg>(q);
    case UnaryOp.SIGN: return map<Sign>(q);
    case UnaryOp.CEIL: return map<Ceil>(q);
    case UnaryOp.FLOOR: return map<Floor>(q);
    case UnaryOp.ROUND: return map<Round>(q);
    case UnaryOp.SQRT: return map<Sqrt>(q);
    case UnaryOp.RECIPROCAL: return map<Reciprocal>(q);
    case UnaryOp.CUBE: return map<Cube>(q);
    case UnaryOp.RELU: return map<Relu>(q);
    case UnaryOp.LEAKY_RELU: return map<LeakyRelu>(q);
    case UnaryOp.THRESHOLDED_RELU: return map<ThresholdedRelu>(q);
    case UnaryOp.CLIP: return map<Clip>(q);
    case UnaryOp.SHRINK: return map<Shrink>(q);
    case UnaryOp.HARD_SIGMOID: return map<HardSigmoid>(q);
    case UnaryOp.HARD_SWISH: return map<HardSwish>(q);
    case UnaryOp.SOFTSIGN: return map<Softsign>(q);
    case UnaryOp.EXP: return map<Exp>(q);
    case UnaryOp.LOG: return map<Log>(q);
    case UnaryOp.ERF: return map<Erf>(q);
    case UnaryOp.SIGMOID: return map<Sigmoid>(q);
    case UnaryOp.TANH: return map<Tanh>(q);
    case UnaryOp.ELU: return map<Elu>(q);
    case UnaryOp.CELU: return map<Celu>(q);
    case UnaryOp.SELU: return map<Selu>(q);
    case UnaryOp.GELU: return map<Gelu>(q);
    case UnaryOp.GELU_TANH: return map<GeluTanh>(q);
    case UnaryOp.MISH: return map<Mish>(q);
    case UnaryOp.SOFTPLUS: return map<Softplus>(q);
    case UnaryOp.SWISH: return map<Swish>(q);
    case UnaryOp.SIN: return mapEach<Sin, f32>(q);
    case UnaryOp.COS: return mapEach<Cos, f32>(q);
    case UnaryOp.TAN: return mapEach<Tan, f32>(q);
    case UnaryOp.ASIN: return mapEach<Asin, f32>(q);
    case UnaryOp.ACOS: return mapEach<Acos, f32>(q);
    case UnaryOp.ATAN: return mapEach<Atan, f32>(q);
    case UnaryOp.SINH: return mapEach<Sinh, f32>(q);
    case UnaryOp.COSH: return mapEach<Cosh, f32>(q);
    case UnaryOp.ASINH: return mapEach<Asinh, f32>(q);
    case UnaryOp.ACOSH: return mapEach<Acosh, f32>(q);
    case UnaryOp.ATANH: return mapEach<Atanh, f32>(q);
  }
}

/** Abs, Neg, Sign, Ceil, Floor, Round, Sqrt, Reciprocal, Exp, Log. */
export function f64_unary(p: usize): void {
  const q = changetype<UnaryParams>(p);
  switch (q.op) {
    case UnaryOp.ABS: return mapEach<Abs, f64>(q);
    case UnaryOp.NEG: return mapEach<Neg, f64>(q);
    case UnaryOp.SIGN: return mapEach<Sign, f64>(q);
    case UnaryOp.CEIL: return mapEach<Ceil, f64>(q);
    case UnaryOp.FLOOR: return mapEach<Floor, f64>(q);
    case UnaryOp.ROUND: return mapEach<Round, f64>(q);
    case UnaryOp.SQRT: return mapEach<Sqrt, f64>(q);
    case UnaryOp.RECIPROCAL: return mapEach<Reciprocal, f64>(q);
    case UnaryOp.EXP: return mapEach<Exp, f64>(q);
    case UnaryOp.LOG: return mapEach<Log, f64>(q);
  }
}

/** Abs, Neg, Sign; the most negative value is its own Abs and Neg. */
export function i32_unary(p: usize): void {
  const q = changetype<UnaryParams>(p);
  switch (q.op) {
    case UnaryOp.ABS: return mapEach<Abs, i32>(q);
    case UnaryOp.NEG: return mapEach<Neg, i32>(q);
    case UnaryOp.SIGN: return mapEach<Sign, i32>(q);
  }
}

/** As i32_unary. */
export function i64_unary(p: usize): void {
  const q = changetype<UnaryParams>(p);
  switch (q.op) {
    case UnaryOp.ABS: return mapEach<Abs, i64>(q);
    case UnaryOp.NEG: return mapEach<Neg, i64>(q);
    case UnaryOp.SIGN: return mapEach<Sign, i64>(q);
  }
}
