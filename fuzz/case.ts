import { arrayOf, elementCount } from '../src/dtype.js'
import { OctavoError } from '../src/errors.js'
import { decodeModel } from '../src/formats/onnx/decode.js'
import type { LoadedTier } from '../src/runtime/load.js'
import { GraphSession } from '../src/session.js'
import { Tensor } from '../src/value.js'

/** How a mutant ended: `run` with a result, a code where it was refused, or a fault of ours. */
export interface Outcome { readonly end: string; readonly fault?: string; readonly ms: number }

/** Longest that reading, opening or running a mutant may take. */
export const LIMIT_MS = 5000

/** Most bytes of host arrays that a mutant may leave behind at its largest moment. */
const LIMIT_BYTES = 2 ** 30

/** Elements of one feed; where a mutant asks for more it is opened but not run. */
const MAX_FEED = 2 ** 16

/** Reads, opens and runs a model with zeros for inputs. Never throws. */
export function tryModel(bytes: Uint8Array, tier: LoadedTier): Outcome {
  const start = performance.now()
  let session: GraphSession | undefined
  const ended = (end: string, fault?: string): Outcome => {
    const ms = performance.now() - start
    if (ms > LIMIT_MS) fault ??= `took ${Math.round(ms)} ms`
    const held = process.memoryUsage().arrayBuffers
    if (held > LIMIT_BYTES) fault ??= `left ${held} bytes of arrays`
    return { end, fault, ms }
  }
  try {
    session = new GraphSession(decodeModel(bytes), tier, bytes.length)
    const feeds = feedsOf(session)
    if (!feeds) return ended('opened')
    session.runSync(feeds)
    return ended('run')
  } catch (error) {
    if (error instanceof OctavoError && error.code !== 'INTERNAL') return ended(error.code)
    return ended('fault', error instanceof Error ? error.stack ?? String(error) : String(error))
  } finally {
    session?.release()
  }
}

function feedsOf({ inputMetadata }: GraphSession): Record<string, Tensor> | undefined {
  const feeds: Record<string, Tensor> = {}
  for (const { name, dtype, dims } of inputMetadata) {
    const concrete = (dims ?? [2]).map((d) => (typeof d === 'number' ? d : 2))
    const count = concrete.includes(0) ? 0 : elementCount(concrete)
    if (!(count <= MAX_FEED)) return undefined
    feeds[name] = new Tensor(dtype, arrayOf(dtype, count), concrete)
  }
  return feeds
}
