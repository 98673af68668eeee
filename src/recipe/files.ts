import { OctavoError } from '../errors.js'
import type { Image } from './image.js'

/** How a recipe reaches its data: the host brings the files, and a decoder for pictures. Paths are the recipe's own, relative to its data folder. */
export interface Files {
  /** The bytes of a file. @throws FILE_UNREADABLE */
  read(path: string): Promise<Uint8Array>
  /** Names of the files in a folder, sorted by code unit. @throws FILE_UNREADABLE */
  list(path: string): Promise<readonly string[]>
  /** A picture's pixels, as stored: neither turned by its EXIF tag nor converted by its colour profile. @throws FILE_UNREADABLE */
  image(path: string): Promise<Image>
}

/** A file's bytes, unpacked when its name ends in .gz. */
export async function readUnpacked(files: Files, path: string): Promise<Uint8Array> {
  const bytes = await files.read(path)
  if (!path.endsWith('.gz')) return bytes
  try {
    return new Uint8Array(await new Response(new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())
  } catch (error) {
    throw new OctavoError('FILE_UNREADABLE', `${path}: not a whole gzip file. Copy it again.`, { file: path }, error)
  }
}

/** A JSON file's value. */
export async function readJson(files: Files, path: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readUnpacked(files, path)))
  } catch (error) {
    if (error instanceof OctavoError) throw error
    throw new OctavoError('FILE_UNREADABLE', `${path} is not JSON: ${(error as Error).message}`, { file: path }, error)
  }
}

/** The value at a dotted path inside JSON, or undefined. */
export const pick = (value: unknown, path: string): unknown => path.split('.').reduce<unknown>((v, key) => (v as Record<string, unknown> | undefined)?.[key], value)
