import { OctavoError } from '../errors.js'
import type { KernelName } from '../runtime/abi.train.js'
import { NULL } from '../runtime/operand.js'
import { TrainModule, address } from '../runtime/train.js'

/** Elements copied into wasm at a time: a chunk stays in the second-level cache. */
const CHUNK = 1 << 16
/** More bins than this are counted in one table instead of four. */
const MOST_TABLE = 1 << 16
/** Elements between two tables: processors take addresses that are equal in their low bits for the same. */
const APART = 17
/** Larger tensors are not held in wasm whole: 64 MiB. */
const MOST_HELD = 1 << 24

let current: Kernels | undefined

/** Gives observers the module whose loops they run. Once, before anything is observed. */
export function useTrainModule(module: TrainModule): void {
  current = new Kernels(module)
}

/** The loops of observers. @throws KERNEL_MISSING before useTrainModule */
export function kernels(): Kernels {
  if (!current) throw new OctavoError('KERNEL_MISSING', 'observers and optimizers need the training module: `await torch.init()` after importing them, or call useTrainModule(await loadTrainModule(…)).')
  return current
}

/** A range [min, max]; nothing seen is [+∞, −∞]. float32 values. */
export type Range = readonly [min: number, max: number]
export const NOTHING: Range = [Infinity, -Infinity]

/** Eight-bit codes. */
export type Codes = Int8Array | Uint8Array

const bytesOf = (x: ArrayBufferView): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
/** A fresh copy's bytes as an array of x's kind. */
const likeOf = <T extends Codes | Float32Array>(x: T, { buffer }: Uint8Array): T => new (x.constructor as new (buffer: ArrayBufferLike) => T)(buffer)

/** What a result holds, and what is wrong with another one: their ratio is the signal-to-quantization-noise ratio. */
export interface ErrorSums {
  readonly signal: number
  readonly noise: number
}

/** Arrays in, arrays out: what observers ask of wasm. Scratch is kept between calls, a tensor's elements pass through in chunks. */
export class Kernels {
  private readonly chunk: number
  private readonly cell: number

  /** A tensor that is in wasm for now, and its range. */
  private held: { readonly x: Float32Array; readonly at: number; readonly range: Range } | undefined

  constructor(private readonly module: TrainModule) {
    this.chunk = module.arena.allocate(CHUNK * 4)
    this.cell = module.arena.allocate(64)
  }

  /** Keeps x in wasm while `use` runs: calls on this very array neither copy it nor compute its range again. */
  holding<T>(x: Float32Array, use: () => T): T {
    if (x.length > MOST_HELD || this.held) return use()
    return this.borrow([x.length], ([at]) => {
      this.held = { x, at: at!, range: this.copyIn(x, at!) }
      try {
        return use()
      } finally {
        this.held = undefined
      }
    })
  }

  /** Copies x, and its range with it: each chunk is read while it is in the cache. */
  private copyIn(x: Float32Array, at: number): Range {
    this.module.floats(this.cell, 2).set(NOTHING)
    for (let i = 0; i < x.length; i += CHUNK) {
      const part = x.subarray(i, i + CHUNK)
      this.module.floats(at + 4 * i, part.length).set(part)
      this.module.call('f32_minmax', { x: address(at + 4 * i), range: address(this.cell), count: part.length, finite: 0, absolute: 0 })
    }
    const [min, max] = this.module.floats(this.cell, 2)
    return [min!, max!]
  }

  /** Smallest and largest element of x (torch.aminmax: NaN stays), of those that are finite, or of |x|. */
  minMax(x: Float32Array, { finite = false, absolute = false } = {}): Range {
    if (this.held?.x === x && !finite && !absolute) return this.held.range
    this.module.floats(this.cell, 2).set(NOTHING)
    this.inChunks(x, (at, count) => this.module.call('f32_minmax', { x: at, range: address(this.cell), count, finite: Number(finite), absolute: Number(absolute) }))
    const [min, max] = this.module.floats(this.cell, 2)
    return [min!, max!]
  }

  /** Smallest and largest element of every x[·, c, ·], x being [outer, channels, inner]. */
  minMaxChannels(x: Float32Array, outer: number, channels: number, inner: number): { low: Float32Array; high: Float32Array } {
    return this.borrow([x.length, channels, channels], ([data, low, high]) => {
      this.module.floats(data!, x.length).set(x)
      this.module.floats(low!, channels).fill(Infinity)
      this.module.floats(high!, channels).fill(-Infinity)
      this.module.call('f32_minmax_channels', { x: address(data!), low: address(low!), high: address(high!), outer, channels, inner })
      return { low: this.module.floats(low!, channels).slice(), high: this.module.floats(high!, channels).slice() }
    })
  }

  /** histogram + torch.histc(x, bins, lo, hi), as new float32. lo < hi. */
  histc(x: Float32Array, histogram: Float32Array, [lo, hi]: Range): Float32Array {
    const bins = histogram.length
    return this.borrow([4 * (bins + 1), bins], ([tables, sum]) => {
      this.module.floats(tables!, 4 * (bins + 1)).fill(0)
      this.module.floats(sum!, bins).set(histogram)
      this.inChunks(x, (at, count) => this.module.call('f32_histc', { x: at, tables: address(tables!), count, bins, lo, hi }))
      this.module.call('histogram_tally', { tables: address(tables!), histogram: address(sum!), bins })
      return this.module.floats(sum!, bins).slice()
    })
  }

  /** Counts of x (or |x|) between ascending edges, as numpy.histogram. */
  countByEdges(x: Float32Array, edges: Float32Array, absolute: boolean): Uint32Array {
    const bins = edges.length - 1, table = bins > MOST_TABLE ? 0 : bins + APART
    return this.borrow([bins + 1, bins + 3 * table], ([at, counts]) => {
      this.module.floats(at!, bins + 1).set(edges)
      this.module.floats(counts!, bins + 3 * table).fill(0)
      this.inChunks(x, (chunk, count) => this.module.call('f32_histogram_edges', { x: chunk, edges: address(at!), counts: address(counts!), count, bins, absolute: Number(absolute), stride: 4 * table }))
      return new Uint32Array(this.module.arena.memory.buffer, counts!, bins).slice()
    })
  }

  /** First bin of the range around the middle of a histogram that loses least, by relative entropy, when it is stored in `codes` bins. */
  entropyStart(counts: Float64Array, codes: number): number {
    const bins = counts.length
    return this.borrow([2 * bins, 2 * bins, bins, bins], ([at, scratch, p, q]) => {
      this.module.doubles(at!, bins).set(counts)
      this.module.call('histogram_entropy', { counts: address(at!), scratch: address(scratch!), p: address(p!), q: address(q!), chosen: address(this.cell), bins, codes })
      return this.module.arena.view.getInt32(this.cell, true)
    })
  }

  /** The first bins up to which each of two shares of a histogram lies; the number of bins where none does. */
  percentileBins(counts: Float64Array, shares: readonly [number, number]): readonly [number, number] {
    const bins = counts.length
    return this.borrow([2 * bins, 4], ([at, both]) => {
      this.module.doubles(at!, bins).set(counts)
      this.module.doubles(both!, 2).set(shares)
      this.module.call('histogram_percentile', { counts: address(at!), shares: address(both!), chosen: address(this.cell), bins })
      return [this.module.arena.view.getInt32(this.cell, true), this.module.arena.view.getInt32(this.cell + 4, true)]
    })
  }

  /** A histogram over `from` as one over `to`, which holds it. */
  rebin(histogram: Float32Array, from: Range, to: Range): Float32Array {
    const bins = histogram.length
    return this.borrow([bins, bins, bins + 1], ([at, moved, edges]) => {
      this.module.floats(at!, bins).set(histogram)
      this.module.call('histogram_rebin', { histogram: address(at!), moved: address(moved!), edges: address(edges!), bins, oldMin: from[0], oldMax: from[1], newMin: to[0], newMax: to[1] })
      return this.module.floats(moved!, bins).slice()
    })
  }

  /** First and last bin of the range with the least L2 error when `codes` codes cover it. */
  search(histogram: Float32Array, [min, max]: Range, codes: number): readonly [first: number, last: number] {
    const bins = histogram.length
    return this.borrow([bins, bins, bins, bins], ([at, sums, density, norms]) => {
      this.module.floats(at!, bins).set(histogram)
      this.module.call('histogram_search', { histogram: address(at!), sums: address(sums!), density: address(density!), norms: address(norms!), chosen: address(this.cell), bins, codes, min, max })
      return [this.module.arena.view.getInt32(this.cell, true), this.module.arena.view.getInt32(this.cell + 4, true)]
    })
  }

  /**
   * Codes of x, which is [outer, channels, inner], with a scale and zero point for each channel: clamp(round(x / scale) + zero, lo, hi), ties to
   * even, as QuantizeLinear.
   */
  quantize(x: Float32Array, [outer, channels, inner]: readonly [number, number, number], scale: Float32Array, zero: Codes, [lo, hi]: Range): Codes {
    const last = inner === 1
    return this.borrow([x.length, Math.ceil(x.length / 4), channels, Math.ceil(channels / 4)], ([data, codes, scales, zeros]) => {
      this.module.floats(data!, x.length).set(x)
      this.module.floats(scales!, channels).set(scale)
      this.bytes(zeros!, channels).set(bytesOf(zero))
      this.module.call(zero instanceof Int8Array ? 'f32_quantize_s8' : 'f32_quantize_u8', {
        x: address(data!), y: address(codes!), scale: address(scales!), zero: address(zeros!), outer, axis: last ? 1 : channels, block: 1, inner: last ? channels : inner,
        scaleRow: 0, scaleStep: 1, varied: Number(last), lo, hi,
      })
      return likeOf(zero, this.bytes(codes!, x.length).slice())
    })
  }

  /** x, [outer, rows, columns], as [outer, columns, rows]. Elements of one or four bytes; none of the counts is 0. */
  transpose<T extends Codes | Float32Array>(x: T, outer: number, rows: number, columns: number): T {
    const size = x.BYTES_PER_ELEMENT, row = columns * size
    return this.borrow([Math.ceil(x.byteLength / 4), Math.ceil(x.byteLength / 4), 9], ([from, to, axes]) => {
      this.bytes(from!, x.byteLength).set(bytesOf(x))
      new Int32Array(this.module.arena.memory.buffer, axes!, 9).set([outer, rows * row, rows * row, columns, size, rows * size, rows, row, size])
      this.module.call('copy', { x: address(from!), y: address(to!), axes: address(axes!), rank: 3, bytes: size })
      return likeOf(x, this.bytes(to!, x.byteLength).slice())
    })
  }

  /**
   * Runs a kernel over arrays of one length, a chunk at a time.
   *
   * @param read operands that it reads; `written` those that it reads and writes
   */
  over(kernel: KernelName, read: Readonly<Record<string, Float32Array>>, written: Readonly<Record<string, Float32Array>>, constants: Readonly<Record<string, number>>): void {
    const all = { ...read, ...written }
    const names = Object.keys(all)
    const length = all[names[0]!]!.length
    this.borrow(names.map(() => Math.min(CHUNK, length)), (at) => {
      const operands = Object.fromEntries(names.map((name, i) => [name, address(at[i]!)]))
      for (let from = 0; from < length; from += CHUNK) {
        const count = Math.min(CHUNK, length - from)
        names.forEach((name, i) => this.module.floats(at[i]!, count).set(all[name]!.subarray(from, from + count)))
        this.module.call(kernel, { ...operands, ...constants, count } as never)
        names.forEach((name, i) => name in written && written[name]!.set(this.module.floats(at[i]!, count), from))
      }
    })
  }

  private bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.module.arena.memory.buffer, at, count)
  }

  /** Σ x² and Σ (x − y)² over the elements where x is a number, in float64. As long as each other. */
  errorSums(x: Float32Array, y: Float32Array): ErrorSums {
    return this.borrow([CHUNK, 4], ([other, sums]) => {
      this.module.floats(sums!, 4).fill(0)
      let from = 0
      this.inChunks(x, (at, count) => {
        this.module.floats(other!, count).set(y.subarray(from, (from += count)))
        this.module.call('f32_error', { x: at, y: address(other!), sums: address(sums!), count })
      })
      const [signal, noise] = this.doubles(sums!, 2)
      return { signal: signal!, noise: noise! }
    })
  }

  /** Σ (x − y) over every x[·, c, ·], x and y being [outer, channels, inner]. */
  errorChannels(x: Float32Array, y: Float32Array, outer: number, channels: number, inner: number): Float64Array {
    const slice = channels * inner
    const rows = Math.max(1, Math.floor(CHUNK / Math.max(1, slice)))
    return this.borrow([rows * slice, rows * slice, 2 * channels], ([a, b, sums]) => {
      this.module.floats(sums!, 2 * channels).fill(0)
      for (let o = 0; o < outer; o += rows) {
        const [from, to] = [o * slice, Math.min(outer, o + rows) * slice]
        this.module.floats(a!, to - from).set(x.subarray(from, to))
        this.module.floats(b!, to - from).set(y.subarray(from, to))
        this.module.call('f32_error_channels', { x: address(a!), y: address(b!), sums: address(sums!), outer: (to - from) / slice, channels, inner })
      }
      return this.doubles(sums!, channels)
    })
  }

  /** A copy of x with every x[·, c, ·] multiplied by scale[c], x being [outer, channels, inner]. */
  scaleChannels(x: Float32Array, scale: Float32Array, outer: number, channels: number, inner: number): Float32Array {
    return this.borrow([x.length, channels], ([data, factors]) => {
      this.module.floats(data!, x.length).set(x)
      this.module.floats(factors!, channels).set(scale)
      this.module.call('f32_scale_channels', { x: address(data!), scale: address(factors!), outer, channels, inner })
      return this.module.floats(data!, x.length).slice()
    })
  }

  /** max |x[r, ·]| for each of `rows` rows of x. */
  absoluteRows(x: Float32Array, rows: number): Float32Array {
    return this.borrow([x.length, rows], ([data, most]) => {
      this.module.floats(data!, x.length).set(x)
      this.module.call('f32_absolute_rows', { x: address(data!), y: address(most!), rows, inner: x.length / rows })
      return this.module.floats(most!, rows).slice()
    })
  }

  /** The largest element of each row and column of (m · rowScale) · columnScale; m is [groups, rows, columns] and not negative, scales and results are [groups, rows] and [groups, columns]. */
  matrixRanges(m: Float32Array, groups: number, rowScale: Float32Array, columnScale: Float32Array): { rows: Float32Array; columns: Float32Array } {
    const [rows, columns] = [rowScale.length / groups, columnScale.length / groups]
    return this.borrow([m.length, rowScale.length, columnScale.length, rowScale.length, columnScale.length], ([data, byRow, byColumn, rowRange, columnRange]) => {
      this.module.floats(data!, m.length).set(m)
      this.module.floats(byRow!, rowScale.length).set(rowScale)
      this.module.floats(byColumn!, columnScale.length).set(columnScale)
      this.module.call('f32_matrix_ranges', {
        m: address(data!), rowScale: address(byRow!), columnScale: address(byColumn!), rowRange: address(rowRange!), columnRange: address(columnRange!), groups, rows, columns,
      })
      return { rows: this.module.floats(rowRange!, rowScale.length).slice(), columns: this.module.floats(columnRange!, columnScale.length).slice() }
    })
  }

  private doubles(at: number, count: number): Float64Array {
    return new Float64Array(this.module.arena.memory.buffer, at, count).slice()
  }

  private inChunks(x: Float32Array, use: (at: typeof NULL, count: number) => void): void {
    if (this.held?.x === x) return use(address(this.held.at), x.length)
    for (let i = 0; i < x.length; i += CHUNK) {
      const part = x.subarray(i, i + CHUNK)
      this.module.floats(this.chunk, part.length).set(part)
      use(address(this.chunk), part.length)
    }
  }

  /** Blocks of so many 4-byte elements for the time of `use`. */
  private borrow<T>(lengths: readonly number[], use: (at: readonly number[]) => T): T {
    const { arena } = this.module
    const blocks: number[] = []
    try {
      for (const length of lengths) blocks.push(arena.allocate(4 * length))
      return use(blocks)
    } finally {
      blocks.forEach((at, i) => arena.free(at, 4 * lengths[i]!))
    }
  }
}
