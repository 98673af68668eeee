/**
 * Runs a range of cases and posts how each ended. A thread of its own, so that one that never ends, or takes all memory,
 * is noticed and passed over.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { readTarGz } from '../src/cli/tar.js'
import { moreOperators } from '../src/more-operators.js'
import { addOperators } from '../src/operators.js'
import { adopt } from '../src/runtime/load.js'
import { tryModel } from './case.js'
import { mutant, seedOf, type Seed } from './mutate.js'
import { builtSeeds } from './seeds.js'

export interface Work { readonly wasm: string; readonly data?: string; readonly seed: number; readonly from: number; readonly to: number }
export interface Progress { readonly index: number; readonly name: string; readonly end?: string; readonly fault?: string; readonly ms?: number; readonly bytes?: Uint8Array }

/** Models larger than this would make a mutant cost more than it tells. */
const MAX_SEED_BYTES = 32768

/** What the data folder adds: its small models, and ONNX's own tests of the operators that Octavo has. */
function dataSeeds(data: string): Seed[] {
  const models = ['onnx-float/mnist-in-factorio', 'onnx-float/mnist-cntk', 'onnx-quantized/mnist-in-factorio-dynamic'].map((name) => seedOf(name, new Uint8Array(readFileSync(join(data, 'models', `${name}.onnx`)))))
  const { tests } = JSON.parse(readFileSync(join(data, 'conformance/core.json'), 'utf8')) as { tests: string[] }
  const core = new Set(tests)
  const archive = readTarGz(readFileSync(join(data, 'conformance/onnx-v1.22.0-node.tar.gz')), 'node')
  const nodes = [...archive].flatMap(([path, bytes]) => {
    const name = /\/node\/([^/]+)\/model\.onnx$/.exec(path)?.[1]
    return name && core.has(name) && bytes.length <= MAX_SEED_BYTES ? [seedOf(name, bytes)] : []
  })
  return [...models, ...nodes]
}

const { wasm, data, seed, from, to } = workerData as Work
const tier = adopt(new WebAssembly.Module(readFileSync(wasm)))
addOperators(moreOperators)
const seeds = [...builtSeeds(), ...(data && existsSync(data) ? dataSeeds(data) : [])]
const post = (progress: Progress): void => parentPort!.postMessage(progress)

for (const original of from === 0 ? seeds : []) {
  const { fault, end } = tryModel(original.bytes, tier)
  if (fault) post({ index: -1, name: `${original.name}, unchanged`, end, fault, bytes: original.bytes })
}
for (let index = from; index < to; index++) {
  const { name, bytes } = mutant(seeds, seed, index)
  post({ index, name })
  const { end, fault, ms } = tryModel(bytes, tier)
  post({ index, name, end, fault, ms, bytes: fault ? bytes : undefined })
}
