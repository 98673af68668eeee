import { fromArray, ones, zeros } from '../../autograd/create.js'
import { fakeQuantizePerChannelAffine, fakeQuantizePerTensorAffine } from '../../autograd/quantized/quantize.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { chooseQParams } from '../../quantization/choose-qparams.js'
import { factory, type ObserverBase, type ObserverFactory } from '../../quantization/observer-base.js'
import { MovingAverageMinMaxObserver, type MovingAverageOptions } from '../../quantization/min-max-observer.js'
import { MovingAveragePerChannelMinMaxObserver, type MovingAveragePerChannelOptions } from '../../quantization/per-channel-observer.js'
import { FixedQParamsObserver } from '../../quantization/plain-observers.js'
import type { QParams } from '../../quantization/qparams.js'
import { isSymmetric, type QDType, type QScheme } from '../../quantization/qscheme.js'
import { Module } from '../module.js'
import { bool, vectorText } from '../python.js'
import { isTensor, type LoadReport, type StateDict } from '../state-dict.js'
import { ActivationPostProcess, Observer, perChannel } from './observer.js'

type ObserverLike = ObserverFactory | (new (options: never) => ObserverBase)

/** The observer and its options; those it does not know are left to it. */
export interface FakeQuantizeOptions extends MovingAverageOptions, MovingAveragePerChannelOptions {
  /** class or factory [MovingAverageMinMaxObserver] */
  observer?: ObserverLike
}

const CODES: Partial<Record<QDType, readonly [number, number]>> = { quint8: [0, 255], qint8: [-128, 127], uint8: [0, 255], int8: [-128, 127], qint32: [-(2 ** 31), 2 ** 31 - 1] }

function makeObserver({ observer = MovingAverageMinMaxObserver, ...options }: FakeQuantizeOptions): ObserverBase {
  const make = 'observer' in observer ? observer : factory(observer as never, {}, {}) as ObserverFactory
  const { quantMin, quantMax } = options
  if (quantMin !== undefined && quantMax !== undefined) {
    const dtype = (make.args['dtype'] ?? options.dtype ?? 'quint8') as QDType
    const [least, most] = CODES[dtype] ?? [-Infinity, Infinity]
    if (!(quantMin <= quantMax && least <= quantMin && quantMax <= most))
      throw new OctavoError('OPTION_INVALID', `FakeQuantize: expected quantMin ≤ quantMax within ${least}…${most} of ${dtype}, got ${quantMin}…${quantMax}.`, { dtype, quantMin, quantMax })
  }
  return make.withArgs(options)()
}

/** What rounds values as quantizing would and leaves them float: models are trained with it in the places of quantization. */
export abstract class FakeQuantizeBase extends ActivationPostProcess {
  declare fakeQuantEnabled: Tensor
  declare observerEnabled: Tensor

  constructor(flags: 'uint8' | 'int64') {
    super()
    this.registerBuffer('fakeQuantEnabled', ones([1], { dtype: flags }))
    this.registerBuffer('observerEnabled', ones([1], { dtype: flags }))
  }

  enableFakeQuant(enabled = true): this {
    this.fakeQuantEnabled.fill_(Number(enabled))
    return this
  }

  disableFakeQuant(): this { return this.enableFakeQuant(false) }

  enableObserver(enabled = true): this {
    this.observerEnabled.fill_(Number(enabled))
    return this
  }

  disableObserver(): this { return this.enableObserver(false) }

  /** A factory with options set. */
  static withArgs<T, O>(this: new (options: O) => T, args: O): ObserverFactory<T> {
    return factory(this as never, args as Record<string, unknown>, {}) as ObserverFactory<T>
  }
}

/**
 * Observes what passes (while its observer is enabled), then rounds it to codes and back (while fake quantization is). Scale and zero point are the
 * observer's newest. torch.ao.quantization.FakeQuantize.
 */
export class FakeQuantize extends FakeQuantizeBase {
  static override readonly typeName: string = 'FakeQuantize'
  declare scale: Tensor
  declare zeroPoint: Tensor
  readonly activationPostProcess: Observer
  readonly dtype: ObserverBase['dtype']
  readonly qscheme: QScheme
  readonly axis: number
  readonly quantMin: number
  readonly quantMax: number

  /** @throws OPTION_INVALID for ranges beyond the element type, and observers without a range */
  constructor(options: FakeQuantizeOptions = {}, flags: 'uint8' | 'int64' = 'uint8') {
    super(flags)
    const observer = new Observer(makeObserver(options))
    const { qscheme, quantMin, quantMax } = observer
    if (qscheme === undefined || quantMin === undefined || quantMax === undefined)
      throw new OctavoError('OPTION_INVALID', `FakeQuantize: expected an observer with a range of codes, got ${observer.observer.constructor.name}.`, {})
    this.dtype = observer.dtype
    this.qscheme = qscheme
    this.axis = observer.axis
    this.quantMin = quantMin
    this.quantMax = quantMax
    this.registerQParams(1)
    this.activationPostProcess = observer
  }

  get isMemoryless(): boolean { return this.activationPostProcess.isMemoryless }
  get isPerChannel(): boolean { return perChannel(this.qscheme) }

  forward(x: Tensor): Tensor {
    if (this.observerEnabled.item() === 1) {
      this.activationPostProcess(x.detach())
      const { scale, zeroPoint } = this.calculateQParams()
      this.setQParams(scale, zeroPoint)
    }
    return this.fakeQuantEnabled.item() === 1 ? this.round(x) : x
  }

  /** x rounded to codes and back with the present scale and zero point. */
  protected round(x: Tensor): Tensor {
    const { scale, zeroPoint, axis, quantMin, quantMax } = this
    return this.isPerChannel ? fakeQuantizePerChannelAffine(x, scale, zeroPoint, axis, quantMin, quantMax) : fakeQuantizePerTensorAffine(x, scale, zeroPoint, quantMin, quantMax)
  }

  private get floatZero(): boolean { return this.qscheme === 'per_channel_affine_float_qparams' }

  private registerQParams(length: number): void {
    this.registerBuffer('scale', ones([length]))
    this.registerBuffer('zeroPoint', zeros([length], { dtype: this.floatZero ? 'float32' : 'int32' }))
  }

  protected setQParams(scale: Float32Array, zeroPoint: ArrayLike<number>): void {
    if (scale.length !== this.scale.numel()) this.registerQParams(scale.length)
    this.scale.copy_(fromArray(scale))
    this.zeroPoint.copy_(fromArray(this.floatZero ? Float32Array.from(zeroPoint) : Int32Array.from(zeroPoint)))
  }

  calculateQParams(): QParams {
    return this.activationPostProcess.calculateQParams()
  }

  /** Scales of channels come in the length that was saved. */
  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const scale = source.get(`${prefix}scale`)
    if (isTensor(scale) && scale.ndim === 1 && scale.numel() !== this.scale.numel()) this.setQParams(new Float32Array(scale.numel()), new Int32Array(scale.numel()))
    super.loadFromStateDict(source, prefix, report)
  }

  override extraRepr(): string {
    const { quantMin, quantMax, axis } = this
    return `${this.flagsText()}, quant_min=${quantMin}, quant_max=${quantMax}, dtype=torch.${this.dtype}, qscheme=torch.${this.qscheme}, ch_axis=${axis}, ${this.qparamsText()}`
  }

  protected flagsText(): string {
    return `fake_quant_enabled=${text(this.fakeQuantEnabled)}, observer_enabled=${text(this.observerEnabled)}`
  }

  protected qparamsText(): string {
    return `scale=${text(this.scale)}, zero_point=${text(this.zeroPoint)}`
  }
}

const text = (t: Tensor): string => vectorText(t.toArray() as ArrayLike<number>, t.dtype)

/**
 * The same in one step, with a moving average of ranges. Scale and zero point follow PyTorch's ChooseQuantizationParams, which is not the observers'
 * formula: symmetric ranges are divided by 128 and 127; convert() takes the observer's. torch.ao.quantization.FusedMovingAvgObsFakeQuantize.
 */
export class FusedMovingAvgObsFakeQuantize extends FakeQuantize {
  static override readonly typeName: string = 'FusedMovingAvgObsFakeQuantize'

  /** @throws OPTION_INVALID for observers that keep no moving average */
  constructor(options: FakeQuantizeOptions = {}) {
    super(options, 'int64')
    const { observer } = this.activationPostProcess
    if (!(observer instanceof MovingAverageMinMaxObserver || observer instanceof MovingAveragePerChannelMinMaxObserver))
      throw new OctavoError('OPTION_INVALID', `FusedMovingAvgObsFakeQuantize: expected a moving-average observer, got ${observer.constructor.name}.`, {})
  }

  override forward(x: Tensor): Tensor {
    if (!x.numel()) return x.clone()
    if (this.observerEnabled.item() === 1) this.activationPostProcess(x.detach())
    if (this.fakeQuantEnabled.item() !== 1) return x.clone()
    this.chooseQParams()
    return this.round(x)
  }

  override extraRepr(): string {
    const { quantMin, quantMax } = this
    const { reduceRange } = this.activationPostProcess.observer as MovingAverageMinMaxObserver
    return `${this.flagsText()}, ${this.qparamsText()}, dtype=torch.${this.dtype}, quant_min=${quantMin}, quant_max=${quantMax}, qscheme=torch.${this.qscheme}, reduce_range=${bool(reduceRange)}`
  }

  private chooseQParams(): void {
    const { minVal, maxVal } = this.activationPostProcess.observer as MovingAverageMinMaxObserver | MovingAveragePerChannelMinMaxObserver
    const [low, high] = [minVal, maxVal].map((v) => (typeof v === 'number' ? [v] : Array.from(v))) as [number[], number[]]
    if (!low.length || low.some((v, i) => !(v <= high[i]!)))
      throw new OctavoError('QPARAMS_INVALID', 'FusedMovingAvgObsFakeQuantize: nothing (or NaN) was observed. Enable the observer for a batch first.', { min: low, max: high })
    const chosen = low.map((min, i) => chooseQParams(min, high[i]!, this.quantMin, this.quantMax, isSymmetric(this.qscheme)))
    this.setQParams(Float32Array.from(chosen, (q) => q.scale), chosen.map((q) => q.zeroPoint))
  }
}

/** Rounds with a scale and zero point that are known beforehand. torch.ao.quantization.FixedQParamsFakeQuantize. */
export class FixedQParamsFakeQuantize extends FakeQuantize {
  static override readonly typeName: string = 'FixedQParamsFakeQuantize'

  /** @throws OPTION_INVALID for another observer than a FixedQParamsObserver */
  constructor(options: Pick<FakeQuantizeOptions, 'observer'>) {
    super(options)
    const { observer } = this.activationPostProcess
    if (!(observer instanceof FixedQParamsObserver)) throw new OctavoError('OPTION_INVALID', `FixedQParamsFakeQuantize: expected a FixedQParamsObserver, got ${observer.constructor.name}.`, {})
    this.setQParams(observer.scale, observer.zeroPoint)
  }

  override extraRepr(): string {
    const { quantMin, quantMax } = this
    return `${this.flagsText()}, ${this.qparamsText()}, dtype=torch.${this.dtype}, quant_min=${quantMin}, quant_max=${quantMax}, qscheme=torch.${this.qscheme}`
  }
}

const each = (act: (module: FakeQuantizeBase) => void) => (module: Module): void => {
  if (module instanceof FakeQuantizeBase) act(module)
}

/** For `model.apply(…)`: fake-quantizes round again; other modules are left alone. */
export const enableFakeQuant = each((m) => void m.enableFakeQuant())
/** For `model.apply(…)`: values pass unrounded. */
export const disableFakeQuant = each((m) => void m.disableFakeQuant())
/** For `model.apply(…)`: fake-quantizes observe again. */
export const enableObserver = each((m) => void m.enableObserver())
/** For `model.apply(…)`: scales and zero points stay. */
export const disableObserver = each((m) => void m.disableObserver())
