import { Tensor } from '../value.js'
import { ObserverBase, buffer, expectNames, floatBuffer, type ObservedDType, type StateDict } from './observer-base.js'
import { FLOAT_EPS, type QParams } from './qparams.js'
import type { QDType, QScheme } from './qscheme.js'
import { OctavoError } from '../errors.js'

export interface FixedQParamsOptions {
  scale: number
  zeroPoint: number
  /** [quint8] */
  dtype?: QDType
  /** [per_tensor_affine] */
  qscheme?: QScheme
  /** [0] */
  quantMin?: number
  /** [255] */
  quantMax?: number
  isDynamic?: boolean
}

/** Qparams that are known beforehand: of functions whose results have a known range. */
export class FixedQParamsObserver extends ObserverBase {
  static override readonly name: string = 'FixedQParamsObserver'

  scale: Float32Array
  zeroPoint: Int32Array
  readonly qscheme: QScheme
  readonly quantMin: number
  readonly quantMax: number

  /** @throws OPTION_INVALID */
  constructor(options: FixedQParamsOptions) {
    super(options.dtype ?? 'quint8')
    if (options.isDynamic) throw new OctavoError('OPTION_INVALID', 'FixedQParamsObserver: fixed qparams cannot be dynamic. Leave isDynamic out.', {})
    this.qscheme = options.qscheme ?? 'per_tensor_affine'
    this.quantMin = options.quantMin ?? 0
    this.quantMax = options.quantMax ?? 255
    this.scale = Float32Array.of(options.scale)
    this.zeroPoint = Int32Array.of(options.zeroPoint)
  }

  forward(x: Tensor): Tensor {
    return x
  }

  override calculateQParams(): QParams {
    return { scale: this.scale, zeroPoint: this.zeroPoint }
  }

  override stateDict(): StateDict {
    return { scale: floatBuffer(this.scale, [1]), zero_point: new Tensor('int32', this.zeroPoint.slice(), [1]) }
  }

  override loadStateDict(state: StateDict): void {
    expectNames(this, state, ['scale', 'zero_point'])
    const scale = buffer(this, state, 'scale', 1), { dtype, data } = state['zero_point']!
    if (dtype !== 'int32' || data.length !== 1) throw new OctavoError('CALIBRATION_INVALID', `state of FixedQParamsObserver, zero_point: expected int32 of 1 element, got ${dtype} of ${data.length}.`, {})
    this.scale = scale
    this.zeroPoint = Int32Array.from(data as Int32Array)
  }

  /** Both have the same qparams already. */
  override merge(_other: this): void {}
}

export interface PlaceholderOptions {
  /** [float32] */
  dtype?: ObservedDType
  customOpName?: string
  quantMin?: number
  quantMax?: number
  /** [per_tensor_affine] */
  qscheme?: QScheme
  /** [2⁻²³] */
  eps?: number
  isDynamic?: boolean
}

/** Observes nothing; says what a module that quantizes by itself should do. */
export class PlaceholderObserver extends ObserverBase {
  static override readonly name: string = 'PlaceholderObserver'

  readonly customOp: string
  readonly quantMin: number | undefined
  readonly quantMax: number | undefined
  readonly qscheme: QScheme
  readonly eps: number

  constructor(options: PlaceholderOptions = {}) {
    super(options.dtype ?? 'float32', options.isDynamic)
    this.customOp = options.customOpName ?? ''
    this.quantMin = options.quantMin
    this.quantMax = options.quantMax
    this.qscheme = options.qscheme ?? 'per_tensor_affine'
    this.eps = options.eps ?? FLOAT_EPS
  }

  forward(x: Tensor): Tensor {
    return x
  }

  override merge(_other: this): void {}
}

export interface NoopOptions {
  /** [float16] */
  dtype?: ObservedDType
  customOpName?: string
}

/** Observes nothing; what becomes float16 needs no range. */
export class NoopObserver extends ObserverBase {
  static override readonly name: string = 'NoopObserver'

  readonly customOp: string

  constructor(options: NoopOptions = {}) {
    super(options.dtype ?? 'float16')
    this.customOp = options.customOpName ?? ''
  }

  forward(x: Tensor): Tensor {
    return x
  }

  override merge(_other: this): void {}
}

/** Shares the observer of its input: for operators that only move data. */
export class ReuseInputObserver extends ObserverBase {
  static override readonly name: string = 'ReuseInputObserver'

  constructor() {
    super('quint8')
  }

  forward(x: Tensor): Tensor {
    return x
  }

  override merge(_other: this): void {}
}

export interface RecordingOptions {
  /** [quint8] */
  dtype?: ObservedDType
}

/** Keeps a copy of every tensor, for debugging: memory grows with each. */
export class RecordingObserver extends ObserverBase {
  static override readonly name: string = 'RecordingObserver'

  readonly tensorVal: Tensor[] = []

  constructor(options: RecordingOptions = {}) {
    super(options.dtype ?? 'quint8')
  }

  forward(x: Tensor): Tensor {
    this.tensorVal.push(new Tensor(x.dtype, x.data.slice(), x.dims))
    return x
  }

  getTensorValue(): readonly Tensor[] {
    return this.tensorVal
  }

  override merge(other: this): void {
    this.tensorVal.push(...other.tensorVal)
  }
}
