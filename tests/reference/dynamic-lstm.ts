import { roundEven } from './quantize.js'
import { multiplyAdd } from './gemm.js'

const f32 = Math.fround

/** Codes [k][4·hidden] of W or R. */
export interface Coded {
  readonly k: number
  readonly code: (k: number, j: number) => number
  readonly scale: (j: number) => number
  readonly zero: (j: number) => number
}

export interface DynamicLayer {
  readonly steps: number
  readonly batch: number
  readonly hidden: number
  readonly reverse: boolean
  readonly lengths: readonly number[] | null
  readonly clip: number
  readonly activations: readonly ((x: number) => number)[]
  readonly x: (t: number, b: number, k: number) => number
  readonly w: Coded
  readonly r: Coded
  readonly bias: (j: number) => number
  readonly peepholes: ArrayLike<number> | null
  readonly initialH: (b: number, i: number) => number
  readonly initialC: (b: number, i: number) => number
}

/** uint8 scale and zero point of a range that holds 0, as DynamicQuantizeLinear; NaN is not in any range. */
export function chooseUint8(values: readonly number[]): { scale: number; zero: number } {
  const min = values.reduce((a, v) => (v < a ? v : a), 0), max = values.reduce((a, v) => (v > a ? v : a), 0)
  const scale = max === min ? 1 : f32(f32(max - min) / 255)
  return { scale, zero: roundEven(Math.max(0, Math.min(255, f32(0 - f32(min / scale))))) }
}

/** rows·M with rows quantized together: result[row][j] in float32. */
function product(rows: readonly (readonly number[])[], m: Coded, columns: number): number[][] {
  const { scale, zero } = chooseUint8(rows.flat())
  return rows.map((row) => {
    const codes = row.map((v) => {
      const steps = f32(v / scale)
      return Number.isNaN(steps) ? 0 : Math.min(255, Math.max(0, roundEven(Math.max(-512, Math.min(512, steps))) + zero))
    })
    return Array.from({ length: columns }, (_, j) => {
      const sum = codes.reduce((s, c, k) => s + (c - zero) * (m.code(k, j) - m.zero(j)), 0)
      return f32(f32(sum) * f32(scale * m.scale(j)))
    })
  })
}

export interface DynamicRun { y: number[][][]; h: number[][]; c: number[][] }

/** One direction: inputs quantized once, the states of all rows once per step; a row's last state counts in the step after it, then it is zeros. */
export function dynamicLstm(l: DynamicLayer): DynamicRun {
  const n = l.hidden, units = Array.from({ length: n }, (_, i) => i), rows = Array.from({ length: l.batch }, (_, b) => b)
  const lengths = rows.map((b) => (l.lengths ? Math.min(l.steps, Math.max(0, l.lengths[b]!)) : l.steps)), longest = Math.max(0, ...lengths)
  const y = Array.from({ length: l.steps }, () => rows.map(() => units.map(() => 0)))
  const h = rows.map((b) => units.map((i) => l.initialH(b, i))), c = rows.map((b) => units.map((i) => l.initialC(b, i)))
  const inputs = Array.from({ length: longest * l.batch }, (_, i) => Array.from({ length: l.w.k }, (_, k) => l.x(Math.floor(i / l.batch), i % l.batch, k)))
  const xw = product(inputs, l.w, 4 * n)
  const [f, g, out] = l.activations as [(x: number) => number, (x: number) => number, (x: number) => number]
  const clipped = (v: number): number => Math.min(l.clip, Math.max(-l.clip, v))
  for (let s = 0; s < longest; s++) {
    const hr = product(rows.map((b) => (s <= lengths[b]! ? [...h[b]!] : units.map(() => 0))), l.r, 4 * n)
    for (const b of rows.filter((row) => s < lengths[row]!)) {
      const t = l.reverse ? lengths[b]! - 1 - s : s
      const gate = (at: number, i: number, state = 0, p = -1): number => {
        const sum = f32(f32(xw[t * l.batch + b]![at + i]! + hr[b]![at + i]!) + l.bias(at + i))
        return clipped(l.peepholes && p >= 0 ? multiplyAdd(sum, l.peepholes[p + i]!, state) : sum)
      }
      const before = c[b]!
      c[b] = before.map((v, i) => multiplyAdd(f32(f(gate(2 * n, i, v, 2 * n)) * v), f(gate(0, i, v, 0)), g(gate(3 * n, i))))
      h[b] = c[b]!.map((v, i) => f32(f(gate(n, i, v, n)) * out(v)))
      y[t]![b] = h[b]!
    }
  }
  return { y, h, c }
}
