/** Tensors of every type, raw and typed, dense and sparse, and what is refused before anything is allocated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PbfWriter } from 'pbf'
import { DTYPES, type DType, type TypedArray } from '../../../src/dtype.js'
import { OctavoError, type ErrorCode } from '../../../src/errors.js'
import { encodeTensor } from '../../../src/formats/onnx/encode.js'
import { TENSOR, type SparseProto, type TensorProto } from '../../../src/formats/onnx/schema.js'
import { denseOf } from '../../../src/formats/onnx/sparse.js'
import { DENSE_BYTES, decodeTensor, tensorOf } from '../../../src/formats/onnx/tensor.js'
import { writeMessage } from '../../../src/formats/onnx/write.js'
import { Tensor } from '../../../src/value.js'
import { floats, longs, node, read } from './model.js'

const refuses = (code: ErrorCode, run: () => unknown, pattern = /./): void =>
  assert.throws(run, (e) => e instanceof OctavoError && e.code === code && pattern.test(e.message) || assert.fail(`expected ${code}, got ${e}`))

const decode = (proto: TensorProto): Tensor => decodeTensor(writeMessage(proto, TENSOR)).tensor

const SAMPLES: Record<DType, TypedArray> = {
  float32: Float32Array.of(1.5, -0, NaN), float64: Float64Array.of(Math.PI, -1e300, Infinity), float16: Uint16Array.of(0x3c00, 0xfe00, 0x0001),
  int8: Int8Array.of(-128, 127, 0), uint8: Uint8Array.of(0, 255, 7), int16: Int16Array.of(-32768, 32767, 1), uint16: Uint16Array.of(0, 65535, 3),
  int32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 5), uint32: Uint32Array.of(0, 2 ** 32 - 1, 6), int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n),
  uint64: BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 53n + 1n), bool: Uint8Array.of(0, 1, 1), int4: Int8Array.of(-8, 7, -1), uint4: Uint8Array.of(0, 15, 9),
}

const typedField = (dtype: DType): keyof TensorProto =>
  ({ float32: 'floats', float64: 'doubles', int64: 'int64s', uint64: 'uint64s', uint32: 'uint64s' } as Partial<Record<DType, keyof TensorProto>>)[dtype] ?? 'int32s'

for (const dtype of Object.keys(DTYPES) as DType[]) {
  test(`${dtype}: raw, and in its typed field`, () => {
    const tensor = new Tensor(dtype, SAMPLES[dtype], [3, 1])
    const { name, tensor: raw } = decodeTensor(encodeTensor('t', tensor))
    assert.deepEqual([name, raw], ['t', tensor])
    const nibbles = dtype === 'int4' || dtype === 'uint4'
    const values = nibbles ? [(Number(SAMPLES[dtype][0]) & 15) | ((Number(SAMPLES[dtype][1]) & 15) << 4), Number(SAMPLES[dtype][2]) & 15] : Array.from(SAMPLES[dtype] as ArrayLike<number | bigint>)
    assert.deepEqual(decode({ dims: [3, 1], dtype: DTYPES[dtype].code, [typedField(dtype)]: values }), tensor)
    assert.equal(decode({ dims: [0, 5], dtype: DTYPES[dtype].code }).size, 0)
  })
}

test('typed fields without packing, and packed in pieces', () => {
  const write = (fill: (pbf: PbfWriter) => void): Uint8Array => { const pbf = new PbfWriter(); fill(pbf); return pbf.finish() }
  const header = (pbf: PbfWriter, dtype: number) => { pbf.writeVarintField(1, 5); pbf.writeVarintField(2, dtype) }
  const loose = write((p) => { header(p, 1); for (const v of [1, 2, 3, 4, 5]) p.writeFloatField(4, v) })
  const pieces = write((p) => { header(p, 1); p.writePackedFloat(4, [1, 2]); p.writeFloatField(4, 3); p.writePackedFloat(4, [4, 5]) })
  for (const bytes of [loose, pieces]) assert.deepEqual(decodeTensor(bytes).tensor.data, Float32Array.of(1, 2, 3, 4, 5))
  const ints = write((p) => { header(p, 3); p.writePackedVarint(5, [1, -2]); p.writeVarintField(5, -128); p.writePackedVarint(5, [127, 0]) })
  assert.deepEqual(decodeTensor(ints).tensor.data, Int8Array.of(1, -2, -128, 127, 0))
})

test('raw data are views of the file where alignment allows', () => {
  const bytes = encodeTensor('name', new Tensor('uint8', Uint8Array.of(1, 2, 3)))
  assert.equal(decodeTensor(bytes).tensor.data.buffer, bytes.buffer)
  for (let pad = 0; pad < 8; pad++) {
    const moved = new Uint8Array(64)
    const floats = encodeTensor('', new Tensor('float64', [1, 2]))
    moved.set(floats, pad)
    assert.deepEqual(decodeTensor(moved.subarray(pad, pad + floats.length)).tensor.data, Float64Array.of(1, 2))
  }
})

test('a bool is 0 or 1 whatever the file holds', () => {
  assert.deepEqual(decode({ dims: [3], dtype: 9, raw: Uint8Array.of(0, 2, 255) }).data, Uint8Array.of(0, 1, 1))
})

test('dims against data', () => {
  refuses('MODEL_TRUNCATED', () => decode({ dims: [2 ** 40], dtype: 1, raw: new Uint8Array(4) }), /expected 4398046511104 bytes, got 4/)
  refuses('MODEL_TRUNCATED', () => decode({ dims: [4], dtype: 1, floats: [1, 2] }), /expected 4 elements, got 2/)
  refuses('MODEL_TRUNCATED', () => decode({ dims: [3], dtype: 21, raw: new Uint8Array(1) }))
  refuses('MODEL_TRUNCATED', () => decode({ dims: [2], dtype: 1 }))
  refuses('MODEL_MALFORMED', () => decode({ dims: [1], dtype: 1, raw: new Uint8Array(8) }), /ask for 4 bytes, the file holds 8/)
  refuses('MODEL_MALFORMED', () => decode({ dims: [1], dtype: 7, int64s: [1, 2] }))
  refuses('MODEL_MALFORMED', () => decode({ dims: [-1], dtype: 1, raw: new Uint8Array(0) }), /dims \[-1\]/)
  refuses('MODEL_MALFORMED', () => decode({ dims: Array(20).fill(2 ** 50), dtype: 1 }))
  refuses('MODEL_MALFORMED', () => decode({ dims: Array(65).fill(1), dtype: 1, floats: [1] }))
  assert.deepEqual(decode({ dims: [2 ** 50, 0], dtype: 1 }).dims, [2 ** 50, 0])
})

test('types that Octavo does not hold', () => {
  for (const [code, name] of [[0, 'undefined'], [8, 'string'], [14, 'complex64'], [16, 'bfloat16'], [17, 'float8e4m3fn'], [99, 'type number 99']] as const)
    refuses('DTYPE_UNSUPPORTED', () => decode({ dims: [0], dtype: code }), new RegExp(`got ${name}`))
})

test('sparse tensors: by position and by coordinates', () => {
  const dense = (sparse: SparseProto) => denseOf(sparse, 's', { denseBytesLeft: DENSE_BYTES })
  const values = floats('v', [5, 6])
  const expected = new Tensor('float32', [0, 5, 0, 0, 0, 6], [2, 3])
  assert.deepEqual(dense({ values, indices: longs('', [1, 5]), dims: [2, 3] }), expected)
  assert.deepEqual(dense({ values, indices: longs('', [0, 1, 1, 2], [2, 2]), dims: [2, 3] }), expected)
  refuses('MODEL_MALFORMED', () => dense({ values, indices: longs('', [1, 6]), dims: [2, 3] }), /index 6/)
  refuses('MODEL_MALFORMED', () => dense({ values, indices: longs('', [-1, 0]), dims: [2, 3] }), /index -1/)
  refuses('MODEL_MALFORMED', () => dense({ values, indices: longs('', [0, 3, 1, 2], [2, 2]), dims: [2, 3] }), /index 3/)
  refuses('MODEL_MALFORMED', () => dense({ values, indices: longs('', [1]), dims: [2, 3] }))
  refuses('MODEL_MALFORMED', () => dense({ values, indices: { dims: [2], dtype: 6, int32s: [0, 1] }, dims: [2, 3] }), /int32/)
  refuses('DTYPE_UNSUPPORTED', () => dense({}))
  const graph = read(21, { sparseInitializers: [{ values, indices: longs('', [1, 5]), dims: [2, 3] }], nodes: [node('Relu', ['x'], ['y'])] })
  assert.deepEqual(graph.constants.get('v'), expected)
})

test('sparse tensors together stay below a bound', () => {
  const huge = { values: floats('v', []), indices: longs('', []), dims: [2 ** 30] }
  refuses('ARENA_EXHAUSTED', () => denseOf(huge, 's', { denseBytesLeft: DENSE_BYTES }))
  const big = (name: string): SparseProto => ({ values: floats(name, []), indices: longs('', []), dims: [2 ** 22] })
  refuses('ARENA_EXHAUSTED', () => read(21, { sparseInitializers: ['a', 'b', 'c', 'd', 'e'].map(big), nodes: [node('Relu', ['x'], ['y'])] }))
})

test('external data without a folder are asked for by name', () => {
  refuses('SOURCE_UNREADABLE', () => tensorOf({ dims: [1], dtype: 1, location: 1, external: [{ key: 'location', value: 'w' }] }, 'w', { denseBytesLeft: 0 }), /"w"/)
})
