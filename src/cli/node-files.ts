import { readdir, readFile } from 'node:fs/promises'
import { OctavoError } from '../errors.js'

/** A file's bytes. @throws FILE_UNREADABLE saying which file and why */
export async function readBytes(path: string): Promise<Uint8Array> {
  const buffer = await readFile(path).catch((error) => unreadable(path, error))
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

/** A file's text. @throws FILE_UNREADABLE */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path))
}

/** Names of the files in a folder, in code-unit order. @throws FILE_UNREADABLE */
export async function listFiles(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => unreadable(path, error))
  return entries.filter((e) => e.isFile()).map((e) => e.name).sort()
}

function unreadable(path: string, error: NodeJS.ErrnoException): never {
  const why = error.code === 'ENOENT' ? 'there is no such file' : error.code === 'EISDIR' ? 'it is a folder' : error.code === 'ENOTDIR' ? 'it is not a folder' : error.message
  throw new OctavoError('FILE_UNREADABLE', `cannot read ${path}: ${why}. Check the path; it is taken from the folder you are in.`, { file: path }, error)
}
