import { OctavoError } from './errors.js'
import { readExternal } from './external-data.js'
import { decodeModel, openModel } from './formats/onnx/decode.js'
import { aborted, compilerFor, environment, readSource } from './platform/host.js'
import { addOperators, type OperatorSet } from './operators.js'
import { isKnown } from './plan/operators.js'
import type { Source } from './platform/source.js'
import { adopt, chooseTier, type LoadedTier } from './runtime/load.js'
import type { Tier } from './runtime/tiers.js'
import { GraphSession, type GraphSessionOptions } from './session.js'

export interface SessionOptions extends GraphSessionOptions {
  /** 'auto' (the default), or a tier by name: then there is no fallback. Node, Deno and Bun also read OCTAVO_TIER. */
  readonly tier?: Tier | 'auto'
  /** Only 1 for now: a larger number is refused. */
  readonly threads?: number
  /** A compiled TIER.wasm, for hosts that forbid compiling; it decides the tier. */
  readonly module?: WebAssembly.Module
  /** Folder (path or URL) that holds the TIER.wasm files; beside this module by default. */
  readonly wasmFolder?: string | URL
  /** Files that hold the model's large tensors, by the location it names. Those beside a model opened by path or URL are found without it. */
  readonly externalData?: Readonly<Record<string, Source>>
  /** Stops reading and opening. */
  readonly signal?: AbortSignal
}

/**
 * A model ready to run.
 *
 *     const session = await InferenceSession.create('model.onnx')
 *     const { output } = await session.run({ input: new Tensor('float32', pixels, [1, 3, 224, 224]) })
 */
export class InferenceSession extends GraphSession {
  /**
   * Opens an ONNX model (opset 7 to the newest) from a path, URL, bytes, Response, Blob or stream.
   *
   * @throws SOURCE_UNREADABLE, MODEL_TRUNCATED, MODEL_MALFORMED, OP_UNSUPPORTED, GRAPH_INVALID, TIER_UNAVAILABLE, OPTION_INVALID, ABORTED,
   *   and for models whose shapes are all fixed the codes of planning (ARENA_EXHAUSTED, WORK_EXCESSIVE, SHAPE_MISMATCH, …)
   */
  static async create(source: Source | Promise<Source>, options: SessionOptions = {}): Promise<InferenceSession> {
    requireOneThread(options)
    const [bytes, tier] = await Promise.all([Promise.resolve(source).then((s) => readSource(s, options.signal)), tierFor(options)])
    const model = openModel(bytes)
    if (model.needsMore(isKnown)) addOperators((await import('./more-operators.js')).moreOperators)
    const external = await readExternal(model, await source, options)
    const graph = model.graph({ externalData: external })
    if (options.signal?.aborted) throw aborted(options.signal)
    const size = [...external.values()].reduce((sum, file) => sum + file.byteLength, bytes.byteLength)
    return new InferenceSession(graph, tier, size, options)
  }

  /**
   * As `create`, at once: `bytes` of the model, which must hold all its data, a compiled TIER.wasm, and for models that
   * need them `moreOperators` of octavo/operators.
   */
  static createSync(bytes: Uint8Array, options: SyncOptions): InferenceSession {
    requireOneThread(options)
    if (options.operators) addOperators(options.operators)
    return new InferenceSession(decodeModel(bytes), adopt(options.module), bytes.byteLength, options)
  }
}

/** Options of `createSync`. */
export interface SyncOptions extends Omit<SessionOptions, 'externalData' | 'signal' | 'tier' | 'wasmFolder'> {
  readonly module: WebAssembly.Module
  readonly operators?: OperatorSet
}

async function tierFor({ module, tier, wasmFolder }: SessionOptions): Promise<LoadedTier> {
  if (module) return adopt(module)
  return chooseTier(tier ?? (environment('OCTAVO_TIER') as Tier | undefined) ?? 'auto', compilerFor(wasmFolder))
}

function requireOneThread({ threads }: SessionOptions): void {
  if (threads !== undefined && threads !== 1) throw new OctavoError('OPTION_INVALID', `option threads: expected 1, the only number yet, got ${threads}.`, { threads })
}
