import { OctavoError } from '../errors.js'

const PAGE = 65536
const ALIGN = 64
/** Bytes past the end of every block that a kernel may read: see assembly/abi.ts. */
const SLACK = 64

/** Rounds a byte count up to the arena's alignment. */
export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN

/** Bytes a block of `bytes` takes in the arena: aligned, with readable slack behind it. */
export const footprint = (bytes: number): number => aligned(bytes + SLACK)

/** A free stretch of the arena. The list is kept sorted by address and never holds two that touch. */
interface Gap {
  at: number
  bytes: number
}

/**
 * The memory of one session, handed out in 64-byte aligned blocks (first fit, neighbours merged on free). It grows when
 * no gap is large enough and stops at `limit` bytes.
 *
 *     0 ── the module's own data ── heapBase ── blocks and gaps ── end of memory ── (grows) ── limit
 */
export class Arena {
  private readonly gaps: Gap[] = []
  private top: number
  private inUse = 0
  /** A view of the whole memory; replaced whenever the memory grows. */
  bytes: Uint8Array
  view: DataView

  constructor(readonly memory: WebAssembly.Memory, heapBase: number, public limit: number) {
    this.top = aligned(heapBase)
    this.bytes = new Uint8Array(memory.buffer)
    this.view = new DataView(memory.buffer)
  }

  /** Bytes handed out and not given back, slack included. */
  get used(): number {
    return this.inUse
  }

  /** Bytes of wasm memory this session holds. */
  get size(): number {
    return this.memory.buffer.byteLength
  }

  /** Address of a new block of `bytes`. Its contents are whatever was there. @throws ARENA_EXHAUSTED */
  allocate(bytes: number): number {
    const need = footprint(bytes)
    const gap = this.gaps.find((g) => g.bytes >= need)
    const at = gap ? this.carve(gap, need) : this.extend(need)
    this.inUse += need
    return at
  }

  /** Gives back the block of `bytes` at `at`, as allocated. */
  free(at: number, bytes: number): void {
    const size = footprint(bytes)
    this.inUse -= size
    let i = this.gaps.findIndex((g) => g.at > at)
    if (i < 0) i = this.gaps.length
    this.gaps.splice(i, 0, { at, bytes: size })
    this.mergeAt(i)
    this.mergeAt(i - 1)
    const last = this.gaps[this.gaps.length - 1]
    if (last && last.at + last.bytes === this.top) {
      this.top = last.at
      this.gaps.pop()
    }
  }

  private mergeAt(i: number): void {
    const here = this.gaps[i]
    const next = this.gaps[i + 1]
    if (!here || !next || here.at + here.bytes !== next.at) return
    here.bytes += next.bytes
    this.gaps.splice(i + 1, 1)
  }

  private carve(gap: Gap, need: number): number {
    const at = gap.at
    gap.at += need
    gap.bytes -= need
    if (!gap.bytes) this.gaps.splice(this.gaps.indexOf(gap), 1)
    return at
  }

  private extend(need: number): number {
    const at = this.top
    const end = at + need
    if (end > this.limit)
      throw new OctavoError('ARENA_EXHAUSTED', `the session needs ${mib(end)} MiB of memory, its limit is ${mib(this.limit)} MiB. Use smaller inputs or raise the option memoryLimit.`, { need: end, have: this.size, max: this.limit })
    if (end > this.size) this.grow(end)
    this.top = end
    return at
  }

  private grow(end: number): void {
    try {
      this.memory.grow(Math.ceil((end - this.size) / PAGE))
    } catch (cause) {
      throw new OctavoError('ARENA_EXHAUSTED', `the host refused ${mib(end)} MiB of wasm memory (it has ${mib(this.size)} MiB). Use smaller inputs, or release other sessions.`, { need: end, have: this.size }, cause)
    }
    this.bytes = new Uint8Array(this.memory.buffer)
    this.view = new DataView(this.memory.buffer)
  }
}

/** Bytes as MiB, for messages. */
export const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
