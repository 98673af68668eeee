import { zlibSync } from 'fflate'
import { OctavoError } from '../errors.js'

/** 8-bit pixels, row-major, channels together: one channel is gray, three are R, G, B. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: Uint8Array
}

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)
const COLOUR_TYPES: Readonly<Record<number, number>> = { 1: 0, 3: 2 }

/**
 * A PNG file of gray or RGB pixels.
 *
 * Source: PNG Specification (Third Edition); each row takes the filter with the least sum of absolute differences (section 12.7).
 * @throws SHAPE_MISMATCH for other numbers of channels, no pixels, or data of another length
 */
export function encodePng({ width, height, channels, data }: Pixels): Uint8Array {
  const type = COLOUR_TYPES[channels]
  if (type === undefined || !(width > 0 && height > 0) || data.length !== width * height * channels)
    throw new OctavoError('SHAPE_MISMATCH', `a PNG of ${width}×${height} with ${channels} channels: expected 1 or 3 channels and ${width * height * channels} bytes, got ${data.length}.`, { width, height, channels })
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, type, 0, 0, 0], 8)
  return join([SIGNATURE, chunk('IHDR', header), chunk('IDAT', zlibSync(filterRows(data, width * channels, height, channels), { level: 9 })), chunk('IEND', new Uint8Array(0))])
}

/** Predictors of a byte from those to the left (a), above (b) and above left (c), by filter type. */
const FILTERS: readonly ((a: number, b: number, c: number) => number)[] = [() => 0, (a) => a, (_, b) => b, (a, b) => (a + b) >> 1, paeth]

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

function filterRows(data: Uint8Array, stride: number, rows: number, step: number): Uint8Array {
  const out = new Uint8Array((stride + 1) * rows)
  for (let y = 0; y < rows; y++) {
    const candidates = FILTERS.map((predict) => filterRow(data, y, stride, step, predict))
    const costs = candidates.map((row) => row.reduce((sum, v) => sum + (v < 128 ? v : 256 - v), 0))
    const best = costs.indexOf(Math.min(...costs))
    out[y * (stride + 1)] = best
    out.set(candidates[best]!, y * (stride + 1) + 1)
  }
  return out
}

function filterRow(data: Uint8Array, y: number, stride: number, step: number, predict: (a: number, b: number, c: number) => number): Uint8Array {
  const at = y * stride
  const above = (x: number): number => (y && x >= 0 ? data[at - stride + x]! : 0)
  return Uint8Array.from({ length: stride }, (_, x) => data[at + x]! - predict(x >= step ? data[at + x - step]! : 0, above(x), above(x - step)))
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(content.length + 12)
  const view = new DataView(out.buffer)
  view.setUint32(0, content.length)
  out.set([...type].map((c) => c.charCodeAt(0)), 4)
  out.set(content, 8)
  view.setUint32(content.length + 8, crc32(out.subarray(4, content.length + 8)))
  return out
}

let table: Uint32Array | undefined

function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
    return n
  })
  let crc = -1
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0))
  parts.reduce((at, p) => (out.set(p, at), at + p.length), 0)
  return out
}
