/**
 * Kernels alone: every tier this host can run, each with its own memory, and one call that lays out operands with
 * guard bytes, runs a kernel and hands back what it wrote. A write outside an operand fails the test.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { instantiateSync } from '@assemblyscript/loader'
import { viewOf, type TypedArray, DTYPES, type DType } from '../../src/dtype.js'
import { addLayouts, blockBytes, writeBlock } from '../../src/runtime/kernels.js'
import { MORE_LAYOUTS } from '../../src/runtime/more-abi.js'
import type { KernelName, ParamsOf } from '../../src/runtime/abi.js'
import { NULL, type Operand } from '../../src/runtime/operand.js'

addLayouts(MORE_LAYOUTS)

export const ALL_TIERS = ['scalar', 'simd', 'relaxed'] as const
export type TierName = (typeof ALL_TIERS)[number]

const GUARD = 64
const PAINT = 0xa5

/** What a kernel may be given: an array (copied in), `out(...)` (space it writes), a number, or null for "unused". */
export type Arg = TypedArray | Out | number | null
export interface Out { readonly dtype: DType; readonly count: number; readonly initial?: TypedArray }
export const out = (dtype: DType, count: number, initial?: TypedArray): Out => ({ dtype, count, initial })

type Args<K extends KernelName> = { [F in keyof ParamsOf<K>]: Arg }

const isOut = (arg: Arg): arg is Out => typeof arg === 'object' && arg !== null && 'count' in arg

export class TierUnderTest {
  private readonly memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 })
  private readonly exports: Record<string, (p: number) => void>

  constructor(readonly name: TierName, bytes: BufferSource) {
    this.exports = instantiateSync(bytes, { env: { memory: this.memory } }).exports as never
  }

  /** Runs `kernel` once and returns its outputs by field name. Fails when a byte outside an `out` changed. */
  call<K extends KernelName>(kernel: K, args: Args<K>): Record<string, TypedArray> {
    const fields = Object.entries(args as Record<string, Arg>)
    const base = 1 << 16
    const blockAt = base
    let cursor = align(blockAt + blockBytes(kernel)) + GUARD
    const places: { name: string; arg: Arg; at: number; bytes: number }[] = []
    for (const [name, arg] of fields) {
      if (typeof arg === 'number' || arg === null) continue
      const bytes = isOut(arg) ? arg.count * DTYPES[arg.dtype].bytes : arg.byteLength
      places.push({ name, arg, at: cursor, bytes })
      cursor = align(cursor + bytes) + GUARD
    }
    this.reserve(cursor + GUARD)
    const bytes = new Uint8Array(this.memory.buffer)
    bytes.fill(PAINT, base, cursor + GUARD)
    const params: Record<string, number | Operand> = {}
    for (const [name, arg] of fields) params[name] = arg === null ? NULL : typeof arg === 'number' ? arg : { storage: 0, offset: places.find((p) => p.name === name)!.at }
    for (const { arg, at } of places) {
      const data = isOut(arg) ? arg.initial : (arg as TypedArray)
      if (data) bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    }
    writeBlock(new DataView(this.memory.buffer), blockAt, kernel, params as never, (operand) => (operand === NULL ? 0 : operand.offset))
    const before = bytes.slice(base, cursor + GUARD)
    const run = this.exports[kernel]
    assert.ok(run, `${this.name}.wasm exports no ${kernel}`)
    run(blockAt)
    const after = bytes.slice(base, cursor + GUARD)
    const results: Record<string, TypedArray> = {}
    for (const { name, arg, at, bytes: size } of places) {
      if (!isOut(arg)) continue
      results[name] = viewOf(arg.dtype, after.slice(at - base, at - base + size).buffer, 0, arg.count)
      after.set(before.subarray(at - base, at - base + size), at - base)
    }
    assert.ok(Buffer.compare(before, after) === 0, `${this.name} ${kernel} wrote outside its outputs (byte ${firstDifference(before, after)} from the block)`)
    return results
  }

  private reserve(bytes: number): void {
    const missing = bytes - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536))
  }
}

const align = (n: number): number => Math.ceil(n / 64) * 64
const firstDifference = (a: Uint8Array, b: Uint8Array): number => a.findIndex((v, i) => v !== b[i])

/** Every tier this host validates, from dist/. A tier that is left out is printed, and OCTAVO_TIER narrows the list. */
export function tiersUnderTest(): TierUnderTest[] {
  const forced = process.env.OCTAVO_TIER
  return ALL_TIERS.filter((name) => !forced || forced === name).flatMap((name) => {
    const bytes = readFileSync(`dist/${name}.wasm`) // tools/test.mjs runs in the root, wherever the bundler put this file
    if (WebAssembly.validate(bytes)) return [new TierUnderTest(name, bytes)]
    console.log(`# tier ${name} left out: ${process.version} does not accept it`)
    return []
  })
}

/** Sizes at the edges of a tile of `t`. */
export const edges = (t: number): number[] => [...new Set([1, t - 1, t, t + 1, 2 * t + 3])].filter((n) => n > 0)

/** A seeded generator of uint32 (xorshift32), so that a failing case can be named by its seed. */
export function random(seed: number): () => number {
  let x = seed | 0 || 0x9e3779b9
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}
