/**
 * PyTorch's quantized products as slow loops over plain numbers: the specification of the arithmetics fbgemm, onednn and qnnpack.
 * Everything is summed exactly; the arithmetics differ in where the bias joins and in how the multiplier is rounded.
 */
const f = Math.fround

/** nearbyint: ties to even. */
export function rne(v: number): number {
  const floor = Math.floor(v)
  const rest = v - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

export const clamp = (v: number, lo: number, hi: number): number => Math.min(Math.max(v, lo), hi)

export interface Quantized { readonly dims: readonly number[]; readonly data: ArrayLike<number>; readonly scale: number | readonly number[]; readonly zero: number | readonly number[] }
export interface Product { readonly x: Quantized; readonly w: Quantized; readonly b?: ArrayLike<number>; readonly relu: boolean; readonly scale: number; readonly zero: number }
export type Arithmetic = 'fbgemm' | 'onednn' | 'qnnpack'

const at = (v: number | readonly number[], c: number): number => (typeof v === 'number' ? v : v[c]!)

/** The code of output channel `c` from its sum of products, zero points taken off. `wide`: qnnpack's 3×3×3 depthwise kernel multiplies in double. */
export function requantized(p: Product, arithmetic: Arithmetic, sum: number, c: number, { wide = false, linear = false, lo = 0, hi = 255 } = {}): number {
  const sx = p.x.scale as number
  const sw = at(p.w.scale, c)
  const least = p.relu ? p.zero : lo
  const b = p.b ? p.b[c]! : 0
  if (arithmetic === 'qnnpack') {
    const inverse = f(1 / f(sw * sx))
    const acc = sum + (p.b ? clamp(rne(f(b * inverse)), -(2 ** 31), 2 ** 31 - 1) : 0)
    const m = f(f(f(sw) * f(sx)) * f(1 / f(p.scale)))
    return clamp(rne(wide ? acc * m : f(f(acc) * m)) + p.zero, least, hi)
  }
  if (arithmetic === 'onednn') {
    const back = (v: number): number => f(1 / f(1 / f(v)))
    const v = f(f(f(f(sum) * back(sx)) * (linear ? back(sw) : f(sw))) + b)
    return clamp(rne(f(f(v * f(1 / f(p.scale))) + p.zero)), least, hi)
  }
  const aw = f(f(sx) * f(sw))
  const joined = typeof p.w.scale === 'number' ? b * f(1 / aw) : f(b / aw) // one rounding with the sum: gcc contracts the product
  return clamp(rne(f(f(f(sum) + joined) * f(aw / f(p.scale)))) + p.zero, least, hi)
}

/** x [rows, k] times w [n, k]: sums of products with the zero points taken off. */
export function linearSums({ x, w }: Pick<Product, 'x' | 'w'>): number[] {
  const [n, k] = w.dims as [number, number]
  const rows = x.dims.slice(0, -1).reduce((a, d) => a * d, 1)
  return Array.from({ length: rows * n }, (_, i) => {
    let sum = 0
    for (let j = 0; j < k; j++) sum += (x.data[Math.floor(i / n) * k + j]! - (x.zero as number)) * (w.data[(i % n) * k + j]! - at(w.zero, i % n))
    return sum
  })
}

export interface Geometry { readonly stride: readonly number[]; readonly padding: readonly number[]; readonly dilation: readonly number[]; readonly groups: number; readonly outputPadding?: readonly number[] }
const lift = (v: readonly number[], fill: number): number[] => [...Array<number>(3 - v.length).fill(fill), ...v]

/** Channels-first convolution of up to three axes; what lies outside the image adds nothing. */
export function convSums({ x, w }: Pick<Product, 'x' | 'w'>, g: Geometry): { dims: number[]; sums: number[] } {
  const [batch, channels] = x.dims as [number, number]
  const [filters, depth] = w.dims as [number, number]
  const spatial = lift(x.dims.slice(2), 1)
  const kernel = lift(w.dims.slice(2), 1)
  const [stride, padding, dilation] = [lift(g.stride, 1), lift(g.padding, 0), lift(g.dilation, 1)]
  const out = spatial.map((s, i) => Math.floor((s + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1)
  const sums: number[] = []
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < filters; o++) {
      const first = Math.floor(o / (filters / g.groups)) * depth
      for (let d = 0; d < out[0]!; d++)
        for (let h = 0; h < out[1]!; h++)
          for (let v = 0; v < out[2]!; v++) {
            let sum = 0
            for (let c = 0; c < depth; c++)
              for (let kd = 0; kd < kernel[0]!; kd++)
                for (let kh = 0; kh < kernel[1]!; kh++)
                  for (let kw = 0; kw < kernel[2]!; kw++) {
                    const [a, b, e] = [d * stride[0]! - padding[0]! + kd * dilation[0]!, h * stride[1]! - padding[1]! + kh * dilation[1]!, v * stride[2]! - padding[2]! + kw * dilation[2]!]
                    if (a < 0 || b < 0 || e < 0 || a >= spatial[0]! || b >= spatial[1]! || e >= spatial[2]!) continue
                    const from = (((n * channels + first + c) * spatial[0]! + a) * spatial[1]! + b) * spatial[2]! + e
                    const tap = (((o * depth + c) * kernel[0]! + kd) * kernel[1]! + kh) * kernel[2]! + kw
                    sum += (x.data[from]! - (x.zero as number)) * (w.data[tap]! - at(w.zero, o))
                  }
            sums.push(sum)
          }
    }
  return { dims: [batch, filters, ...out.slice(3 - g.stride.length)], sums }
}

/** Channels-first transposed convolution: every input pixel adds to a window of the output. Weights [channels, filters / groups, …]. */
export function convTransposeSums({ x, w }: Pick<Product, 'x' | 'w'>, g: Geometry): { dims: number[]; sums: number[] } {
  const [batch, channels] = x.dims as [number, number]
  const depth = w.dims[1]!
  const spatial = lift(x.dims.slice(2), 1)
  const kernel = lift(w.dims.slice(2), 1)
  const [stride, padding, dilation, extra] = [lift(g.stride, 1), lift(g.padding, 0), lift(g.dilation, 1), lift(g.outputPadding!, 0)]
  const out = spatial.map((s, i) => (s - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (kernel[i]! - 1) + extra[i]! + 1)
  const filters = depth * g.groups
  const sums = new Array<number>(batch * filters * out[0]! * out[1]! * out[2]!).fill(0)
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      for (let o = 0; o < depth; o++) {
        const filter = Math.floor(c / (channels / g.groups)) * depth + o
        for (let a = 0; a < spatial[0]!; a++)
          for (let b = 0; b < spatial[1]!; b++)
            for (let e = 0; e < spatial[2]!; e++)
              for (let kd = 0; kd < kernel[0]!; kd++)
                for (let kh = 0; kh < kernel[1]!; kh++)
                  for (let kw = 0; kw < kernel[2]!; kw++) {
                    const [d, h, v] = [a * stride[0]! - padding[0]! + kd * dilation[0]!, b * stride[1]! - padding[1]! + kh * dilation[1]!, e * stride[2]! - padding[2]! + kw * dilation[2]!]
                    if (d < 0 || h < 0 || v < 0 || d >= out[0]! || h >= out[1]! || v >= out[2]!) continue
                    const from = (((n * channels + c) * spatial[0]! + a) * spatial[1]! + b) * spatial[2]! + e
                    const tap = (((c * depth + o) * kernel[0]! + kd) * kernel[1]! + kh) * kernel[2]! + kw
                    sums[(((n * filters + filter) * out[0]! + d) * out[1]! + h) * out[2]! + v]! += (x.data[from]! - (x.zero as number)) * (w.data[tap]! - at(w.zero, 0))
                  }
      }
  return { dims: [batch, filters, ...out.slice(3 - g.stride.length)], sums }
}
