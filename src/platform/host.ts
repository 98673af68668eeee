import { OctavoError } from '../errors.js'
import type { Source } from './source.js'

/** `node:fs/promises` where the host has it. The name is not a literal, so that bundlers for browsers leave it alone. */
async function fileSystem(): Promise<typeof import('node:fs/promises') | undefined> {
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  if (!process?.versions?.node) return undefined
  const name = 'node:fs/promises'
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name)
}

const isUrl = (text: string): boolean => /^(https?|file|data|blob):/i.test(text)

/**
 * The bytes of `source`.
 *
 * @throws SOURCE_UNREADABLE with what was tried; ABORTED
 */
export async function readSource(source: Source, signal?: AbortSignal): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  try {
    if (typeof source === 'string' || source instanceof URL) return await readAddress(source, signal)
    if (typeof Blob !== 'undefined' && source instanceof Blob) return new Uint8Array(await source.arrayBuffer())
    const response = typeof ReadableStream !== 'undefined' && source instanceof ReadableStream ? new Response(source) : source
    if (response instanceof Response) return await readResponse(response)
  } catch (cause) {
    if (cause instanceof OctavoError) throw cause
    if (signal?.aborted) throw aborted(signal)
    throw new OctavoError('SOURCE_UNREADABLE', `cannot read ${describe(source)}: ${(cause as Error).message}. Check the address and that the host may read it.`, { source: describe(source) }, cause)
  }
  throw new OctavoError('SOURCE_UNREADABLE', `expected a path, URL, bytes, Response, Blob or stream, got ${describe(source)}.`, {})
}

/** An address that means the same in a worker: whole in a page; a path stays one where files are read, since a worker has the same folder. */
export function absoluteAddress(address: string | URL): string {
  const { process, document, location } = globalThis as { process?: { versions?: { node?: string } }; document?: { baseURI: string }; location?: { href: string } }
  const base = document?.baseURI ?? location?.href
  if (address instanceof URL || isUrl(address) || process?.versions?.node || base === undefined) return String(address)
  return new URL(address, base).href
}

async function readAddress(address: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  const url = address instanceof URL ? address : isUrl(address) ? new URL(address) : undefined
  if (!url || url.protocol === 'file:') {
    const fs = await fileSystem()
    if (fs) return fs.readFile(url ?? (address as string), { signal })
  }
  return readResponse(await fetch(url ?? (address as string), { signal }))
}

async function readResponse(response: Response): Promise<Uint8Array> {
  if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim())
  return new Uint8Array(await response.arrayBuffer())
}

const describe = (source: unknown): string =>
  typeof source === 'string' ? `"${source}"` : source instanceof URL ? `"${source.href}"` : (source as object)?.constructor?.name ?? String(source)

/** The error an aborted signal stands for. */
export const aborted = (signal: AbortSignal): OctavoError => new OctavoError('ABORTED', 'the signal was aborted.', {}, signal.reason)

const compilers = new Map<string, (tier: string) => Promise<WebAssembly.Module>>()

/**
 * How this host compiles TIER.wasm found in `folder` (default: beside this file). The same folder gives the same function, so
 * that modules are compiled once.
 */
export function compilerFor(folder: string | URL = new URL('./', import.meta.url)): (tier: string) => Promise<WebAssembly.Module> {
  const base = String(folder)
  let compile = compilers.get(base)
  if (!compile) {
    compile = async (tier) => {
      const bytes = await readSource(isUrl(base) ? new URL(`${tier}.wasm`, base.endsWith('/') ? base : base + '/') : `${base.replace(/\/$/, '')}/${tier}.wasm`)
      return WebAssembly.compile(bytes as BufferSource)
    }
    compilers.set(base, compile)
  }
  return compile
}

/** An environment variable, where the host has any; an empty one counts as none. */
export const environment = (name: string): string | undefined => (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name] || undefined

/** Lets the host's other work run. */
export const breathe = (): Promise<void> => new Promise((resume) => setTimeout(resume, 0))
