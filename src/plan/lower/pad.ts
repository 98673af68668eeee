import { DTYPES, arrayOf } from '../../dtype.js'
import { padOf, type PadMode } from '../../graph/infer/pad.js'
import type { Operand } from '../../runtime/operand.js'
import { emitFill, emitRegion, regionOf } from './copy.js'
import type { Lowering } from './rule.js'

/** Part of one axis of the output: positions at … at + count − 1 repeat those from `from`, stepping by `step`. */
interface Piece {
  readonly at: number
  readonly count: number
  readonly from: number
  readonly step: number
}

/** Pieces of the axis outside [begin, begin + kept), in an order in which each copies from what is there already. */
type Pieces = (begin: number, kept: number, length: number) => Piece[]

const edge: Pieces = (begin, kept, length) => [
  { at: 0, count: begin, from: begin, step: 0 },
  { at: begin + kept, count: length - begin - kept, from: begin + kept - 1, step: 0 },
]

/** The filled part doubles: it may be copied by any multiple of the period. */
const wrap: Pieces = (begin, kept, length) => {
  const pieces: Piece[] = []
  const period = (filled: number): number => filled - (filled % kept)
  for (let end = begin + kept; end < length; end = last(pieces)) {
    const back = period(end - begin)
    pieces.push({ at: end, count: Math.min(back, length - end), from: end - back, step: 1 })
  }
  for (let start = begin; start > 0; start = pieces.at(-1)!.at) {
    const on = period(length - start)
    const count = Math.min(on, start)
    pieces.push({ at: start - count, count, from: start - count + on, step: 1 })
  }
  return pieces
}

/** Both ends are mirrors while they lie a multiple of kept − 1 from the kept part: whole reflections are filled, only the last one is cut. */
const reflect: Pieces = (begin, kept, length) => {
  if (kept === 1) return edge(begin, kept, length)
  const pieces: Piece[] = []
  const whole = (filled: number): number => filled - 1 - ((filled - 1) % (kept - 1))
  for (let end = begin + kept; end < length; end = last(pieces)) pieces.push({ at: end, count: Math.min(whole(end - begin), length - end), from: end - 2, step: -1 })
  for (let start = begin; start > 0; start = pieces.at(-1)!.at) {
    const count = Math.min(whole(length - start), start)
    pieces.push({ at: start - count, count, from: start + count, step: -1 })
  }
  return pieces
}

const last = (pieces: readonly Piece[]): number => pieces.at(-1)!.at + pieces.at(-1)!.count

const PIECES: Readonly<Record<Exclude<PadMode, 'constant'>, Pieces>> = { edge, wrap, reflect }

/** A kept part copied first, then axis by axis what lies outside it, over the axes that are complete by then. */
export function pad(l: Lowering): void {
  const { mode, crop, kept, begin, dims } = padOf(l)
  const bytes = DTYPES[l.output().dtype].bytes
  if (dims.every((d, a) => d === kept[a] && d === l.dims(0)[a])) return l.alias(0, 0)
  const y = (start: readonly number[], step?: readonly number[]) => regionOf(l.out(), dims, bytes, start, step)
  if (!kept.includes(0)) emitRegion(l, regionOf(l.in(0), l.dims(0), bytes, crop), y(begin), kept, bytes)
  const value: Operand | undefined = mode !== 'constant' ? undefined : l.has(2) ? l.in(2) : l.table(arrayOf(l.output().dtype, 1))
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const done = (a: number): boolean => a > axis
    const counts = dims.map((d, a) => (done(a) ? d : kept[a]!))
    const start = begin.map((b, a) => (done(a) ? 0 : b))
    const put = (list: readonly number[], v: number): number[] => list.map((old, a) => (a === axis ? v : old))
    for (const piece of mode === 'constant' ? edge(begin[axis]!, kept[axis]!, dims[axis]!) : PIECES[mode](begin[axis]!, kept[axis]!, dims[axis]!)) {
      const size = put(counts, piece.count)
      if (value) emitFill(l, value, y(put(start, piece.at)), size, bytes)
      else emitRegion(l, y(put(start, piece.from), put(dims.map(() => 1), piece.step)), y(put(start, piece.at)), size, bytes)
    }
  }
}
