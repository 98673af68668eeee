import { OctavoError } from '../errors.js'

/** Sound as one channel of floats in −1 … 1. */
export interface Sound {
  readonly rate: number
  readonly samples: Float32Array
}

/**
 * Reads a RIFF/WAVE file: PCM of 16 bits (each value over 32768) or IEEE float of 32, one channel.
 *
 * @throws FILE_UNREADABLE for any other format, or a file cut short
 */
export function readWav(bytes: Uint8Array, name: string): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fail = (why: string): never => {
    throw new OctavoError('FILE_UNREADABLE', `${name}: ${why}. Recipes read WAVE files with one channel of 16-bit PCM or 32-bit float.`, { file: name })
  }
  if (bytes.length < 12 || word(bytes, 0) !== 'RIFF' || word(bytes, 8) !== 'WAVE') fail('not a WAVE file')
  let format: { code: number; channels: number; rate: number; bits: number } | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    const body = at + 8
    if (word(bytes, at) === 'fmt ' && body + 16 <= bytes.length)
      format = { code: view.getUint16(body, true), channels: view.getUint16(body + 2, true), rate: view.getUint32(body + 4, true), bits: view.getUint16(body + 14, true) }
    if (word(bytes, at) === 'data') {
      if (!format || format.channels !== 1) return fail(format ? `${format.channels} channels` : 'sound before its format')
      if (body + length > bytes.length) fail(`${length} bytes of sound announced, ${bytes.length - body} there`)
      return { rate: format.rate, samples: decode(view, body, length, format.code, format.bits) ?? fail(`format ${format.code} of ${format.bits} bits`) }
    }
    at = body + length + (length & 1)
  }
  return fail('no sound in it')
}

function decode(view: DataView, at: number, length: number, code: number, bits: number): Float32Array | undefined {
  if (code === 1 && bits === 16) return Float32Array.from({ length: length >> 1 }, (_, i) => view.getInt16(at + 2 * i, true) / 32768)
  if (code === 3 && bits === 32) return Float32Array.from({ length: length >> 2 }, (_, i) => view.getFloat32(at + 4 * i, true))
  return undefined
}

const word = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4))
