import { MODEL, type ModelProto } from '../src/formats/onnx/schema.js'
import { readMessage, type Kind, type Schema } from '../src/formats/onnx/wire.js'
import { writeMessage } from '../src/formats/onnx/write.js'
import { Random } from './random.js'

/** A model to start from, as bytes and parsed. */
export interface Seed { readonly name: string; readonly bytes: Uint8Array; readonly model: ModelProto }

export const seedOf = (name: string, bytes: Uint8Array): Seed => ({ name, bytes, model: readMessage<ModelProto>(bytes, MODEL) })

/** A broken model, and what was done to it. */
export interface Mutant { readonly name: string; readonly bytes: Uint8Array }

/**
 * Case `index` of the run with `seed`: two of three are edited as messages, so that they still parse and reach
 * inference, planning and running; the others as bytes.
 */
export function mutant(seeds: readonly Seed[], seed: number, index: number): Mutant {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca77))
  const base = random.pick(seeds)
  const rounds = 1 + random.int(3)
  const done: string[] = []
  if (random.int(3)) {
    const model = clone(base.model)
    const donor = random.pick(seeds).model
    for (let i = 0; i < rounds; i++) done.push(editMessage(model, donor, random))
    return { name: `${base.name}: ${done.join(', ')}`, bytes: writeMessage(model, MODEL) }
  }
  let bytes = base.bytes
  for (let i = 0; i < rounds; i++) {
    const edit = random.pick(BYTE_EDITS)
    done.push(edit.name)
    bytes = edit(bytes, random, random.pick(seeds).bytes)
  }
  return { name: `${base.name}: ${done.join(', ')}`, bytes }
}

/** Values at which something changes: signs, widths, limits. */
const NUMBERS = [0, 1, -1, 2, 3, 4, 5, 7, 8, 9, 16, 63, 64, 65, 127, 128, 255, 256, 1000, 65535, 65536, 2 ** 20, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, 2 ** 62, -2, -4, -(2 ** 31), -(2 ** 62)]
const FLOATS = [0, -0, 1, -1, 0.5, 2, NaN, Infinity, -Infinity, 1e-45, 3.4e38, -1e30, 2 ** 31, 2 ** 63]
const NAMES = ['', '__proto__', 'constructor', 'toString', 'valueOf', '\0', '\ud800', 'é'.repeat(40), 'x'.repeat(5000), '../x', 'axis', 'axes', 'NOTSET', 'SAME_UPPER', 'linear', 'ij,jk->ik']

type Message = Record<string, unknown>

/** One value of a message tree that can be changed. */
interface Slot { readonly kind: Kind | 'list'; readonly owner: Message | unknown[]; readonly key: string | number; readonly field: string }

const valueOf = ({ owner, key }: Slot): unknown => (owner as Message)[key]

function* slotsOf(message: Message, schema: Schema): Iterable<Slot> {
  for (const [name, kind, repeated] of Object.values(schema)) {
    const value = message[name]
    if (value === undefined) continue
    if (repeated) yield { kind: 'list', owner: message, key: name, field: name }
    const [owner, keys] = repeated ? [(message[name] = Array.from(value as ArrayLike<unknown>)), (value as unknown[]).length] : [message, 0]
    if (!repeated) yield* slotsAt(owner, name, kind, name)
    else for (let i = 0; i < keys; i++) yield* slotsAt(owner, i, kind, name)
  }
}

function* slotsAt(owner: Message | unknown[], key: string | number, kind: Kind, field: string): Iterable<Slot> {
  yield { kind, owner, key, field }
  if (typeof kind === 'function') yield* slotsOf((owner as Message)[key] as Message, kind())
}

/** Changes one value, list or message somewhere in the model, in place. Every kind of value is as likely as the others. */
function editMessage(model: ModelProto, donor: ModelProto, random: Random): string {
  const slots = [...slotsOf(model as Message, MODEL)]
  const kindOf = (s: Slot): string => (typeof s.kind === 'function' ? 'message' : s.kind)
  const kind = random.pick([...new Set(slots.map(kindOf))])
  const { owner, key, field, kind: exact } = random.pick(slots.filter((s) => kindOf(s) === kind))
  const at = owner as Message
  const old = at[key]
  switch (kind) {
    case 'list': at[key] = editList([...(old as unknown[])], random); break
    case 'message': at[key] = clone(graft(donor, exact as () => Schema, random) ?? (old as object)); break
    case 'string': at[key] = editName(field, slots, donor, random); break
    case 'bytes': at[key] = editRaw(old as Uint8Array, random); break
    case 'float': case 'double': at[key] = random.pick(FLOATS); break
    default: at[key] = random.int(2) ? random.pick(NUMBERS) : Number(old) + random.pick([-1, 1, 2, 8]); break
  }
  return `${kind} ${field}`
}

/** Mostly a name that stands in the same field elsewhere: another value, operator, attribute. */
function editName(field: string, slots: readonly Slot[], donor: ModelProto, random: Random): string {
  const strings = slots.filter((s) => s.kind === 'string')
  const alike = (list: readonly Slot[]): string[] => list.filter((s) => s.field === field && s.kind === 'string').map(valueOf) as string[]
  switch (random.int(6)) {
    case 0: return random.pick(NAMES)
    case 1: return random.pick(strings.map(valueOf)) as string
    case 2: return random.pick([...alike([...slotsOf(clone(donor) as Message, MODEL)]), 'x'])
    default: return random.pick(alike(slots))
  }
}

/** A message of the same kind from another model. */
function graft(donor: ModelProto, kind: () => Schema, random: Random): object | undefined {
  const schema = kind()
  const found = [...slotsOf(clone(donor) as Message, MODEL)].filter((s) => typeof s.kind === 'function' && s.kind() === schema)
  if (!found.length) return undefined
  return valueOf(random.pick(found)) as object
}

function editList(list: unknown[], random: Random): unknown[] {
  const [i, j] = [random.int(list.length || 1), random.int(list.length || 1)]
  switch (random.int(5)) {
    case 0: list.splice(i, 1); break
    case 1: list.splice(i, 0, list[j] ?? 1); break
    case 2: [list[i], list[j]] = [list[j], list[i]]; break
    case 3: list.length = i; break
    default: list.push(...list.slice(0, 40))
  }
  return list.filter((item) => item !== undefined)
}

function editRaw(raw: Uint8Array, random: Random): Uint8Array {
  const next = raw.slice()
  switch (random.int(4)) {
    case 0: return next.subarray(0, random.int(next.length + 1))
    case 1: return next.fill(random.pick([0, 1, 0x7f, 0x80, 0xff]))
    case 2: if (next.length >= 8) new DataView(next.buffer).setBigInt64(0, BigInt(random.pick(NUMBERS)), true); return next
    default: for (let i = 0; i < 8; i++) if (next.length) next[random.int(next.length)] = random.int(256)
  }
  return next
}

function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clone) as T
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, clone(v)])) as T
}

type ByteEdit = (bytes: Uint8Array, random: Random, donor: Uint8Array) => Uint8Array

const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const within = (bytes: Uint8Array, random: Random): number => random.int(bytes.length || 1)

/** Flips some bits, most of them near the front, where the structure is. */
const flip: ByteEdit = (bytes, random) => {
  const next = bytes.slice()
  for (let n = 1 + random.int(8); n > 0 && next.length; n--) {
    const at = random.int(2) ? within(next, random) : random.int(Math.min(next.length, 400))
    next[at] = next[at]! ^ (1 << random.int(8))
  }
  return next
}
const truncate: ByteEdit = (bytes, random) => bytes.slice(0, within(bytes, random))
const splice: ByteEdit = (bytes, random, donor) => {
  const [at, from] = [within(bytes, random), within(donor, random)]
  return concat(bytes.subarray(0, at), donor.subarray(from, from + random.int(64)), bytes.subarray(at + random.int(64)))
}
const repeat: ByteEdit = (bytes, random) => {
  const [i, j] = [within(bytes, random), within(bytes, random)]
  const [a, b] = [Math.min(i, j), Math.max(i, j)]
  return concat(bytes.subarray(0, b), bytes.subarray(a, Math.min(b, a + 4096)), bytes.subarray(b))
}
/** Puts another varint where one stands: a tag, a length, a number. Lengths around it stay as they were. */
const varint: ByteEdit = (bytes, random) => {
  const at = random.pick(varintsOf(bytes))
  if (at === undefined) return bytes
  let end = at
  while (end < bytes.length && bytes[end++]! > 0x7f);
  const value = BigInt.asUintN(64, BigInt(random.pick(NUMBERS)))
  const digits: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    digits.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    if (rest <= 0x7fn) break
  }
  return concat(bytes.subarray(0, at), Uint8Array.from(digits), bytes.subarray(end))
}

const BYTE_EDITS = [flip, truncate, splice, repeat, varint, varint, flip]

/** Where varints stand, as far as the bytes can be walked as a model. */
function varintsOf(bytes: Uint8Array, schema: Schema = MODEL, from = 0, end = bytes.length): number[] {
  const found: number[] = []
  let at = from
  const next = (): number => {
    found.push(at)
    let [value, scale] = [0, 1]
    for (; at < end; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    return value
  }
  while (at < end) {
    const tag = next()
    const wire = tag % 8
    if (wire === 0) next()
    else if (wire === 5) at += 4
    else if (wire === 1) at += 8
    else if (wire !== 2) break
    else {
      const stop = Math.min(end, next() + at)
      const kind = schema[Math.floor(tag / 8)]?.[1]
      if (typeof kind === 'function') found.push(...varintsOf(bytes, kind(), at, stop))
      at = stop
    }
  }
  return found
}
