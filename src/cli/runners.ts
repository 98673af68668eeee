import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { DType } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { InferenceSession, type SessionOptions } from '../inference-session.js'
import type { Tier } from '../runtime/tiers.js'
import { Tensor } from '../value.js'
import type { Runner, Tensors } from '../recipe/runner.js'
import { usageError, type Arguments } from './arguments.js'

/** Runtimes that can run a model beside ours. */
export const PEERS = ['onnxruntime-web', 'onnxruntime-node'] as const
export type Peer = (typeof PEERS)[number]

/** A runner that has a name and holds memory until it is released. */
export interface OpenRunner extends Runner {
  readonly name: string
  release(): void
}

/** The name behind --tier, checked. */
export function tierOf(args: Arguments): Tier | 'auto' {
  const given = args.text('tier') ?? 'auto'
  return ['auto', 'relaxed', 'simd', 'scalar'].includes(given) ? (given as Tier) : usageError(`--tier: expected relaxed, simd or scalar, got "${given}".`, { option: 'tier' })
}

/** Opens a model file as a session; --tier decides on what. @throws the codes of InferenceSession.create */
export const openSession = (model: string, args: Arguments, options: SessionOptions = {}): Promise<InferenceSession> =>
  InferenceSession.create(model, { tier: tierOf(args), ...options })

/** Our own session as a runner. */
export function sessionRunner(session: InferenceSession): OpenRunner {
  return {
    name: 'octavo', inputs: session.inputMetadata, outputs: session.outputMetadata,
    run: (feeds) => session.run({ ...feeds }), release: () => session.release(),
  }
}

/** Checks the names after --peers or --runtime. */
export function peerNames(names: readonly string[], option: string): readonly Peer[] {
  for (const name of names) if (!PEERS.includes(name as Peer)) usageError(`--${option}: expected ${PEERS.join(' or ')}, got "${name}".`, { option })
  return names as readonly Peer[]
}

interface OrtTensor { readonly type: DType; readonly data: Tensor['data']; readonly dims: readonly number[] }
interface OrtSession {
  readonly inputMetadata: readonly { readonly name: string; readonly type: DType; readonly shape: readonly (number | string)[] }[]
  readonly outputNames: readonly string[]
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
}
interface Ort {
  readonly env: { wasm: { numThreads: number }; logLevel: string; versions: Record<string, string | undefined> }
  readonly Tensor: new (type: DType, data: Tensor['data'], dims: readonly number[]) => OrtTensor
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> }
}

/**
 * A peer's runtime on the same model, one thread, all graph optimisations.
 *
 * @throws OPTION_INVALID when the package cannot be found from here; SOURCE_UNREADABLE with the peer's own words when it refuses the model
 */
export async function openPeer(peer: Peer, model: Uint8Array): Promise<OpenRunner> {
  const ort = await loadPeer(peer)
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
  const options = { executionProviders: [peer === 'onnxruntime-web' ? 'wasm' : 'cpu'], graphOptimizationLevel: 'all', intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 3 }
  const session = await ort.InferenceSession.create(model, options).catch((error: Error) => {
    throw new OctavoError('SOURCE_UNREADABLE', `${peer} refuses the model: ${error.message}`, { peer }, error)
  })
  return {
    name: peer, release: () => void session.release(),
    inputs: session.inputMetadata.map(({ name, type, shape }) => ({ name, dtype: type, dims: shape })),
    outputs: session.outputNames.map((name) => ({ name })),
    run: async (feeds) => fromPeer(await session.run(toPeer(feeds, ort))),
  }
}

const toPeer = (feeds: Tensors, ort: Ort): Record<string, OrtTensor> =>
  Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.dtype, t.data, t.dims)]))

const fromPeer = (outputs: Record<string, OrtTensor>): Tensors => Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, new Tensor(t.type, t.data, t.dims)]))

/** A package from the project the command runs in, its bench/ folder, NODE_PATH, or beside Octavo, in this order. */
async function loadPeer(peer: Peer): Promise<Ort> {
  const here = dirname(fileURLToPath(import.meta.url))
  for (const base of [process.cwd(), join(process.cwd(), 'bench'), here, join(here, '..', 'bench')]) {
    const path = resolveFrom(base, peer)
    if (path) {
      const loaded = (await import(pathToFileURL(path).href)) as Ort & { default?: Ort }
      return loaded.default?.InferenceSession ? loaded.default : loaded
    }
  }
  return usageError(`${peer} is not installed here. Install it (npm install --no-save ${peer}) or leave it out of the command.`, { peer })
}

function resolveFrom(base: string, name: string): string | undefined {
  try {
    return createRequire(join(base, 'package.json')).resolve(name)
  } catch {
    return undefined
  }
}
