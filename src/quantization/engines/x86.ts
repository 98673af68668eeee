import type { Engine } from './engine.js'

/** oneDNN where the processor has VNNI and the layer allows it, FBGEMM elsewhere: so FBGEMM's limits hold. */
export const x86: Engine = { name: 'x86', reduceRange: true, weightScheme: 'per_channel_symmetric', transposedWeightScheme: 'per_tensor_symmetric' }
