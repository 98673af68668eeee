import type { Engine } from './engine.js'

/** QNNPACK multiplies in 32 bits. */
export const qnnpack: Engine = { name: 'qnnpack', reduceRange: false, weightScheme: 'per_tensor_symmetric', transposedWeightScheme: 'per_tensor_symmetric' }
