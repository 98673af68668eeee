import { malformed, truncated, type Budget } from '../records.js'

/** A function or class that a pickle names and the allow-list has: what it makes of arguments, not PyTorch's code. */
export class Global {
  constructor(readonly name: string, readonly call?: (args: readonly unknown[]) => unknown, readonly create?: () => unknown) {}
}

/** An object whose state comes after it. */
export interface Stateful {
  setState(state: unknown): void
}

const isStateful = (value: unknown): value is Stateful => typeof (value as Stateful | null)?.setState === 'function'

/** What gives a pickle meaning. */
export interface PickleWorld {
  readonly name: string
  readonly budget: Budget
  /** @throws PICKLE_REFUSED for what the allow-list does not have */
  global(module: string, name: string): unknown
  persistent(id: unknown): unknown
  dict(): Map<unknown, unknown>
}

/** Longest integer that is read, in bytes. */
const MAX_INTEGER = 64
const text = new TextDecoder()

/**
 * Reads one pickle from `at` on without running anything: classes and functions are looked up in `world`'s allow-list only. Lists are arrays, tuples frozen
 * arrays, dicts what `world.dict` makes; integers past 2⁵³ are bigints.
 *
 * Source: CPython's pickletools, the opcodes that PyTorch's writers use (protocols 2 to 4).
 * @returns the value, and where the pickle ends
 * @throws MODEL_TRUNCATED, MODEL_MALFORMED, PICKLE_REFUSED
 */
export function readPickle(bytes: Uint8Array, world: PickleWorld, at = 0): { value: unknown; end: number } {
  const machine = new Machine(bytes, world, at)
  const value = machine.run()
  return { value, end: machine.at }
}

class Machine {
  private stack: unknown[] = []
  private readonly outer: unknown[][] = []
  private readonly memo = new Map<number, unknown>()
  private readonly view: DataView

  constructor(private readonly bytes: Uint8Array, private readonly world: PickleWorld, public at: number) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  run(): unknown {
    for (;;) {
      const start = this.at
      const code = this.take(1)[0]!
      if (code === 0x2e) {
        const value = this.pop()
        if (this.stack.length || this.outer.length) malformed(this.world.name, 'its pickle ends with more than one value')
        return value
      }
      const step = STEPS[code]
      if (!step) malformed(this.world.name, `pickle opcode 0x${code.toString(16)} at offset ${start} is not one that PyTorch writes`, { opcode: code, offset: start })
      step(this)
    }
  }

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) truncated(this.world.name, 'its pickle', this.at, count, this.bytes.length - this.at)
    return this.bytes.subarray(this.at, (this.at += count))
  }

  u8(): number {
    return this.take(1)[0]!
  }

  u16(): number {
    this.take(2)
    return this.view.getUint16(this.at - 2, true)
  }

  u32(): number {
    this.take(4)
    return this.view.getUint32(this.at - 4, true)
  }

  i32(): number {
    return this.u32() | 0
  }

  f64(): number {
    this.take(8)
    return this.view.getFloat64(this.at - 8, false)
  }

  string(length: number): string {
    return text.decode(this.take(length))
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.at)
    if (end < 0) truncated(this.world.name, 'a line of its pickle', this.at, 1, 0)
    const line = this.string(end - this.at)
    this.at++
    return line
  }

  integer(length: number): number | bigint {
    if (length > MAX_INTEGER) malformed(this.world.name, `its pickle has an integer of ${length} bytes`)
    let value = 0n
    for (const [i, byte] of this.take(length).entries()) value |= BigInt(byte) << BigInt(8 * i)
    const signed = BigInt.asIntN(8 * length, value)
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
  }

  push(value: unknown): void {
    this.stack.push(value)
  }

  pop(): unknown {
    if (!this.stack.length) malformed(this.world.name, `its pickle takes a value that is not there, at offset ${this.at}`)
    return this.stack.pop()
  }

  top(): unknown {
    if (!this.stack.length) malformed(this.world.name, `its pickle needs a value that is not there, at offset ${this.at}`)
    return this.stack.at(-1)
  }

  mark(): void {
    this.outer.push(this.stack)
    this.stack = []
  }

  /** Values since the last mark. */
  marked(): unknown[] {
    const items = this.stack
    this.stack = this.outer.pop() ?? malformed(this.world.name, `its pickle has no mark at offset ${this.at}`)
    return items
  }

  tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse()
    this.push(Object.freeze(items))
  }

  put(key: number): void {
    this.memo.set(key, this.top())
  }

  memoize(): void {
    this.put(this.memo.size)
  }

  get(key: number): void {
    if (!this.memo.has(key)) malformed(this.world.name, `its pickle recalls value ${key}, which it never kept`)
    this.push(this.memo.get(key))
  }

  global(module: unknown, name: unknown): void {
    this.push(this.world.global(String(module), String(name)))
  }

  stackGlobal(): void {
    const name = this.pop()
    this.global(this.pop(), name)
  }

  append(items: readonly unknown[]): void {
    const list = this.top()
    if (!Array.isArray(list) || Object.isFrozen(list)) malformed(this.world.name, 'its pickle appends to what is no list')
    for (const item of items) list.push(item)
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top()
    if (!(dict instanceof Map) || items.length % 2) malformed(this.world.name, 'its pickle sets items of what is no dict')
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
  }

  dict(): void {
    this.push(this.world.dict())
  }

  persistent(): void {
    this.push(this.world.persistent(this.pop()))
  }

  reduce(): void {
    const args = this.pop()
    const target = this.pop()
    if (!(target instanceof Global && target.call && Array.isArray(args))) malformed(this.world.name, `its pickle calls ${target instanceof Global ? target.name : 'what is no function'}`)
    this.push(target.call(args as unknown[]))
  }

  create(): void {
    const args = this.pop()
    const target = this.pop()
    if (!(target instanceof Global && target.create && Array.isArray(args) && !args.length)) malformed(this.world.name, `its pickle makes an object of ${target instanceof Global ? target.name : 'what is no class'}`)
    this.push(target.create())
  }

  build(): void {
    const state = this.pop()
    const target = this.top()
    if (!isStateful(target)) malformed(this.world.name, 'its pickle gives a state to what has none')
    target.setState(state)
  }
}

/** What each opcode does. */
const STEPS: Readonly<Record<number, (m: Machine) => void>> = {
  0x80: (m) => void m.u8(), // PROTO
  0x95: (m) => void m.take(8), // FRAME
  0x28: (m) => m.mark(),
  0x29: (m) => m.tuple(0),
  0x85: (m) => m.tuple(1),
  0x86: (m) => m.tuple(2),
  0x87: (m) => m.tuple(3),
  0x74: (m) => m.push(Object.freeze(m.marked())), // TUPLE
  0x5d: (m) => m.push([]),
  0x7d: (m) => m.dict(),
  0x4e: (m) => m.push(null),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  0x4a: (m) => m.push(m.i32()), // BININT
  0x4b: (m) => m.push(m.u8()),
  0x4d: (m) => m.push(m.u16()),
  0x8a: (m) => m.push(m.integer(m.u8())), // LONG1
  0x8b: (m) => m.push(m.integer(m.u32())),
  0x47: (m) => m.push(m.f64()), // BINFLOAT
  0x58: (m) => m.push(m.string(m.u32())), // BINUNICODE
  0x8c: (m) => m.push(m.string(m.u8())),
  0x54: (m) => m.push(m.string(m.u32())), // BINSTRING, of Python 2
  0x55: (m) => m.push(m.string(m.u8())),
  0x71: (m) => m.put(m.u8()), // BINPUT
  0x72: (m) => m.put(m.u32()),
  0x94: (m) => m.memoize(),
  0x68: (m) => m.get(m.u8()), // BINGET
  0x6a: (m) => m.get(m.u32()),
  0x63: (m) => m.global(m.line(), m.line()), // GLOBAL
  0x93: (m) => m.stackGlobal(),
  0x61: (m) => { const item = m.pop(); m.append([item]) },
  0x65: (m) => { const items = m.marked(); m.append(items) },
  0x73: (m) => { const value = m.pop(); const key = m.pop(); m.setItems([key, value]) },
  0x75: (m) => { const items = m.marked(); m.setItems(items) },
  0x51: (m) => m.persistent(), // BINPERSID
  0x52: (m) => m.reduce(),
  0x81: (m) => m.create(), // NEWOBJ
  0x62: (m) => m.build(),
}
