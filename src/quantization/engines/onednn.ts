import type { Engine } from './engine.js'

/** oneDNN; without VNNI its 8-bit activations overflow as FBGEMM's would. */
export const onednn: Engine = { name: 'onednn', reduceRange: false, weightScheme: 'per_channel_symmetric', transposedWeightScheme: 'per_channel_symmetric' }
