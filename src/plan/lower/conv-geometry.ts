export type Triple = readonly [depth: number, height: number, width: number]

/** `values` as depth, height, width: missing leading axes are `fill`. */
export const lift = (values: readonly number[], fill: number): Triple => [...Array<number>(3 - values.length).fill(fill), ...values] as unknown as Triple

/** A window over three axes. */
export interface Window3 {
  readonly kernel: Triple
  readonly strides: Triple
  readonly dilations: Triple
  readonly begin: Triple
  readonly output: Triple
}

export const product3 = (t: Triple): number => t[0] * t[1] * t[2]

/** How f32_conv reads windows: in place, or from padded strips of `rows` output rows. */
export interface Reading {
  /** Size of a strip in pixels; undefined when no window leaves the image. */
  readonly strip: Triple | undefined
  readonly rows: number
  /** Byte offsets of a window's stretches, of `run` floats each. */
  readonly segments: Uint32Array
  readonly run: number
}

/** Strips larger than this fall out of the second-level cache between being written and being read. */
const STRIP_BYTES = 192 * 1024

/**
 * Decides how a convolution reads its input of `spatial` pixels, `channels` floats each at a distance of `lda` floats.
 * Taps that lie side by side, all their channels included, are one segment.
 */
export function reading(w: Window3, spatial: Triple, channels: number, groups: number, lda: number): Reading {
  const extent = w.kernel.map((k, i) => (k - 1) * w.dilations[i]! + 1) as unknown as Triple
  const span = (axis: number, outputs: number): number => (outputs - 1) * w.strides[axis]! + extent[axis]!
  const inside = w.output.every((o, i) => w.begin[i] === 0 && span(i, o) <= spatial[i]!)
  const width = span(2, w.output[2])
  const bytes = (rows: number): number => 4 * extent[0] * span(1, rows) * width * channels
  let rows = w.output[1]
  if (!inside) while (rows > 1 && bytes(rows) > STRIP_BYTES) rows = Math.ceil(rows / 2)
  const strip: Triple | undefined = inside ? undefined : [extent[0], span(1, rows), width]
  const plane = strip ?? spatial
  const pixel = inside ? lda : channels
  const merged = groups === 1 && w.dilations[2] === 1 && pixel === channels
  return { strip, rows, run: merged ? w.kernel[2] * channels : channels / groups, segments: tapOffsets(w, plane, 4 * pixel, merged ? 1 : w.kernel[2]) }
}

/** Byte offset of every tap from the window's first, width innermost; `taps` of the last axis. */
export function tapOffsets(w: Pick<Window3, 'kernel' | 'dilations'>, plane: Triple, pixelBytes: number, taps: number): Uint32Array {
  const [, height, width] = plane
  const offsets: number[] = []
  for (let d = 0; d < w.kernel[0]; d++)
    for (let h = 0; h < w.kernel[1]; h++)
      for (let i = 0; i < taps; i++) offsets.push(((d * w.dilations[0] * height + h * w.dilations[1]) * width + i * w.dilations[2]) * pixelBytes)
  return Uint32Array.from(offsets)
}
