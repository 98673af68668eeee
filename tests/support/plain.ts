/** Tensors as the golden scripts of eager mode write them: elements in base64, codes with scales and zero points. */
import assert from 'node:assert/strict'
import { fromArray } from '../../src/autograd/create.js'
import { makePerChannelQuantizedTensor, makePerTensorQuantizedTensor } from '../../src/autograd/quantized/quantize.js'
import type { Tensor } from '../../src/autograd/tensor.js'

export interface Plain { dims: number[]; dtype: string; data: string; scale?: number | number[]; zero?: number | number[] }

const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array }
export const arrayOf = ({ data, dtype }: Plain) => new ARRAYS[dtype as keyof typeof ARRAYS](new Uint8Array(Buffer.from(data, 'base64')).buffer)

/** A float tensor, or codes with their quantizer (axis 0 where scales are a list). */
export function tensorOf(p: Plain): Tensor {
  const plain = fromArray(arrayOf(p) as Float32Array, p.dims)
  if (p.scale === undefined) return plain
  return Array.isArray(p.scale) ? makePerChannelQuantizedTensor(plain, p.scale, p.zero as number[], 0) : makePerTensorQuantizedTensor(plain, p.scale, p.zero as number)
}
export const stateOf = (state: Record<string, Plain>): Record<string, Tensor> => Object.fromEntries(Object.entries(state).map(([key, value]) => [key, tensorOf(value)]))

/** Shape, codes or elements, scales and zero points. */
export function equal(t: Tensor, expected: Plain, where: string): void {
  assert.deepEqual([...t.shape], expected.dims, where)
  assert.deepEqual(t.toArray(), arrayOf(expected), where)
  if (expected.scale === undefined) return assert.equal(t.quantizer, undefined, where)
  const q = t.quantizer!
  assert.deepEqual(q.qscheme === 'per_tensor_affine' ? [q.scale, q.zeroPoint] : [[...q.scales], [...q.zeroPoints]], [expected.scale, expected.zero], where)
}
