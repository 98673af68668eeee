import type { QScheme } from '../qscheme.js'
import { fbgemm } from './fbgemm.js'
import { onednn } from './onednn.js'
import { qnnpack } from './qnnpack.js'
import { x86 } from './x86.js'
import { OctavoError } from '../../errors.js'

/** Which ranges and schemes a model is quantized with by default: PyTorch's `backend`, as data. */
export interface Engine {
  readonly name: string
  /** activations are quint8 over 0…255, or 0…127 when this is set: products of pairs would saturate */
  readonly reduceRange: boolean
  /** weights are qint8 over −128…127 by this scheme */
  readonly weightScheme: QScheme
  /** weights of transposed convolutions */
  readonly transposedWeightScheme: QScheme
}

export const ENGINES = { fbgemm, qnnpack, x86, onednn } as const satisfies Record<string, Engine>
export type EngineName = keyof typeof ENGINES

/** @throws ENGINE_UNKNOWN */
export function engineOf(name: string): Engine {
  const engine = Object.hasOwn(ENGINES, name) ? ENGINES[name as EngineName] : undefined
  if (!engine) throw new OctavoError('ENGINE_UNKNOWN', `engine: expected one of ${Object.keys(ENGINES).join(', ')}, got ${String(name)}.`, { engine: name, expected: Object.keys(ENGINES) })
  return engine
}
