import { OctavoError } from '../../errors.js'
import type { Arithmetic } from '../../quantization/requantization.js'

/** PyTorch's names for the backends of quantized operators. */
export const SUPPORTED_ENGINES = ['qnnpack', 'none', 'onednn', 'x86', 'fbgemm'] as const
export type QEngine = (typeof SUPPORTED_ENGINES)[number]

let current: QEngine = 'x86'

/**
 * torch.backends.quantized. The engine decides how weights are packed from now on, and with them the arithmetic of the layers that hold them; and the
 * arithmetic of operators without weights when they run. x86 at first, as in PyTorch on such processors.
 */
export const quantizedBackend = {
  supportedEngines: SUPPORTED_ENGINES as readonly QEngine[],
  get engine(): QEngine {
    return current
  },
  /** @throws ENGINE_UNKNOWN */
  set engine(name: QEngine) {
    if (!SUPPORTED_ENGINES.includes(name)) throw new OctavoError('ENGINE_UNKNOWN', `backends.quantized.engine: expected one of ${SUPPORTED_ENGINES.join(', ')}, got ${String(name)}.`, { engine: name, expected: SUPPORTED_ENGINES })
    current = name
  },
}

/** torch.backends. */
export const backends = { quantized: quantizedBackend }

/** The engine that packs weights now. @throws ENGINE_UNKNOWN for none */
export function packingEngine(op: string): Exclude<QEngine, 'none'> {
  if (current === 'none') throw new OctavoError('ENGINE_UNKNOWN', `${op}: backends.quantized.engine is none, which has no operators. Set it to ${SUPPORTED_ENGINES.filter((e) => e !== 'none').join(', ')}.`, { engine: current })
  return current
}

/** What a convolution's packing depends on. */
export interface ConvTraits {
  readonly groups: number
  readonly symmetric: boolean
  readonly outputPadding: boolean
}

/**
 * Which arithmetic products packed by `engine` follow. x86 takes oneDNN's convolutions where it can, and FBGEMM for the rest; that PyTorch does so only on
 * processors with VNNI is no matter of the layer, so this is what such a processor computes.
 *
 * @throws QPARAMS_INVALID for weights that oneDNN refuses
 */
export function arithmeticFor(op: string, engine: Exclude<QEngine, 'none'>, { groups, symmetric, outputPadding }: ConvTraits, linear: boolean): Exclude<Arithmetic, 'xnnpack'> {
  if (engine === 'x86') return !linear && groups <= 100 && symmetric && !outputPadding ? 'onednn' : 'fbgemm'
  if (engine !== 'onednn') return engine
  if (!symmetric) throw new OctavoError('QPARAMS_INVALID', `${op}: oneDNN takes weights with zero point 0 only. Quantize them symmetrically, or use another engine.`, { engine })
  if (outputPadding) throw new OctavoError('OP_UNSUPPORTED', `${op}: oneDNN has no output padding. Use another engine.`, { engine })
  return 'onednn'
}
