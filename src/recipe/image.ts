import { OctavoError } from '../errors.js'
import { resize, type Filter, type Image } from './resample.js'
import type { ValuesInput } from './schema.js'

export type { Image }

/**
 * The image after a recipe's geometry: resizeShort, resize or letterbox; then centerCrop; then resizeAfterCrop; then
 * channels. Lengths that do not come out whole are truncated.
 *
 * @throws SHAPE_MISMATCH when the crop is larger than the image
 */
export function shapeImage(image: Image, input: ValuesInput): Image {
  const filter: Filter = input.filter ?? 'bilinear-antialias'
  let shaped = image
  if (input.resizeShort) shaped = resizeShort(shaped, input.resizeShort, filter)
  if (input.resize) shaped = resize(shaped, input.resize[0]!, input.resize[1]!, filter)
  if (input.letterbox) shaped = letterbox(shaped, input.letterbox[0]!, input.letterbox[1]!, filter, input.padValue ?? 0, input.align ?? 'center')
  if (input.centerCrop) shaped = centerCrop(shaped, input.centerCrop)
  if (input.resizeAfterCrop) shaped = resize(shaped, input.resizeAfterCrop[0]!, input.resizeAfterCrop[1]!, filter)
  return pickChannels(shaped, input.channels ?? (shaped.channels === 1 ? 'gray' : 'rgb'))
}

/** The shorter side becomes `short`, the longer one keeps the proportion, truncated. */
export function resizeShort(image: Image, short: number, filter: Filter): Image {
  const { width, height } = image
  const long = (a: number, b: number) => Math.trunc((short * a) / b)
  return width < height ? resize(image, short, long(height, width), filter) : resize(image, long(width, height), short, filter)
}

/** The whole image inside width × height, its proportion kept, the rest filled with `pad`. */
export function letterbox(image: Image, width: number, height: number, filter: Filter, pad: number, align: 'top-left' | 'center'): Image {
  const { scale, left, top } = letterboxPlace(image, width, height, align)
  const inner = resize(image, Math.max(1, Math.trunc(image.width * scale)), Math.max(1, Math.trunc(image.height * scale)), filter)
  const { channels } = image
  const data = new Uint8Array(width * height * channels).fill(pad)
  for (let y = 0; y < inner.height; y++) data.set(inner.data.subarray(y * inner.width * channels, (y + 1) * inner.width * channels), ((top + y) * width + left) * channels)
  return { width, height, channels, data }
}

/** Where letterbox puts an image: pixels of the box are scale · pixels of the image + (left, top). */
export function letterboxPlace(image: Pick<Image, 'width' | 'height'>, width: number, height: number, align: 'top-left' | 'center'): { scale: number; left: number; top: number } {
  const scale = Math.min(width / image.width, height / image.height)
  const half = (outer: number, inner: number) => (align === 'center' ? Math.floor((outer - Math.trunc(inner * scale)) / 2) : 0)
  return { scale, left: half(width, image.width), top: half(height, image.height) }
}

/** size × size from the middle; of an odd margin, the smaller half is cut off left and top. */
export function centerCrop(image: Image, size: number): Image {
  const { width, height, channels } = image
  if (size > width || size > height)
    throw new OctavoError('SHAPE_MISMATCH', `centerCrop ${size}: the image is ${width}×${height} by then. Resize it to at least ${size} before the crop.`, { width, height, size })
  const left = Math.floor((width - size) / 2)
  const top = Math.floor((height - size) / 2)
  const data = new Uint8Array(size * size * channels)
  for (let y = 0; y < size; y++) data.set(image.data.subarray(((top + y) * width + left) * channels, ((top + y) * width + left + size) * channels), y * size * channels)
  return { width: size, height: size, channels, data }
}

/** Channels as a model wants them; gray is PIL's integer mix of ITU-R 601 (L = (19595·R + 38470·G + 7471·B + 2¹⁵) / 2¹⁶). */
export function pickChannels(image: Image, order: 'rgb' | 'bgr' | 'gray'): Image {
  const source = order === 'gray' ? image : toRgb(image)
  if (order === 'rgb' || (order === 'gray' && source.channels === 1)) return source
  const { width, height, data } = source
  const count = width * height
  const out = new Uint8Array(count * (order === 'gray' ? 1 : 3))
  for (let i = 0; i < count; i++) {
    const r = data[i * 3]!, g = data[i * 3 + 1]!, b = data[i * 3 + 2]!
    if (order === 'gray') out[i] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
    else { out[i * 3] = b; out[i * 3 + 1] = g; out[i * 3 + 2] = r }
  }
  return { width, height, channels: order === 'gray' ? 1 : 3, data: out }
}

function toRgb(image: Image): Image {
  if (image.channels === 3) return image
  const { width, height } = image
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) data.fill(image.data[i * image.channels]!, i * 3, i * 3 + 3)
  return { width, height, channels: 3, data }
}
