/**
 * Pools over [batch, d, h, w, channels], one output element at a time: every tap of the kernel is visited in the order
 * depth, height, width and left out when it lies outside the image.
 */
export interface Pool {
  readonly batch: number
  readonly channels: number
  readonly size: readonly number[]
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly output: readonly number[]
}

const f = Math.fround

/** ONNX's output size, rounded down, of each axis. */
export const outputOf = (p: Omit<Pool, 'output'>): number[] =>
  p.size.map((s, i) => Math.floor((s + p.begin[i]! + p.end[i]! - (p.kernel[i]! - 1) * p.dilations[i]! - 1) / p.strides[i]!) + 1)

/** Calls `visit` for every output with the places in x under its window, and how many taps lie in the padded image. */
export function eachOutput(p: Pool, visit: (y: number, taps: number[], padded: number, n: number, c: number) => void): void {
  let y = 0
  const [D, H, W] = p.size as [number, number, number]
  for (let n = 0; n < p.batch; n++)
    for (let i = 0; i < p.output[0]!; i++)
      for (let j = 0; j < p.output[1]!; j++)
        for (let k = 0; k < p.output[2]!; k++)
          for (let c = 0; c < p.channels; c++, y++) {
            const taps: number[] = []
            let padded = 0
            for (let a = 0; a < p.kernel[0]!; a++)
              for (let b = 0; b < p.kernel[1]!; b++)
                for (let e = 0; e < p.kernel[2]!; e++) {
                  const at = [i * p.strides[0]! - p.begin[0]! + a * p.dilations[0]!, j * p.strides[1]! - p.begin[1]! + b * p.dilations[1]!, k * p.strides[2]! - p.begin[2]! + e * p.dilations[2]!]
                  if (at.every((v, axis) => v < p.size[axis]! + p.end[axis]!)) padded++
                  if (at.every((v, axis) => v >= 0 && v < p.size[axis]!)) taps.push((((n * D + at[0]!) * H + at[1]!) * W + at[2]!) * p.channels + c)
                }
            visit(y, taps, padded, n, c)
          }
}

const count = (p: Pool): number => p.batch * p.channels * p.output.reduce((a, b) => a * b, 1)

export function maxPool<T extends { [i: number]: number }>(p: Pool, x: T, y: T, lowest: number): { y: T; indices: BigInt64Array } {
  const indices = new BigInt64Array(count(p))
  const plane = p.size.reduce((a, b) => a * b, 1)
  eachOutput(p, (o, taps, _, n, c) => {
    let best = lowest
    let at = taps[0]!
    for (const t of taps) if (x[t]! > best) [best, at] = [x[t]!, t]
    y[o] = best
    indices[o] = BigInt((n * p.channels + c) * plane + Math.floor(at / p.channels) % plane)
  })
  return { y, indices }
}

export function averagePool(p: Pool, x: Float32Array, divisor: 'inside' | 'padded'): Float32Array {
  const y = new Float32Array(count(p))
  eachOutput(p, (o, taps, padded) => {
    let s = 0
    for (const t of taps) s = f(s + x[t]!)
    y[o] = s / Math.max(1, divisor === 'inside' ? taps.length : padded)
  })
  return y
}

export interface Codes { readonly scale: number; readonly zeroPoint: number }

const roundEven = (v: number): number => {
  const r = Math.round(v)
  return r - v === 0.5 && r % 2 !== 0 ? r - 1 : r
}

/** `v` within the 256 codes from `low` on. */
const clamp = (v: number, low: number): number => Math.min(low + 255, Math.max(low, v))

export function qlinearAveragePool<T extends Uint8Array | Int8Array>(p: Pool, x: T, y: T, xq: Codes, yq: Codes, low: number, divisor: 'inside' | 'kernel'): T {
  const all = p.kernel.reduce((a, b) => a * b, 1)
  eachOutput(p, (o, taps) => {
    let s = 0
    for (const t of taps) s = f(s + f(xq.scale * (x[t]! - xq.zeroPoint)))
    const mean = f(s / Math.max(1, divisor === 'inside' ? taps.length : all))
    y[o] = clamp(roundEven(f(f(mean / yq.scale) + yq.zeroPoint)), low)
  })
  return y
}

/** Mean of codes over the middle axis of [outer, n, inner]. */
export function qlinearGlobalAveragePool<T extends Uint8Array | Int8Array>(outer: number, n: number, inner: number, x: T, y: T, xq: Codes, yq: Codes, low: number): T {
  const scale = f(xq.scale / f(yq.scale * n))
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let s = 0
      for (let k = 0; k < n; k++) s += x[(o * n + k) * inner + i]! - xq.zeroPoint
      y[o * inner + i] = clamp(roundEven(f(f(s) * scale)) + yq.zeroPoint, low)
    }
  return y
}
