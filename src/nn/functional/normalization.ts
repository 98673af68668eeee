import * as norms from '../../autograd/ops/normalize.js'
import type { Tensor } from '../../autograd/tensor.js'

export { batchNorm, groupNorm, instanceNorm } from '../../autograd/ops/normalize.js'

type Maybe = Tensor | null

export interface LayerNormOptions { readonly weight?: Maybe; readonly bias?: Maybe; readonly eps?: number }
export const layerNorm = (input: Tensor, normalizedShape: readonly number[], { weight, bias, eps }: LayerNormOptions = {}): Tensor => norms.layerNorm(input, normalizedShape, weight, bias, eps)
