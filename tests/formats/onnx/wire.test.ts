import assert from 'node:assert/strict'
import test from 'node:test'
import { PbfWriter } from 'pbf'
import { readMessage, type Schema } from '../../../src/formats/onnx/wire.js'

const SCHEMA: Schema = { 1: ['i', 'int'], 2: ['l', 'long'], 3: ['s', 'string'], 4: ['f', 'float'], 5: ['d', 'double'], 6: ['m', () => SCHEMA] }
const read = (bytes: Uint8Array): Record<string, unknown> => readMessage(bytes, SCHEMA)

/** A varint of 64 bits, two's complement. */
function varint(value: bigint): number[] {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, value)
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  return [...bytes, Number(left)]
}

test('every power of two and its neighbours, both signs, as long and as clamped int', () => {
  for (let bit = 0n; bit < 64n; bit++) for (const near of [-1n, 0n, 1n]) for (const sign of [1n, -1n]) {
    const value = BigInt.asIntN(64, sign * ((1n << bit) + near))
    const code = varint(value)
    const { i, l } = read(Uint8Array.of(8, ...code, 16, ...code))
    assert.equal(BigInt(l as number | bigint), value)
    assert.equal(typeof l, Number.isSafeInteger(Number(value)) ? 'number' : 'bigint', `${value}`)
    assert.equal(i, Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value))))
  }
})

test('strings of every length, with and without letters beyond ASCII; floats that are not aligned', () => {
  for (const letter of ['a', 'é', '汉', '😀']) for (const length of [0, 1, 15, 16, 31, 32, 63, 64, 65, 300]) {
    const s = 'x' + letter.repeat(length)
    const writer = new PbfWriter()
    writer.writeStringField(3, s)
    writer.writeFloatField(4, -1.5)
    writer.writeDoubleField(5, Math.PI)
    writer.writeMessage(6, (text: string, inner: PbfWriter) => inner.writeStringField(3, text), s)
    assert.deepEqual(read(writer.finish()), { s, f: -1.5, d: Math.PI, m: { s } })
  }
})

test('bytes that are no UTF-8 are replaced, as TextDecoder does', () => assert.equal(read(Uint8Array.of(26, 2, 0x61, 0xff)).s, 'a\ufffd'))

test('what ends too early says where, how much is needed and how much is there', () => {
  const fails = (bytes: number[], details: object): void => assert.throws(() => read(Uint8Array.from(bytes)), { code: 'MODEL_TRUNCATED', details })
  fails([8], { offset: 1, need: 1, have: 0 })
  fails([8, 0x80, 0x80], { offset: 1, need: 3, have: 2 })
  fails([26, 5, 0x61], { offset: 2, need: 5, have: 1 })
  fails([37, 0, 0, 0], { offset: 1, need: 4, have: 3 })
  fails([41, 0], { offset: 1, need: 8, have: 1 })
  fails([50, 2, 8, 0x80, 1], { offset: 3, need: 2, have: 1 })
  fails([26, ...varint(-1n)], { offset: 11, need: 2 ** 64, have: 0 })
})

test('a varint of more than ten bytes and a wire type that is none are refused', () => {
  assert.throws(() => read(Uint8Array.of(8, ...Array<number>(10).fill(0x80), 0)), { code: 'MODEL_MALFORMED', details: { offset: 1 } })
  assert.throws(() => read(Uint8Array.of(127)), { code: 'MODEL_MALFORMED' })
})
