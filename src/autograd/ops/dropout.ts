import { keepMask } from '../random.js'
import type { Tensor } from '../tensor-base.js'
import { mul } from './elementwise.js'

/** In training x with elements zeroed at random, the others divided by 1 − p; else x itself. @throws SHAPE_MISMATCH for p outside [0, 1] */
export const dropout = (x: Tensor, p: number, training: boolean): Tensor => (training && p > 0 ? mul(x, keepMask(x.shape, 1 - p)) : x)

/** As dropout, whole channels at a time: of [N, C, …], or of one image without N. */
export function featureDropout(x: Tensor, p: number, training: boolean, axes: number): Tensor {
  if (!training || p === 0) return x
  const kept = x.shape.length === axes + 1 ? 1 : 2
  return mul(x, keepMask(x.shape.map((d, i) => (i < kept ? d : 1)), 1 - p))
}
