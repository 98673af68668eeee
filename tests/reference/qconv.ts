/**
 * int8 convolution and matrix product by the definition: sums of products of values minus their zero points, wrapped to 32 bits.
 */
export interface ConvCase {
  /** [batch, ...spatial(3), groups · channels], channels last */
  x: Int8Array | Uint8Array
  /** [groups · n, channels, ...kernel(3)], ONNX order */
  w: Int8Array | Uint8Array
  xZero: number
  /** one per output channel */
  wZero: readonly number[]
  bias: Int32Array | null
  batch: number
  spatial: readonly number[]
  channels: number
  groups: number
  n: number
  kernel: readonly number[]
  strides: readonly number[]
  dilations: readonly number[]
  begin: readonly number[]
  out: readonly number[]
}

/** i32 [batch, ...out, groups · n]. */
export function accumulate(c: ConvCase): Int32Array {
  const [D, H, W] = c.spatial as [number, number, number]
  const [KD, KH, KW] = c.kernel as [number, number, number]
  const [OD, OH, OW] = c.out as [number, number, number]
  const inChannels = c.groups * c.channels
  const y = new Int32Array(c.batch * OD * OH * OW * c.groups * c.n)
  let at = 0
  for (let b = 0; b < c.batch; b++)
    for (let od = 0; od < OD; od++)
      for (let oh = 0; oh < OH; oh++)
        for (let ow = 0; ow < OW; ow++)
          for (let o = 0; o < c.groups * c.n; o++) {
            let acc = c.bias ? c.bias[o]! : 0
            for (let i = 0; i < KD; i++)
              for (let j = 0; j < KH; j++)
                for (let k = 0; k < KW; k++) {
                  const d = od * c.strides[0]! + i * c.dilations[0]! - c.begin[0]!
                  const h = oh * c.strides[1]! + j * c.dilations[1]! - c.begin[1]!
                  const w = ow * c.strides[2]! + k * c.dilations[2]! - c.begin[2]!
                  if (d < 0 || d >= D || h < 0 || h >= H || w < 0 || w >= W) continue
                  for (let ch = 0; ch < c.channels; ch++) {
                    const x = c.x[(((b * D + d) * H + h) * W + w) * inChannels + Math.floor(o / c.n) * c.channels + ch]!
                    const weight = c.w[(((o * c.channels + ch) * KD + i) * KH + j) * KW + k]!
                    acc += (x - c.xZero) * (weight - c.wZero[o]!)
                  }
                }
            y[at++] = acc
          }
  return y
}

const f = Math.fround

/** ONNX Runtime's requantization of one accumulator (bias included). */
export function requantize(acc: number, multiplier: number, zero: number, min: number, max: number): number {
  const scaled = f(f(acc) * multiplier)
  const bounded = Math.min(Math.max(scaled, min - zero), max - zero)
  const floor = Math.floor(bounded)
  const rest = bounded - floor
  const even = floor % 2 === 0 ? floor : floor + 1
  return (rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : even) + zero
}

/** f32(f32(x · w) / y). */
export const multiplierOf = (x: number, w: number, y: number): number => f(f(f(x) * f(w)) / f(y))
