import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { OctavoError } from '../errors.js'
import { usageError } from './arguments.js'

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

/** Whether a path is a folder. @throws FILE_UNREADABLE when nothing is there */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch((error) => unreadable(path, error))).isDirectory()
}

/**
 * Writes a file whole or not at all: into a new file beside it, flushed to the disk, which then takes its name. Pipes and devices are written as they are.
 *
 * @throws FILE_UNWRITABLE saying which file and why (a full disk, no such folder, no permission); what stood there before still does then
 */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined)
    if (there && !there.isFile() && !there.isDirectory()) return await writeFile(path, data)
    const target = there ? await realpath(path) : path
    const beside = join(dirname(target), `.${basename(target)}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`)
    try {
      const file = await open(beside, 'wx', there?.mode)
      try {
        await file.writeFile(data)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, target)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  } catch (error) {
    unwritable(path, error as NodeJS.ErrnoException)
  }
}

/**
 * Says before minutes of work what would be refused after them.
 *
 * @param files by the option that names them; all but MODEL are written
 * @throws OPTION_INVALID the same file twice; FILE_UNWRITABLE a folder that is not there
 */
export async function requirePlaces(files: Readonly<Record<string, string | undefined>>): Promise<void> {
  const seen = new Map<string, string>()
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue
    const other = seen.get(resolve(path))
    if (other) usageError(`${option} ${path}: the same file as ${other}. Name another one.`, { option })
    seen.set(resolve(path), option)
    if (option !== 'MODEL' && !(await stat(dirname(path)).catch(() => undefined))?.isDirectory())
      throw new OctavoError('FILE_UNWRITABLE', `cannot write ${path}: its folder is not there. Make it first. Nothing was written.`, { file: path })
  }
}

function unwritable(path: string, error: NodeJS.ErrnoException): never {
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full. Make room, or write to another disk.', EDQUOT: 'your quota is used up. Make room, or write to another disk.', EFBIG: 'it is larger than files may be here. Raise the limit (ulimit -f), or write to another disk.',
    ENOENT: 'its folder is not there. Make it first.', EISDIR: 'it is a folder. Name a file.', ENOTDIR: 'its folder is a file. Check the path.',
    EACCES: 'you may not write there.', EPERM: 'you may not write there.', EROFS: 'the disk is read-only.',
  }
  throw new OctavoError('FILE_UNWRITABLE', `cannot write ${path}: ${known[error.code ?? ''] ?? `${error.message}.`} Nothing was written.`, { file: path }, error)
}
