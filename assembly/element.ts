import { DType } from "./dtype";

/**
 * One element of any type as f64 or i64, for the kernels that run rarely: the type is looked up at every element. Reading
 * u64 as i64 keeps its bits; f64 holds every other integer type exactly up to 2⁵³. Writing wraps integers to their width,
 * and rounds f64 to f32 or truncates it to an integer (saturating, NaN to 0).
 */
export function loadF64(p: usize, dtype: i32): f64 {
  if (dtype == DType.FLOAT32) return <f64>load<f32>(p);
  if (dtype == DType.FLOAT64) return load<f64>(p);
  return dtype == DType.UINT64 ? <f64>load<u64>(p) : <f64>loadI64(p, dtype);
}

export function storeF64(p: usize, v: f64, dtype: i32): void {
  if (dtype == DType.FLOAT32) store<f32>(p, <f32>v);
  else if (dtype == DType.FLOAT64) store<f64>(p, v);
  else storeI64(p, dtype == DType.UINT64 ? <i64>(<u64>v) : <i64>v, dtype);
}

export function loadI64(p: usize, dtype: i32): i64 {
  switch (dtype) {
    case DType.INT8: return load<i8>(p);
    case DType.UINT16: return load<u16>(p);
    case DType.INT16: return load<i16>(p);
    case DType.INT32: return load<i32>(p);
    case DType.UINT32: return load<u32>(p);
    case DType.INT64:
    case DType.UINT64: return load<i64>(p);
    default: return load<u8>(p); // uint8, bool
  }
}

export function storeI64(p: usize, v: i64, dtype: i32): void {
  const bytes = sizeOf(dtype);
  if (bytes == 1) store<u8>(p, <u8>v);
  else if (bytes == 2) store<u16>(p, <u16>v);
  else if (bytes == 4) store<u32>(p, <u32>v);
  else store<i64>(p, v);
}

/** Bytes of an element. */
export function sizeOf(dtype: i32): i32 {
  switch (dtype) {
    case DType.UINT8:
    case DType.INT8:
    case DType.BOOL: return 1;
    case DType.UINT16:
    case DType.INT16: return 2;
    case DType.INT64:
    case DType.UINT64:
    case DType.FLOAT64: return 8;
    default: return 4;
  }
}
