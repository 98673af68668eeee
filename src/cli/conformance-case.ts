import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OctavoError, type ErrorCode } from '../errors.js'
import { MODEL, type ModelProto } from '../formats/onnx/schema.js'
import { decodeTensor } from '../formats/onnx/tensor.js'
import { readMessage } from '../formats/onnx/wire.js'
import type { Tensor } from '../value.js'
import { difference } from './compare.js'
import { readBytes, readText } from './node-files.js'
import { readTarGz } from './tar.js'

/** One backend test: a model and data sets, each with inputs and wanted outputs in the order of the graph's own. */
export interface Case {
  readonly name: string
  readonly model: Uint8Array
  readonly sets: readonly { readonly inputs: readonly Uint8Array[]; readonly outputs: readonly Uint8Array[] }[]
}

export type Outcome = { readonly status: 'passed' } | { readonly status: 'failed' | 'unsupported' | 'skipped'; readonly code?: string; readonly reason: string }

/** What a test needs of a session. */
export interface Subject {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(feeds: Record<string, Tensor>): Promise<Readonly<Record<string, Tensor>>>
  release(): void
}

/** Names of core.json in `folder`, and the tests of its archives by name. @throws FILE_UNREADABLE */
export async function readSuite(folder: string): Promise<{ names: readonly string[]; cases: ReadonlyMap<string, Case> }> {
  const archives = (await readdir(folder).catch(() => [])).filter((f) => f.endsWith('.tar.gz')).sort()
  if (!archives.length) throw new OctavoError('FILE_UNREADABLE', `${folder}: no .tar.gz there. Give the folder that holds core.json and the archives of ONNX's backend tests.`, { folder })
  const { tests } = JSON.parse(await readText(join(folder, 'core.json'))) as { tests: string[] }
  const wanted = new Set(tests)
  const found = new Map<string, Map<string, Uint8Array>>()
  for (const archive of archives) {
    for (const [path, bytes] of readTarGz(await readBytes(join(folder, archive)), archive)) {
      const [, name, file] = /\/data\/[^/]+\/([^/]+)\/(.+)$/.exec(path) ?? []
      if (!name || !file || !wanted.has(name)) continue
      if (!found.has(name)) found.set(name, new Map())
      found.get(name)!.set(file, bytes)
    }
  }
  return { names: tests, cases: new Map([...found].flatMap(([name, files]) => { const c = caseOf(name, files); return c ? [[name, c] as const] : [] })) }
}

function caseOf(name: string, files: ReadonlyMap<string, Uint8Array>): Case | undefined {
  const model = files.get('model.onnx')
  const folders = [...new Set([...files.keys()].flatMap((f) => /^(test_data_set_\d+)\//.exec(f)?.[1] ?? []))].sort()
  const series = (folder: string, kind: string) => {
    const list: Uint8Array[] = []
    for (let at = files.get(`${folder}/${kind}_0.pb`); at; at = files.get(`${folder}/${kind}_${list.length}.pb`)) list.push(at)
    return list
  }
  const sets = folders.map((f) => ({ inputs: series(f, 'input'), outputs: series(f, 'output') })).filter((s) => s.outputs.length)
  return model && sets.length ? { name, model, sets } : undefined
}

/** The operators of a test's graph, whether or not they are supported. */
export function operatorsOf({ model }: Case): readonly string[] {
  return [...new Set((readMessage<ModelProto>(model, MODEL).graph?.nodes ?? []).map((n) => n.op ?? ''))]
}

const UNSUPPORTED = new Set<ErrorCode>(['OP_UNSUPPORTED', 'ATTRIBUTE_UNSUPPORTED', 'DTYPE_UNSUPPORTED', 'KERNEL_MISSING'])

/** Runs every data set of a test. Never throws: what goes wrong is the outcome. */
export async function runCase(test: Case, open: (model: Uint8Array) => Promise<Subject>): Promise<Outcome> {
  let session: Subject | undefined
  try {
    session = await open(test.model)
    for (const [index, set] of test.sets.entries()) {
      const reason = await runSet(session, set)
      if (reason) return { status: 'failed', reason: test.sets.length > 1 ? `data set ${index}: ${reason}` : reason }
    }
    return { status: 'passed' }
  } catch (error) {
    const code = error instanceof OctavoError ? error.code : undefined
    return { status: code && UNSUPPORTED.has(code) ? 'unsupported' : 'failed', code: code ?? 'UNCODED', reason: error instanceof Error ? error.message : String(error) }
  } finally {
    session?.release()
  }
}

async function runSet(session: Subject, { inputs, outputs }: Case['sets'][number]): Promise<string | undefined> {
  if (inputs.length > session.inputNames.length) return `${inputs.length} inputs for a model with ${session.inputNames.length}`
  const feeds = Object.fromEntries(inputs.map((bytes, i) => [session.inputNames[i]!, decodeTensor(bytes).tensor]))
  const got = await session.run(feeds)
  for (const [i, bytes] of outputs.entries()) {
    const name = session.outputNames[i] ?? `(output ${i})`
    const why = difference(got[name], decodeTensor(bytes).tensor)
    if (why) return `output "${name}": ${why}`
  }
  return undefined
}
