import { PbfWriter } from 'pbf'
import type { Kind, Schema } from './wire.js'

const VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5

/** Serializes a message whose keys are the schema's names; what is undefined is left out, lists of numbers are packed. */
export function writeMessage(message: object, schema: Schema): Uint8Array {
  const pbf = new PbfWriter()
  fields(message as Record<string, unknown>, schema, pbf)
  return pbf.finish()
}

function fields(message: Record<string, unknown>, schema: Schema, pbf: PbfWriter): void {
  for (const [tag, [name, kind, repeated]] of Object.entries(schema)) {
    const value = message[name]
    if (value === undefined) continue
    if (!repeated) field(Number(tag), kind, value, pbf)
    else if (kind === 'string' || typeof kind === 'function') for (const one of value as unknown[]) field(Number(tag), kind, one, pbf)
    else if ((value as ArrayLike<unknown>).length) pbf.writeMessage(Number(tag), packed, { kind, values: Array.from(value as ArrayLike<number | bigint>) })
  }
}

function packed({ kind, values }: { kind: Kind; values: readonly (number | bigint)[] }, pbf: PbfWriter): void {
  for (const value of values) scalar(kind, value, pbf)
}

function field(tag: number, kind: Kind, value: unknown, pbf: PbfWriter): void {
  if (typeof kind === 'function') return pbf.writeMessage(tag, (message, into) => fields(message as Record<string, unknown>, kind(), into), value as object)
  pbf.writeTag(tag, kind === 'float' ? FIXED32 : kind === 'double' ? FIXED64 : kind === 'string' || kind === 'bytes' ? BYTES : VARINT)
  if (kind === 'string') pbf.writeString(value as string)
  else if (kind === 'bytes') pbf.writeBytes(value as Uint8Array)
  else scalar(kind, value as number | bigint, pbf)
}

function scalar(kind: Kind, value: number | bigint, pbf: PbfWriter): void {
  if (kind === 'float') pbf.writeFloat(Number(value))
  else if (kind === 'double') pbf.writeDouble(Number(value))
  else if (typeof value === 'bigint') varint64(value, pbf)
  else pbf.writeVarint(value)
}

/** pbf's own varints round beyond ±2⁵³. */
function varint64(value: bigint, pbf: PbfWriter): void {
  pbf.realloc(10)
  let rest = BigInt.asUintN(64, value)
  for (; rest > 0x7fn; rest >>= 7n) pbf.buf[pbf.pos++] = Number(rest & 0x7fn) | 0x80
  pbf.buf[pbf.pos++] = Number(rest)
}
