import { OctavoError } from '../../errors.js'
import { kernels } from '../../quantization/kernels.js'
import { settings, type Settings } from '../settings.js'
import { floatsOf, Optimizer, requireAtLeast0, type Learned, type ParamGroup, type Params } from './optimizer.js'

export interface SGDOptions {
  readonly lr: number
  readonly momentum: number
  readonly dampening: number
  readonly weightDecay: number
  readonly nesterov: boolean
  readonly maximize: boolean
}

/** Stochastic gradient descent, with momentum. To the bit torch.optim.SGD on a CPU with fused multiply-adds. */
export class SGD extends Optimizer<SGDOptions> {
  protected readonly pythonSettings = { foreach: null, differentiable: false, fused: null }

  /** @throws OPTION_INVALID */
  constructor(params: Params<SGDOptions>, ...rest: Settings<[lr: number, momentum: number, dampening: number, weightDecay: number, nesterov: boolean], Partial<SGDOptions>>) {
    const given = settings<Partial<SGDOptions>>('SGD', ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'maximize'], rest)
    super(params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, ...given })
  }

  protected check({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    requireAtLeast0('SGD', { lr, momentum, weightDecay })
    if (nesterov && (momentum <= 0 || dampening !== 0)) throw new OctavoError('OPTION_INVALID', 'SGD: nesterov needs a momentum above 0 and no dampening.')
  }

  protected stateNames({ momentum }: ParamGroup<SGDOptions>): readonly string[] {
    return momentum ? ['momentum_buffer'] : []
  }

  protected update(param: Learned, grad: Float32Array, { lr, momentum, dampening, weightDecay, nesterov, maximize }: ParamGroup<SGDOptions>): void {
    const first = momentum !== 0 && !this.state.get(param)?.['momentum_buffer']
    const x = floatsOf(param)
    const buffer = momentum ? this.entry(param, 'momentum_buffer') : x
    const constants = { first: Number(first), nesterov: Number(nesterov), maximize: Number(maximize), rate: -lr, momentum, share: 1 - dampening, weightDecay }
    kernels().over('f32_sgd_step', { grad }, { param: x, ...(momentum && { buffer }) }, momentum ? constants : { ...constants, buffer: 0 })
  }
}
