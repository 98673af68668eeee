/**
 * Element types as kernels see them: the numbers of ONNX's TensorProto.DataType, and the only
 * isSigned<T>()/sizeof<T>() tests. int4 and uint4 are held one code to a byte.
 */
export namespace DType {
  // @ts-ignore: decorator
  @inline export const FLOAT32: i32 = 1;
  // @ts-ignore: decorator
  @inline export const UINT8: i32 = 2;
  // @ts-ignore: decorator
  @inline export const INT8: i32 = 3;
  // @ts-ignore: decorator
  @inline export const UINT16: i32 = 4;
  // @ts-ignore: decorator
  @inline export const INT16: i32 = 5;
  // @ts-ignore: decorator
  @inline export const INT32: i32 = 6;
  // @ts-ignore: decorator
  @inline export const INT64: i32 = 7;
  // @ts-ignore: decorator
  @inline export const BOOL: i32 = 9;
  // @ts-ignore: decorator
  @inline export const FLOAT16: i32 = 10;
  // @ts-ignore: decorator
  @inline export const FLOAT64: i32 = 11;
  // @ts-ignore: decorator
  @inline export const UINT32: i32 = 12;
  // @ts-ignore: decorator
  @inline export const UINT64: i32 = 13;
  // @ts-ignore: decorator
  @inline export const UINT4: i32 = 21;
  // @ts-ignore: decorator
  @inline export const INT4: i32 = 22;
}
