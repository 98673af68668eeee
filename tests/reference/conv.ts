import type { Triple, Window3 } from '../../src/plan/lower/conv-geometry.js'
import { clamp, multiplyAdd } from './gemm.js'

export interface Geometry extends Window3 {
  readonly batch: number
  readonly spatial: Triple
  readonly groups: number
  /** input and output channels per group */
  readonly channels: number
  readonly n: number
  readonly lo: number
  readonly hi: number
}

type Visit = (image: number, out: Triple, at: number) => void

function eachOutput(g: Geometry, visit: Visit): void {
  let at = 0
  for (let image = 0; image < g.batch; image++)
    for (let d = 0; d < g.output[0]; d++) for (let h = 0; h < g.output[1]; h++) for (let w = 0; w < g.output[2]; w++) visit(image, [d, h, w], at++)
}

/** Taps in order (depth, height, width) with their index. */
function* tapsOf(kernel: Triple): Generator<[tap: Triple, index: number]> {
  let index = 0
  for (let d = 0; d < kernel[0]; d++) for (let h = 0; h < kernel[1]; h++) for (let w = 0; w < kernel[2]; w++) yield [[d, h, w], index++]
}

/** The pixel of `size` at `at`, or −1 outside. */
const pixelAt = (at: readonly number[], size: Triple): number => (at.every((v, i) => v >= 0 && v < size[i]!) ? (at[0]! * size[1] + at[1]!) * size[2] + at[2]! : -1)

/**
 * Convolution, channels last (x and y `lda` and `ldc` floats per pixel), weights O I spatial. Taps outside the image are products
 * with zero, or left out where `skip` says so, as the depthwise kernel does.
 */
export function conv(x: Float32Array, w: Float32Array, bias: Float32Array | null, y: Float32Array, g: Geometry, lda: number, ldc: number, skip = false): Float32Array {
  const result = y.slice()
  const [taps, pixels] = [g.kernel[0] * g.kernel[1] * g.kernel[2], g.spatial[0] * g.spatial[1] * g.spatial[2]]
  eachOutput(g, (image, out, at) => {
    for (let o = 0; o < g.groups * g.n; o++) {
      const group = Math.floor(o / g.n)
      let sum = bias ? bias[o]! : 0
      for (const [tap, t] of tapsOf(g.kernel)) {
        const pixel = pixelAt(out.map((v, i) => v * g.strides[i]! - g.begin[i]! + tap[i]! * g.dilations[i]!), g.spatial)
        if (pixel < 0 && skip) continue
        for (let c = 0; c < g.channels; c++)
          sum = multiplyAdd(sum, pixel < 0 ? 0 : x[(image * pixels + pixel) * lda + group * g.channels + c]!, w[(o * g.channels + c) * taps + t]!)
      }
      result[at * ldc + o] = clamp(sum, g.lo, g.hi)
    }
  })
  return result
}

/** Transposed convolution, channels last, weights I O spatial: each tap's sum over input channels from zero, then the bias plus the taps in order. */
export function convTranspose(x: Float32Array, w: Float32Array, bias: Float32Array | null, g: Geometry): Float32Array {
  const [taps, pixels, lda] = [g.kernel[0] * g.kernel[1] * g.kernel[2], g.spatial[0] * g.spatial[1] * g.spatial[2], g.groups * g.channels]
  const y = new Float32Array(g.batch * g.output[0] * g.output[1] * g.output[2] * g.groups * g.n)
  eachOutput(g, (image, out, at) => {
    for (let o = 0; o < g.groups * g.n; o++) {
      const group = Math.floor(o / g.n)
      let sum = bias ? bias[o]! : 0
      for (const [tap, t] of tapsOf(g.kernel)) {
        const source = out.map((v, i) => (v + g.begin[i]! - tap[i]! * g.dilations[i]!) / g.strides[i]!)
        const pixel = source.every(Number.isInteger) ? pixelAt(source, g.spatial) : -1
        if (pixel < 0) continue
        let part = 0
        for (let c = 0; c < g.channels; c++) {
          const channel = group * g.channels + c
          part = multiplyAdd(part, x[(image * pixels + pixel) * lda + channel]!, w[(channel * g.n + (o % g.n)) * taps + t]!)
        }
        sum = Math.fround(sum + part)
      }
      y[at * g.groups * g.n + o] = clamp(sum, g.lo, g.hi)
    }
  })
  return y
}
