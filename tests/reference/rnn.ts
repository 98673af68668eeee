import { multiplyAdd } from './gemm.js'

const f32 = Math.fround

export interface Layer {
  readonly cell: 'RNN' | 'GRU' | 'LSTM'
  readonly steps: number
  readonly batch: number
  readonly hidden: number
  readonly reverse: boolean
  readonly linearBeforeReset: boolean
  readonly lengths: readonly number[] | null
  readonly clip: number
  readonly activations: readonly ((x: number) => number)[]
  /** Inputs times W plus biases at (step, row, gate·hidden + unit). */
  readonly x: (t: number, b: number, i: number) => number
  /** R[gate·hidden + unit][k] */
  readonly r: (i: number, k: number) => number
  /** Recurrent bias of GRU's h. */
  readonly bias: readonly number[]
  readonly peepholes: ArrayLike<number> | null
  readonly initialH: (b: number, i: number) => number
  readonly initialC: (b: number, i: number) => number
}

export interface Run { y: number[][][]; h: number[][]; c: number[][] }

/** One direction, row by row, unit by unit, each operation rounded to float32. Output y[t][b][i]; zeros past a row's length. */
export function recurrent(l: Layer): Run {
  const units = Array.from({ length: l.hidden }, (_, i) => i)
  const y = Array.from({ length: l.steps }, () => Array.from({ length: l.batch }, () => units.map(() => 0)))
  const ends = Array.from({ length: l.batch }, (_, b) => {
    let [h, c] = [units.map((i) => l.initialH(b, i)), units.map((i) => l.initialC(b, i))]
    const length = l.lengths ? Math.min(l.steps, Math.max(0, l.lengths[b]!)) : l.steps
    for (let s = 0; s < length; s++) {
      const t = l.reverse ? length - 1 - s : s
      ;[h, c] = CELLS[l.cell](l, (i) => l.x(t, b, i), h, c)
      y[t]![b] = h
    }
    return { h, c }
  })
  return { y, h: ends.map((e) => e.h), c: ends.map((e) => e.c) }
}

const sum = (l: Layer, start: number, row: number, h: readonly number[]): number => h.reduce((s, v, k) => multiplyAdd(s, v, l.r(row, k)), start)
const clipped = (l: Layer, x: number): number => Math.min(l.clip, Math.max(-l.clip, x))

type Step = (l: Layer, x: (i: number) => number, h: readonly number[], c: readonly number[]) => [h: number[], c: number[]]

const CELLS: Readonly<Record<Layer['cell'], Step>> = {
  RNN: (l, x, h, c) => [h.map((_, i) => l.activations[0]!(clipped(l, sum(l, x(i), i, h)))), [...c]],
  GRU(l, x, h, c) {
    const [n, [f, g]] = [l.hidden, l.activations as [(x: number) => number, (x: number) => number]]
    const gate = (at: number): number[] => h.map((_, i) => f(clipped(l, sum(l, x(at + i), at + i, h))))
    const [z, r] = [gate(0), gate(n)]
    const reset = h.map((v, k) => f32(r[k]! * v))
    const candidate = h.map((_, i) => {
      const late = (): number => f32(x(2 * n + i) + f32(sum(l, l.bias[i]!, 2 * n + i, h) * r[i]!))
      return g(clipped(l, l.linearBeforeReset ? late() : sum(l, x(2 * n + i), 2 * n + i, reset)))
    })
    return [h.map((v, i) => f32(f32(f32(1 - z[i]!) * candidate[i]!) + f32(z[i]! * v))), [...c]]
  },
  LSTM(l, x, h, c) {
    const [n, p] = [l.hidden, l.peepholes]
    const [f, g, out] = l.activations as [(x: number) => number, (x: number) => number, (x: number) => number]
    const raw = (at: number, i: number): number => sum(l, x(at + i), at + i, h)
    const peep = (v: number, at: number, state: number): number => (p ? multiplyAdd(v, p[at]!, state) : v)
    const next = c.map((v, i) => {
      const input = f(clipped(l, peep(raw(0, i), i, v)))
      const forget = f(clipped(l, peep(raw(2 * n, i), 2 * n + i, v)))
      return multiplyAdd(f32(forget * v), input, g(clipped(l, raw(3 * n, i))))
    })
    return [next.map((v, i) => f32(f(clipped(l, peep(raw(n, i), n + i, v))) * out(v))), next]
  },
}
