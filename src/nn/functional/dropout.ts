import * as drop from '../../autograd/ops/dropout.js'
import type { Tensor } from '../../autograd/tensor.js'
import { settings, type Settings } from '../settings.js'

export interface DropoutOptions { readonly p?: number; readonly training?: boolean }
type DropoutRest = Settings<[p: number, training: boolean], DropoutOptions>
/** On unless training is false, as in PyTorch. */
export function dropout(input: Tensor, ...rest: DropoutRest): Tensor {
  const { p = 0.5, training = true } = settings<DropoutOptions>('dropout', ['p', 'training'], rest)
  return drop.dropout(input, p, training)
}
export function dropout2d(input: Tensor, ...rest: DropoutRest): Tensor {
  const { p = 0.5, training = true } = settings<DropoutOptions>('dropout2d', ['p', 'training'], rest)
  return drop.featureDropout(input, p, training, 2)
}
