import { gunzipSync } from 'node:zlib'
import { OctavoError } from '../errors.js'

const BLOCK = 512

/**
 * The regular files of a .tar.gz, by path. Reads ustar with prefixes, GNU's long names and pax paths.
 *
 * @throws FILE_UNREADABLE when it is not gzip, or ends within an entry
 */
export function readTarGz(packed: Uint8Array, name: string): Map<string, Uint8Array> {
  const unreadable = (why: string, cause?: unknown): never => {
    throw new OctavoError('FILE_UNREADABLE', `${name}: ${why}. Copy or download it again.`, { file: name }, cause)
  }
  let bytes: Uint8Array
  try {
    const buffer = gunzipSync(packed)
    bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  } catch (error) {
    return unreadable('not a whole gzip file', error)
  }
  const files = new Map<string, Uint8Array>()
  let longName: string | undefined
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at]; ) {
    const header = bytes.subarray(at, at + BLOCK)
    const size = parseInt(field(header, 124, 12), 8) || 0
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size)
    if (body.length < size) unreadable(`an entry of ${size} bytes at ${at} is cut short`)
    const type = String.fromCharCode(header[156]!)
    if (type === 'L') longName = field(body, 0, size)
    else if (type === 'x') longName = /\d+ path=([^\n]*)\n/.exec(field(body, 0, size))?.[1] ?? longName
    else {
      if (type === '0' || type === '\0') files.set(longName ?? pathOf(header), body)
      longName = undefined
    }
    at += BLOCK * (1 + Math.ceil(size / BLOCK))
  }
  return files
}

function pathOf(header: Uint8Array): string {
  const prefix = field(header, 257, 5) === 'ustar' ? field(header, 345, 155) : ''
  return (prefix ? prefix + '/' : '') + field(header, 0, 100)
}

function field(bytes: Uint8Array, at: number, length: number): string {
  const raw = bytes.subarray(at, at + length)
  const end = raw.indexOf(0)
  return new TextDecoder().decode(end < 0 ? raw : raw.subarray(0, end))
}
