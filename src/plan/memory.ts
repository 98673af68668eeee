import { footprint } from '../runtime/memory.js'

/** One storage's life: it is live from step `first` to step `last`, both included. */
export interface Life {
  readonly bytes: number
  readonly first: number
  readonly last: number
  offset: number
}

/**
 * Places lives in one block so that no two that overlap in time overlap in space: largest first, each at the lowest
 * offset that fits (the greedy-by-size planner of TFLite and XNNPACK). Sets every `offset`; returns the block's size.
 */
export function placeLives(lives: readonly Life[]): number {
  const order = [...lives].sort((a, b) => b.bytes - a.bytes || a.first - b.first)
  const placed: Life[] = [] // by offset
  let size = 0
  for (const life of order) {
    const need = footprint(life.bytes)
    let offset = 0
    for (const other of placed) {
      if (other.last < life.first || life.last < other.first) continue
      if (offset + need <= other.offset) break
      offset = Math.max(offset, other.offset + footprint(other.bytes))
    }
    life.offset = offset
    size = Math.max(size, offset + need)
    const after = placed.findIndex((p) => p.offset > offset)
    placed.splice(after < 0 ? placed.length : after, 0, life)
  }
  return size
}
