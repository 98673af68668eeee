import type { OnnxFile } from './formats/onnx/decode.js'
import { readSource } from './platform/host.js'
import type { Source } from './platform/source.js'

export interface ExternalOptions {
  /** Files that hold the model's large tensors, by the location it names. Those beside a model opened by path or URL are found without it. */
  readonly externalData?: Readonly<Record<string, Source>>
  readonly signal?: AbortSignal
}

/** The files that the model names: given ones first, else those beside it. What is still missing is the decoder's error. */
export async function readExternal(model: OnnxFile, source: Source, { externalData = {}, signal }: ExternalOptions): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const name of model.externalFiles()) {
    const file = (Object.hasOwn(externalData, name) ? externalData[name] : undefined) ?? besideOf(source, name)
    if (file !== undefined) found.set(name, await readSource(file, signal))
  }
  return found
}

/** The address of a file in the same folder as a model that was opened by address. */
function besideOf(source: Source, name: string): string | URL | undefined {
  if (source instanceof URL) return new URL(name, source)
  if (typeof source !== 'string') return undefined
  return /^[a-z]+:\/\//i.test(source) ? new URL(name, source) : source.replace(/[^/\\]*$/, '') + name
}
