/** One scale (a double, as PyTorch keeps it) and one zero point for a whole tensor. */
export interface PerTensorQuantizer {
  readonly qscheme: 'per_tensor_affine'
  readonly scale: number
  readonly zeroPoint: number
}

/**
 * A scale and a zero point for every index of `axis`. With float qparams (embeddings) real = code · scale + zeroPoint, the
 * zero point being real itself; else real = (code − zeroPoint) · scale.
 */
export interface PerChannelQuantizer {
  readonly qscheme: 'per_channel_affine' | 'per_channel_affine_float_qparams'
  readonly scales: Float64Array
  readonly zeroPoints: Float64Array
  readonly axis: number
}

/** What the codes of a quantized tensor mean. Never changed: a tensor gets another one. */
export type Quantizer = PerTensorQuantizer | PerChannelQuantizer

const keys = new WeakMap<Quantizer, string>()
let perChannel = 0

/** Names the meaning within cache keys: quantizers of one key are alike. */
export function quantizerKey(quantizer: Quantizer): string {
  if (quantizer.qscheme === 'per_tensor_affine') return `q${quantizer.scale},${quantizer.zeroPoint}`
  let key = keys.get(quantizer)
  if (!key) keys.set(quantizer, (key = `Q${perChannel++}`))
  return key
}
