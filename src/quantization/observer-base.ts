import { OctavoError } from '../errors.js'
import { Tensor } from '../value.js'
import type { QParams, QRange } from './qparams.js'
import { FLOAT_EPS, calculateQMinQMax } from './qparams.js'
import { QSCHEMES, type QDType, type QScheme } from './qscheme.js'

/** Types an observer may name; float32 and float16 only where nothing is observed. */
export type ObservedDType = QDType | 'float32' | 'float16'

/** Buffers by PyTorch's names: min_val, max_val, histogram, eps, scale, zero_point. */
export type StateDict = Record<string, Tensor>

/** Options as constructors take them, or functions of none that give an option when an observer is made. */
type Options = Record<string, unknown>
type Lazy = Record<string, () => unknown>
type ObserverClass<T, O> = (new (options?: O) => T) | (new (options: O) => T)

/** Makes observers (or fake-quantizes) that are all alike: what a QConfig holds. */
export interface ObserverFactory<T = ObserverBase> {
  (): T
  readonly observer: abstract new (...options: never[]) => T
  readonly args: Readonly<Options>
  /** The same with some options replaced. */
  withArgs(args: Options): ObserverFactory<T>
  /** The same with some options computed each time an observer is made. */
  withCallableArgs(args: Lazy): ObserverFactory<T>
}

/** A factory of `observer`, its options so far and those computed each time. */
export function factory<T>(observer: ObserverClass<T, never>, args: Options, lazy: Lazy): ObserverFactory<T> {
  const make = (): T => {
    const computed = Object.fromEntries(Object.entries(lazy).map(([name, value]) => [name, value()]))
    return new (observer as new (options: Options) => T)({ ...args, ...computed })
  }
  return Object.assign(make, {
    observer, args: Object.freeze({ ...args }),
    withArgs: (more: Options) => factory(observer, { ...args, ...more }, lazy),
    withCallableArgs: (more: Lazy) => factory(observer, args, { ...lazy, ...more }),
  })
}

/**
 * What looks at tensors on their way through a model and tells qparams afterwards. `forward` returns its argument untouched.
 * Names and formulas are those of torch.ao.quantization.observer (PyTorch 2.13).
 */
export abstract class ObserverBase {
  /** The class's name, which saved states and messages use: said here, since minifiers rename classes. Each class says its own. */
  static readonly name: string = 'ObserverBase'

  constructor(readonly dtype: ObservedDType, readonly isDynamic: boolean = false) {}

  /** A factory with some options set, PyTorch's with_args. */
  static withArgs<T extends ObserverBase, O>(this: ObserverClass<T, O>, args: Partial<O>): ObserverFactory<T> {
    return factory(this as ObserverClass<T, never>, args as Options, {})
  }

  /** A factory with options that are computed each time, PyTorch's with_callable_args. */
  static withCallableArgs<T extends ObserverBase, O>(this: ObserverClass<T, O>, args: { [K in keyof O]?: () => O[K] }): ObserverFactory<T> {
    return factory(this as ObserverClass<T, never>, {}, args as Lazy)
  }

  /** Looks at x and returns it. */
  abstract forward(x: Tensor): Tensor

  /** @throws QPARAMS_INVALID where there are none */
  calculateQParams(): QParams {
    throw new OctavoError('QPARAMS_INVALID', `${this.constructor.name} has no qparams: it observes nothing. Use an observer with a range.`, { observer: this.constructor.name })
  }

  /** Copies of the buffers. */
  stateDict(): StateDict {
    return {}
  }

  /** Takes buffers as stateDict gave them. @throws CALIBRATION_INVALID buffers missing, unknown or of another shape */
  loadStateDict(state: StateDict): void {
    expectNames(this, state, [])
  }

  /** Adds what another observer of the same class and options has seen. @throws CALIBRATION_INVALID where that has no meaning */
  merge(_other: this): void {
    throw new OctavoError('CALIBRATION_INVALID', `${this.constructor.name} cannot be merged. Calibrate in one process, or use a min-max or histogram observer.`, { observer: this.constructor.name })
  }
}

/** @throws CALIBRATION_INVALID when `state` does not hold exactly `names` */
export function expectNames(observer: ObserverBase, state: StateDict, names: readonly string[]): void {
  const got = Object.keys(state)
  if (got.length !== names.length || names.some((name) => !state[name]))
    throw new OctavoError('CALIBRATION_INVALID', `state of ${observer.constructor.name}: expected ${names.join(', ') || 'no buffers'}, got ${got.join(', ') || 'none'}. Load a state that the same observer saved.`, { expected: names, got })
}

/** A float32 buffer of a state, copied. @throws CALIBRATION_INVALID another type or length */
export function buffer(observer: ObserverBase, state: StateDict, name: string, length?: number): Float32Array {
  const tensor = state[name]
  if (tensor?.dtype !== 'float32' || (length !== undefined && tensor.size !== length))
    throw new OctavoError('CALIBRATION_INVALID', `state of ${observer.constructor.name}, ${name}: expected float32${length === undefined ? '' : ` of ${length} elements`}, got ${tensor?.dtype ?? 'nothing'} of ${tensor?.size ?? 0}.`, { name })
  return Float32Array.from(tensor.data as Float32Array)
}

/** The elements of x. @throws DTYPE_MISMATCH anything but float32 */
export function floatsOf(observer: ObserverBase, x: Tensor): Float32Array {
  if (x.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `${observer.constructor.name}: expected a float32 tensor, got ${x.dtype}. Observe the float model.`, { dtype: x.dtype })
  return x.data as Float32Array
}

/** Options that every observer with a range takes; defaults in brackets. */
export interface UniformOptions {
  /** [quint8] */
  dtype?: QDType
  /** [per_tensor_affine, or per_channel_affine] */
  qscheme?: QScheme
  /** one bit less, for engines whose products saturate [false] */
  reduceRange?: boolean
  /** smallest and largest code; both or none [the dtype's] */
  quantMin?: number
  quantMax?: number
  /** smallest scale [2⁻²³] */
  eps?: number
  /** qparams are chosen anew for every tensor [false] */
  isDynamic?: boolean
}

const option = (message: string, details: Record<string, unknown>): OctavoError => new OctavoError('OPTION_INVALID', message, details)

/** An observer that turns a range into uniform steps (PyTorch's UniformQuantizationObserverBase). */
export abstract class UniformObserver extends ObserverBase implements QRange {
  declare readonly dtype: QDType
  readonly qscheme: QScheme
  readonly reduceRange: boolean
  readonly quantMin: number
  readonly quantMax: number
  readonly customRange: boolean
  /** float32 */
  eps: number

  /** @throws OPTION_INVALID */
  constructor(options: UniformOptions, qscheme: QScheme, fits: (qscheme: QScheme) => boolean) {
    super(options.dtype ?? 'quint8', options.isDynamic ?? false)
    this.qscheme = options.qscheme ?? qscheme
    this.reduceRange = options.reduceRange ?? false
    this.eps = Math.fround(options.eps ?? FLOAT_EPS)
    this.customRange = options.quantMin !== undefined && options.quantMax !== undefined
    if (!fits(this.qscheme))
      throw option(`${this.constructor.name}: qscheme must be one of ${QSCHEMES.filter(fits).join(', ')}, got ${this.qscheme}.`, { qscheme: this.qscheme })
    ;[this.quantMin, this.quantMax] = calculateQMinQMax(this.dtype, this.reduceRange, options.quantMin, options.quantMax)
  }

  /** quint8 codes of a symmetric scheme have their zero point at 128, which seven bits do not reach. @throws OPTION_INVALID */
  protected refuseReducedSymmetric(): void {
    if (this.reduceRange && this.dtype === 'quint8' && this.qscheme.endsWith('_symmetric'))
      throw option(`${this.constructor.name}: reduceRange does not go with a symmetric qscheme of quint8. Use qint8, or an affine scheme.`, { dtype: this.dtype, qscheme: this.qscheme })
  }

  /** @throws OPTION_INVALID */
  protected refuseDynamic(): void {
    if (this.isDynamic) throw option(`${this.constructor.name}: isDynamic is for observers that forget (averagingConstant 1). Leave it out.`, { isDynamic: true })
  }
}

/** A float32 tensor of one buffer; a scalar has no dims. */
export const floatBuffer = (values: ArrayLike<number>, dims: readonly number[]): Tensor => new Tensor('float32', Float32Array.from(values), dims)
