import { unzipSync } from 'fflate'
import { OctavoError } from '../errors.js'
import type { Tensor } from '../value.js'
import { readNpy } from './npy.js'

/** Deflate packs no better than 1032 to 1: an entry that claims more is not honest about its size. */
const MAX_RATIO = 1032

/**
 * The arrays of an .npz file (numpy.savez, numpy.savez_compressed) by name, without '.npy'.
 *
 * @throws FILE_UNREADABLE, DTYPE_UNSUPPORTED
 */
export function readNpz(bytes: Uint8Array, name = 'npz'): Map<string, Tensor> {
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, { filter: (entry) => entry.name.endsWith('.npy') && honest(entry.size, entry.originalSize, bytes.length) })
  } catch (cause) {
    throw new OctavoError('FILE_UNREADABLE', `${name}: not a whole zip file. Write it again with numpy.savez.`, { file: name }, cause)
  }
  return new Map(Object.entries(files).map(([path, data]) => [path.slice(0, -'.npy'.length), readNpy(data, `${name}:${path}`)]))
}

function honest(packed: number, unpacked: number, length: number): boolean {
  if (packed <= length && unpacked <= 64 + packed * MAX_RATIO) return true
  throw new Error(`an entry of ${packed} bytes claims ${unpacked}`)
}
