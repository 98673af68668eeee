import { viewOf } from '../../dtype.js'
import { OctavoError } from '../../errors.js'

/**
 * What a field holds: `int` is a number clamped to ±(2⁵³ − 1), `long` a number or, beyond that, a bigint; a function gives
 * the schema of an embedded message (late, for messages that hold themselves).
 */
export type Kind = 'string' | 'bytes' | 'int' | 'long' | 'float' | 'double' | (() => Schema)

/** A message: field number → name, kind, and whether it repeats. Fields that are not listed are skipped. */
export type Schema = Readonly<Record<number, readonly [name: string, kind: Kind, repeated?: boolean]>>

/** A string shorter than this is read faster without TextDecoder. */
const SHORT = 64
const UTF8 = new TextDecoder()

const VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5
const WIRE_TYPE = { string: BYTES, bytes: BYTES, int: VARINT, long: VARINT, float: FIXED32, double: FIXED64 } as const

/** Messages inside messages; a subgraph takes three levels (attribute, graph, node). */
const MAX_DEPTH = 64

/**
 * Reads one protobuf message into a plain object whose keys are the schema's names. Absent fields are absent; `bytes` are
 * views into `bytes`; a repeated float or double that is packed in one piece is a typed view where alignment allows.
 *
 * @throws MODEL_TRUNCATED (offset, need, have) when a length runs past the end, MODEL_MALFORMED
 */
export function readMessage<T extends object>(bytes: Uint8Array, schema: Schema): T {
  return new Wire(bytes).message(schema, bytes.length, 0) as T
}

class Wire {
  private pos = 0
  private readonly view: DataView

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  message(schema: Schema, end: number, depth: number): object {
    if (depth > MAX_DEPTH) this.malformed(`messages are nested more than ${MAX_DEPTH} deep`)
    const out: Record<string, unknown> = {}
    while (this.pos < end) {
      const tag = this.varint(end)
      const type = tag & 7
      const spec = schema[Math.floor(tag / 8)]
      if (spec) this.field(out, spec, type, end, depth)
      else this.skip(type, end)
    }
    return out
  }

  private field(out: Record<string, unknown>, spec: Schema[number], type: number, end: number, depth: number): void {
    const name = spec[0], kind = spec[1], repeated = spec[2] // destructuring would walk an iterator, thousands of times in cold code
    const expected = typeof kind === 'function' ? BYTES : WIRE_TYPE[kind]
    if (repeated && type === BYTES && expected !== BYTES) return this.packed(out, name, kind, this.length(end))
    if (type !== expected) this.malformed(`field "${name}" has wire type ${type}, expected ${expected}`)
    const value = this.value(kind, end, depth)
    if (!repeated) out[name] = value
    else this.list(out, name).push(value)
  }

  private list(out: Record<string, unknown>, name: string): unknown[] {
    const list = out[name]
    return Array.isArray(list) ? list : (out[name] = Array.from((list as ArrayLike<unknown> | undefined) ?? [])) as unknown[]
  }

  /** Numbers without tags between them, from here to `end`. */
  private packed(out: Record<string, unknown>, name: string, kind: Kind, end: number): void {
    if ((kind === 'float' || kind === 'double') && !out[name]) {
      out[name] = this.typed(kind === 'float' ? 'float32' : 'float64', kind === 'float' ? 4 : 8, end, name)
      return
    }
    const list = this.list(out, name)
    while (this.pos < end) list.push(this.value(kind, end, 0))
  }

  private typed(dtype: 'float32' | 'float64', width: number, end: number, name: string): ArrayLike<number | bigint> {
    const part = this.bytes.subarray(this.pos, end)
    if (part.length % width) this.malformed(`field "${name}" has ${part.length} bytes, expected a multiple of ${width}`)
    this.pos = end
    return alignedView(dtype, part, width)
  }

  private value(kind: Kind, end: number, depth: number): unknown {
    if (typeof kind === 'function') return this.message(kind(), this.length(end), depth + 1)
    switch (kind) {
      case 'int': return clamp(Number(this.long(end)))
      case 'long': return this.long(end)
      case 'float': return this.view.getFloat32(this.take(4, end), true)
      case 'double': return this.view.getFloat64(this.take(8, end), true)
      default: return this.blob(kind, end)
    }
  }

  private blob(kind: 'string' | 'bytes', end: number): string | Uint8Array {
    const stop = this.length(end)
    const part = this.bytes.subarray(this.pos, stop)
    this.pos = stop
    return kind === 'string' ? textOf(part) : part
  }

  /** A varint as a signed 64-bit integer. */
  private long(end: number): number | bigint {
    const start = this.pos
    const value = this.varint(end)
    if (Number.isSafeInteger(value)) return value
    const digits = this.bytes.subarray(start, this.pos)
    const exact = BigInt.asIntN(64, digits.reduce((sum, byte, i) => sum | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n))
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
  }

  /** A varint as an unsigned number, rounded beyond 2⁵³. */
  private varint(end: number): number {
    const start = this.pos
    let value = 0
    for (let scale = 1; this.pos < end && this.pos < start + 10; scale *= 128) {
      const byte = this.bytes[this.pos++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    const length = this.pos - start
    this.pos = start
    return length < 10 ? this.truncated(length + 1, end) : this.malformed('a varint is longer than 10 bytes')
  }

  /** The end of a length-delimited field whose length stands here; the position is behind the length. */
  private length(end: number): number {
    const length = this.varint(end)
    const start = this.take(length, end)
    this.pos = start
    return start + length
  }

  private skip(type: number, end: number): void {
    if (type === VARINT) this.varint(end)
    else if (type === BYTES) this.pos = this.length(end)
    else if (type === FIXED32 || type === FIXED64) this.take(type === FIXED32 ? 4 : 8, end)
    else this.malformed(`wire type ${type} is not one of protobuf's`)
  }

  /** Where `count` bytes begin that lie before `end`; the position is behind them. */
  private take(count: number, end: number): number {
    if (!(count <= end - this.pos)) this.truncated(count, end)
    this.pos += count
    return this.pos - count
  }

  private truncated(need: number, end: number): never {
    const [offset, have] = [this.pos, end - this.pos]
    throw new OctavoError('MODEL_TRUNCATED', `ONNX file, offset ${offset}: expected ${need} more bytes, got ${have}. Fetch or export the file again.`, { offset, need, have })
  }

  private malformed(what: string): never {
    const offset = this.pos
    throw new OctavoError('MODEL_MALFORMED', `ONNX file, offset ${offset}: ${what}. Is it an ONNX model?`, { offset })
  }
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length >= SHORT || bytes.some((byte) => byte > 127)) return UTF8.decode(bytes)
  return String.fromCharCode(...bytes)
}

const clamp = (value: number): number => Math.min(Number.MAX_SAFE_INTEGER, Math.max(-Number.MAX_SAFE_INTEGER, value))

/** `bytes` as elements of `dtype`: a view where its offset is a multiple of `width`, else a copy. */
export function alignedView(dtype: Parameters<typeof viewOf>[0], bytes: Uint8Array, width: number): ReturnType<typeof viewOf> {
  const at = bytes.byteOffset % width ? bytes.slice() : bytes
  return viewOf(dtype, at.buffer, at.byteOffset, bytes.length / width)
}
