import { dropout, featureDropout } from '../autograd/ops/dropout.js'
import type { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import { Module } from './module.js'
import { bool, float } from './python.js'
import { settings, type Settings } from './settings.js'

export interface DropoutOptions {
  /** Probability of an element to become 0. */
  readonly p?: number
  readonly inplace?: boolean
}
export type DropoutSettings = Settings<[p: number, inplace: boolean], DropoutOptions>

/** What the dropouts share. */
export abstract class DropoutBase extends Module<[input: Tensor], Tensor> {
  readonly p: number
  readonly inplace: boolean

  constructor(where: string, rest: DropoutSettings) {
    super()
    const { p = 0.5, inplace = false } = settings<DropoutOptions>(where, ['p', 'inplace'], rest)
    if (!(p >= 0 && p <= 1)) throw new OctavoError('OPTION_INVALID', `${where}: expected a probability in [0, 1], got ${p}.`, { p })
    this.p = p
    this.inplace = inplace
  }

  protected abstract compute(input: Tensor): Tensor

  forward(input: Tensor): Tensor {
    const y = this.compute(input)
    return this.inplace && y !== input ? input.copy_(y) : y
  }

  override extraRepr(): string {
    return `p=${float(this.p)}, inplace=${bool(this.inplace)}`
  }
}

/** In training, zeroes elements at random and divides the others by 1 − p. */
export class Dropout extends DropoutBase {
  static override readonly typeName: string = 'Dropout'
  constructor(...rest: DropoutSettings) { super('Dropout', rest) }
  protected compute(input: Tensor): Tensor { return dropout(input, this.p, this.training) }
}

/** Dropout of whole channels of [N, C, L]. */
export class Dropout1d extends DropoutBase {
  static override readonly typeName: string = 'Dropout1d'
  constructor(...rest: DropoutSettings) { super('Dropout1d', rest) }
  protected compute(input: Tensor): Tensor { return featureDropout(input, this.p, this.training, 1) }
}

/** Dropout of whole channels of [N, C, H, W]. */
export class Dropout2d extends DropoutBase {
  static override readonly typeName: string = 'Dropout2d'
  constructor(...rest: DropoutSettings) { super('Dropout2d', rest) }
  protected compute(input: Tensor): Tensor { return featureDropout(input, this.p, this.training, 2) }
}
