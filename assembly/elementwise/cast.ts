/**
 * y[i] = x[i] in another element type. Every pair goes through blocks of 256 elements in scratch, held as f64 (from a float
 * type) or i64 (from an integer type), so that types cost loops in their sum, not in their product; common pairs have a loop
 * of their own.
 */
import { CastParams } from "../abi";
import { DType } from "../dtype";
import { SIMD } from "../tier";
import { float4ToHalf, floatToHalf, half4ToFloat, halfToFloat, oddFloat } from "./half";

const BLOCK: i32 = 256;

/** Element i of the block (8 bytes each) is x's, widened to S. */
// @ts-ignore: decorator
@inline function widen<T, S>(x: usize, block: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) store<S>(block + (i << 3), <S>load<T>(x + i * sizeof<T>()));
}

// @ts-ignore: decorator
@inline function widenHalves(x: usize, block: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) store<f64>(block + (i << 3), f64(halfToFloat(load<u16>(x + (i << 1)))));
}

/** Fills the block: f64 from a float type (true), i64 from an integer type (false). */
function read(type: i32, x: usize, block: usize, n: usize): bool {
  switch (type) {
    case DType.FLOAT32: widen<f32, f64>(x, block, n); return true;
    case DType.FLOAT64: memory.copy(block, x, n << 3); return true;
    case DType.FLOAT16: widenHalves(x, block, n); return true;
    case DType.INT8: case DType.INT4: widen<i8, i64>(x, block, n); return false;
    case DType.INT16: widen<i16, i64>(x, block, n); return false;
    case DType.UINT16: widen<u16, i64>(x, block, n); return false;
    case DType.INT32: widen<i32, i64>(x, block, n); return false;
    case DType.UINT32: widen<u32, i64>(x, block, n); return false;
    case DType.INT64: case DType.UINT64: memory.copy(block, x, n << 3); return false;
    default: widen<u8, i64>(x, block, n); return false;
  }
}

/**
 * Turns a block of f64 into the i64 whose low bits are the result: toward zero, NaN is 0; beyond int32 (types of up to
 * 32 bits, uint32 apart) or int64 the nearest bound is taken before the low bits are.
 */
function truncate(type: i32, block: usize, n: usize): void {
  const end = block + (n << 3);
  if (type == DType.BOOL) {
    for (; block < end; block += 8) store<i64>(block, load<f64>(block) != 0 ? 1 : 0);
  } else if (type == DType.INT64 || type == DType.UINT32) {
    for (; block < end; block += 8) store<i64>(block, <i64>load<f64>(block));
  } else if (type == DType.UINT64) {
    for (; block < end; block += 8) {
      const v = load<f64>(block);
      store<i64>(block, v < 0 ? <i64>v : <i64><u64>v);
    }
  } else {
    for (; block < end; block += 8) store<i64>(block, <i64><i32>load<f64>(block));
  }
}

// @ts-ignore: decorator
@inline function narrow<S, T>(block: usize, y: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) store<T>(y + i * sizeof<T>(), <T>load<S>(block + (i << 3)));
}

// @ts-ignore: decorator
@inline function narrowHalves(block: usize, y: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) store<u16>(y + (i << 1), floatToHalf(oddFloat(load<f64>(block + (i << 3)))));
}

/** Writes a block of i64 (u64 when `unsigned`) as an integer or float type. */
function write(type: i32, block: usize, y: usize, n: usize, unsigned: bool): void {
  switch (type) {
    case DType.FLOAT32: return unsigned ? narrow<u64, f32>(block, y, n) : narrow<i64, f32>(block, y, n);
    case DType.FLOAT64: return unsigned ? narrow<u64, f64>(block, y, n) : narrow<i64, f64>(block, y, n);
    case DType.FLOAT16:
      if (unsigned) narrow<u64, f64>(block, block, n);
      else narrow<i64, f64>(block, block, n);
      return narrowHalves(block, y, n);
    case DType.INT16: case DType.UINT16: return narrow<i64, u16>(block, y, n);
    case DType.INT32: case DType.UINT32: return narrow<i64, u32>(block, y, n);
    case DType.INT64: case DType.UINT64: return memory.copy(y, block, n << 3);
    case DType.BOOL:
      for (let i: usize = 0; i < n; i++) store<u8>(y + i, load<i64>(block + (i << 3)) ? 1 : 0);
      return;
    case DType.INT4:
      for (let i: usize = 0; i < n; i++) store<u8>(y + i, u8(load<i64>(block + (i << 3)) << 60 >> 60));
      return;
    case DType.UINT4:
      for (let i: usize = 0; i < n; i++) store<u8>(y + i, u8(load<i64>(block + (i << 3)) & 15));
      return;
    default: return narrow<i64, u8>(block, y, n);
  }
}

/** Writes a block of f64. */
function writeFloats(type: i32, block: usize, y: usize, n: usize): void {
  switch (type) {
    case DType.FLOAT32: return narrow<f64, f32>(block, y, n);
    case DType.FLOAT64: return memory.copy(y, block, n << 3);
    case DType.FLOAT16: return narrowHalves(block, y, n);
    default:
      truncate(type, block, n);
      write(type, block, y, n, false);
  }
}

/** Any type to any. Float to integer: toward zero, see `truncate`; integer to integer: the low bits; to float: the nearest, ties to even. */
export function x_cast(p: usize): void {
  const q = changetype<CastParams>(p);
  let x = q.x, y = q.y;
  for (let left = q.count; left > 0; left -= BLOCK) {
    const n = usize(min(left, BLOCK));
    if (read(q.from, x, q.scratch, n)) writeFloats(q.to, q.scratch, y, n);
    else write(q.to, q.scratch, y, n, q.from == DType.UINT64);
    x += usize(q.fromBytes) * n;
    y += usize(q.toBytes) * n;
  }
}

/** float16 to float32. */
export function f16_to_f32(p: usize): void {
  const q = changetype<CastParams>(p);
  let x = q.x, y = q.y;
  const end = y + (usize(q.count) << 2);
  if (SIMD) for (; y + 16 <= end; x += 8, y += 16) v128.store(y, half4ToFloat(v128.load_ext<u16>(x)));
  for (; y < end; x += 2, y += 4) store<f32>(y, halfToFloat(load<u16>(x)));
}

/** float32 to float16. */
export function f32_to_f16(p: usize): void {
  const q = changetype<CastParams>(p);
  let x = q.x, y = q.y;
  const end = y + (usize(q.count) << 1);
  if (SIMD) {
    for (; y + 8 <= end; x += 16, y += 8) {
      const h = float4ToHalf(v128.load(x));
      v128.store64_lane(y, i16x8.narrow_i32x4_u(h, h), 0);
    }
  }
  for (; y < end; x += 4, y += 2) store<u16>(y, floatToHalf(load<f32>(x)));
}
