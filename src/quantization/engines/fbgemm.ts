import type { Engine } from './engine.js'

/** FBGEMM adds pairs of products in 16 bits, which 8-bit activations overflow; it has no per-channel transposed convolution. */
export const fbgemm: Engine = { name: 'fbgemm', reduceRange: true, weightScheme: 'per_channel_symmetric', transposedWeightScheme: 'per_tensor_symmetric' }
