/** 8-bit pixels, row-major, channels together: data[(y · width + x) · channels + c]. Three channels are R, G, B. */
export interface Image {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: Uint8Array
}

/** How an image changes size: PIL's BILINEAR, whose support grows with the reduction, or plain two-tap interpolation. */
export type Filter = 'bilinear' | 'bilinear-antialias'

/** Where each output position reads: `count` inputs from `first`, weights at `position · width`. */
interface Taps {
  readonly first: Int32Array
  readonly count: Int32Array
  readonly weights: Int32Array
  readonly width: number
}

/** Weights are integers in units of 2⁻²²: 8 bits of pixel and two spare bits fit beside them in an i32. */
const PRECISION = 22

/**
 * `image` at width × height, in two passes, across and then down, each rounded to 8 bits; a pass that changes nothing is
 * left out. `bilinear-antialias` gives Pillow's bytes (Image.resize with BILINEAR on 8-bit images): triangle weights as
 * wide as the reduction, in fixed point of 22 bits. `bilinear` interpolates between the two nearest pixel centres, whatever
 * the reduction, in the same fixed point.
 *
 * Source: the arithmetic of Pillow's Resample.c (precompute_coeffs, normalize_coeffs_8bpc).
 */
export function resize(image: Image, width: number, height: number, filter: Filter): Image {
  const across = width === image.width ? image : resizeAcross(image, taps(image.width, width, filter))
  return height === image.height ? across : resizeDown(across, taps(image.height, height, filter))
}

/** Taps of every output position; samples sit at pixel centres. */
function taps(from: number, to: number, filter: Filter): Taps {
  const scale = from / to
  const stretch = filter === 'bilinear' ? 1 : Math.max(1, scale)
  const width = Math.ceil(stretch) * 2 + 1
  const result = { first: new Int32Array(to), count: new Int32Array(to), weights: new Int32Array(to * width), width }
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - stretch + 0.5))
    const count = Math.min(from, Math.trunc(centre + stretch + 0.5)) - first
    result.first[i] = first
    result.count[i] = count
    result.weights.set(triangle(first - centre + 0.5, count, stretch), i * width)
  }
  return result
}

/** Weights of `count` pixels whose first lies `start` from the centre, normalized and then rounded. */
function triangle(start: number, count: number, stretch: number): number[] {
  const inverse = 1 / stretch
  const raw = Array.from({ length: count }, (_, k) => Math.max(0, 1 - Math.abs((start + k) * inverse)))
  const sum = raw.reduce((a, b) => a + b, 0)
  return raw.map((w) => Math.trunc((sum ? w / sum : w) * 2 ** PRECISION + 0.5))
}

function resizeAcross(image: Image, { first, count, weights, width: step }: Taps): Image {
  const { channels: c, height } = image
  const width = first.length
  const data = new Uint8Array(width * height * c)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = 0; k < c; k++)
        data[(y * width + x) * c + k] = weigh(image.data, (y * image.width + first[x]!) * c + k, c, weights, x * step, count[x]!)
  return { width, height, channels: c, data }
}

function resizeDown(image: Image, { first, count, weights, width: step }: Taps): Image {
  const row = image.width * image.channels
  const height = first.length
  const data = new Uint8Array(row * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < row; x++) data[y * row + x] = weigh(image.data, first[y]! * row + x, row, weights, y * step, count[y]!)
  return { width: image.width, height, channels: image.channels, data }
}

/** Weights are not negative and sum to about one, so the result needs a bound above only. */
function weigh(data: Uint8Array, at: number, stride: number, weights: Int32Array, w: number, count: number): number {
  let sum = 1 << (PRECISION - 1)
  for (let k = 0; k < count; k++) sum += data[at + k * stride]! * weights[w + k]!
  return Math.min(255, sum >> PRECISION)
}
