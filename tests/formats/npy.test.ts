import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { DTYPES, arrayOf, type DType } from '../../src/dtype.js'
import { OctavoError, type ErrorCode } from '../../src/errors.js'
import { readNpy, writeNpy } from '../../src/formats/npy.js'
import { readNpz } from '../../src/formats/npz.js'
import { Tensor } from '../../src/value.js'
import { DATA, skipWithoutData } from '../support/data.js'

const refuses = (code: ErrorCode, run: () => unknown): void => assert.throws(run, (e) => e instanceof OctavoError && e.code === code || assert.fail(`expected ${code}, got ${e}`))

/** A .npy file with this dictionary, in the given version of the format. */
function npy(dict: string, data: ArrayBufferView, version = 1): Uint8Array {
  const size = version > 1 ? 4 : 2
  const header = Buffer.alloc(8 + size)
  header.write('\x93NUMPY', 'latin1')
  header[6] = version
  header.writeUIntLE(dict.length, 8, size)
  return new Uint8Array(Buffer.concat([header, Buffer.from(dict), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]))
}
const dict = (descr: string, shape: string, fortran = 'False'): string => `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }\n`

test('every element type and rank comes back', () => {
  for (const dtype of Object.keys(DTYPES) as DType[]) for (const dims of [[], [3], [2, 3], [1, 0, 4], [2, 1, 3]]) {
    const data = arrayOf(dtype, dims.reduce((n, d) => n * d, 1))
    for (let i = 0; i < data.length; i++) data[i] = (typeof data[i] === 'bigint' ? BigInt(i % 2) : i % 2) as never
    const back = readNpy(writeNpy(new Tensor(dtype, data, dims)))
    assert.deepEqual(back, new Tensor(dtype === 'int4' ? 'int8' : dtype === 'uint4' ? 'uint8' : dtype, data, dims))
  }
})

test('the header is aligned to 64 bytes and ends in a newline, as NumPy writes it', () => {
  const bytes = writeNpy(new Tensor('float32', [1, 2]))
  assert.equal((bytes.length - 8) % 64, 0)
  assert.equal(bytes[bytes.length - 9], 10)
  assert.match(Buffer.from(bytes).toString('latin1'), /^\x93NUMPY\x01\x00.\x00\{'descr': '<f4', 'fortran_order': False, 'shape': \(2,\), \} *\n/s)
})

test('Fortran order is transposed', () => {
  const columns = npy(dict('<i4', '2, 3', 'True'), Int32Array.of(0, 3, 1, 4, 2, 5))
  assert.deepEqual(readNpy(columns), new Tensor('int32', [0, 1, 2, 3, 4, 5], [2, 3]))
  const cube = Int32Array.from({ length: 24 }, (_, i) => i)
  const fortran = cube.map((_, i) => (i % 2) * 12 + (Math.trunc(i / 2) % 3) * 4 + Math.trunc(i / 6))
  assert.deepEqual(readNpy(npy(dict('<i4', '2, 3, 4', 'True'), fortran)), new Tensor('int32', cube, [2, 3, 4]))
})

test('format 2 and 3, and any alignment', () => {
  for (const version of [1, 2, 3]) assert.deepEqual(readNpy(npy(dict('<f8', '2,'), Float64Array.of(1, 2), version)), new Tensor('float64', [1, 2]))
})

test('what is not a readable .npy file', () => {
  const good = npy(dict('<f4', '2,'), Float32Array.of(1, 2))
  for (let n = 0; n < good.length; n++) refuses('FILE_UNREADABLE', () => readNpy(good.subarray(0, n)))
  refuses('FILE_UNREADABLE', () => readNpy(new Uint8Array([...good, 0])))
  refuses('FILE_UNREADABLE', () => readNpy(npy(dict('<f4', '99999999999999999999, 99999999999999999999'), Float32Array.of(1))))
  refuses('FILE_UNREADABLE', () => readNpy(npy(dict('<f4', '-2,'), Float32Array.of(1, 2))))
  refuses('FILE_UNREADABLE', () => readNpy(npy("{'descr': '<f4'}", Float32Array.of(1))))
  for (const descr of ['>f4', '<c8', '<U3', '|O', '']) refuses('DTYPE_UNSUPPORTED', () => readNpy(npy(dict(descr, '1,'), Float32Array.of(1))))
})

test('.npz: stored and compressed arrays by name', () => {
  const [a, b] = [new Tensor('float32', Float32Array.from({ length: 1000 }, () => 0)), new Tensor('int64', [1n, -2n])]
  for (const level of [0, 9] as const)
    assert.deepEqual(readNpz(zipSync({ 'a.npy': writeNpy(a), 'folder/b.npy': writeNpy(b), 'notes.txt': new Uint8Array(3) }, { level })), new Map([['a', a], ['folder/b', b]]))
})

test('.npz: cut anywhere, or lying about sizes, it is refused or read, never anything else', () => {
  const good = zipSync({ 'a.npy': writeNpy(new Tensor('float32', Float32Array.from({ length: 100 }, (_, i) => i % 3))) }, { level: 9 })
  for (let n = 0; n < good.length; n++) refuses('FILE_UNREADABLE', () => readNpz(good.subarray(0, n)))
  for (let at = 0; at < good.length; at++) for (const value of [0, 1, 0x7f, 0xff]) {
    const bent = good.slice()
    bent[at] = value
    try { readNpz(bent) } catch (e) { assert.ok(e instanceof OctavoError, `byte ${at} = ${value}: ${e}`) }
  }
})

test('reference data', { skip: skipWithoutData }, () => {
  const refs = join(DATA!, 'refs')
  let count = 0
  for (const folder of readdirSync(refs, { withFileTypes: true })) if (folder.isDirectory())
    for (const file of readdirSync(join(refs, folder.name))) if (file.endsWith('.npy')) {
      const bytes = readFileSync(join(refs, folder.name, file))
      const tensor = readNpy(new Uint8Array(bytes), file)
      assert.deepEqual(readNpy(writeNpy(tensor)), tensor)
      count++
    }
  assert.ok(count > 20, `${count} files`)
})
