import { OctavoError } from '../../errors.js'
import type { Optimizer } from './optimizer.js'

type Groups = { lr: number; initialLr?: number }[]

/** Sets the groups' learning rates, step by step. Source: torch.optim.lr_scheduler, in its arithmetic (float64). */
export abstract class LRScheduler {
  lastEpoch = 0
  readonly baseLrs: number[]

  constructor(protected readonly optimizer: Optimizer<never>) {
    for (const group of this.groups) group.initialLr ??= group.lr
    this.baseLrs = this.groups.map((group) => group.initialLr!)
  }

  protected get groups(): Groups {
    return this.optimizer.paramGroups as unknown as Groups
  }

  /** The rate that follows `lr`, at lastEpoch. */
  protected abstract rate(lr: number, base: number, group: number): number

  /** The next rate, for every group. */
  step(): void {
    this.lastEpoch++
    this.apply()
  }

  protected apply(): void {
    this.groups.forEach((group, i) => { group.lr = this.rate(group.lr, this.baseLrs[i]!, i) })
  }

  getLastLr(): number[] {
    return this.groups.map(({ lr }) => lr)
  }

  /** What a checkpoint keeps, by PyTorch's names. The rates themselves are in the optimizer's state. */
  stateDict(): { readonly last_epoch: number; readonly base_lrs: readonly number[] } {
    return { last_epoch: this.lastEpoch, base_lrs: [...this.baseLrs] }
  }

  /** @throws STATE_DICT_MISMATCH for another number of groups */
  loadStateDict({ last_epoch: epoch, base_lrs: base }: { readonly last_epoch: number; readonly base_lrs: readonly number[] }): void {
    if (!Number.isInteger(epoch) || !Array.isArray(base) || base.length !== this.baseLrs.length) throw new OctavoError('STATE_DICT_MISMATCH', `scheduler state: expected last_epoch and ${this.baseLrs.length} base_lrs.`)
    this.lastEpoch = epoch
    this.baseLrs.splice(0, base.length, ...(base as number[]))
  }
}

const counted = (name: string, value: number): number => {
  if (!(Number.isInteger(value) && value > 0)) throw new OctavoError('OPTION_INVALID', `${name}: expected a whole number above 0, got ${value}.`)
  return value
}

/** Times `gamma` every `stepSize` steps. */
export class StepLR extends LRScheduler {
  constructor(optimizer: Optimizer<never>, private readonly stepSize: number, private readonly gamma = 0.1) {
    super(optimizer)
    counted('StepLR', stepSize)
  }

  protected rate(lr: number): number {
    return this.lastEpoch % this.stepSize ? lr : lr * this.gamma
  }
}

/** Times `gamma` at each milestone. */
export class MultiStepLR extends LRScheduler {
  constructor(optimizer: Optimizer<never>, private readonly milestones: readonly number[], private readonly gamma = 0.1) {
    super(optimizer)
  }

  protected rate(lr: number): number {
    const times = this.milestones.filter((m) => m === this.lastEpoch).length
    return times ? lr * this.gamma ** times : lr
  }
}

/** Half a cosine from the first rate to `etaMin` in `tMax` steps, and back. */
export class CosineAnnealingLR extends LRScheduler {
  constructor(optimizer: Optimizer<never>, private readonly tMax: number, private readonly etaMin = 0) {
    super(optimizer)
    counted('CosineAnnealingLR', tMax)
  }

  protected rate(lr: number, base: number): number {
    const { lastEpoch: t, tMax, etaMin } = this
    if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2
    return ((1 + Math.cos((Math.PI * t) / tMax)) / (1 + Math.cos((Math.PI * (t - 1)) / tMax))) * (lr - etaMin) + etaMin
  }
}

/** The first rate times a function of the step: one for all groups, or one each. */
export class LambdaLR extends LRScheduler {
  constructor(optimizer: Optimizer<never>, private readonly factor: ((epoch: number) => number) | readonly ((epoch: number) => number)[]) {
    super(optimizer)
    if (typeof factor !== 'function' && factor.length !== this.baseLrs.length) throw new OctavoError('OPTION_INVALID', `LambdaLR: expected ${this.baseLrs.length} functions, got ${factor.length}.`)
    this.apply()
  }

  protected rate(_: number, base: number, group: number): number {
    return base * (typeof this.factor === 'function' ? this.factor : this.factor[group]!)(this.lastEpoch)
  }
}
