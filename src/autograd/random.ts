import { OctavoError } from '../errors.js'
import { zeros, type TensorOptions } from './create.js'
import { MersenneTwister } from './mersenne-twister.js'
import { recorder } from './recorder.js'
import { mismatch } from './shape.js'
import type { Tensor } from './tensor.js'

/*
 * The numbers that PyTorch draws on a CPU from the same seed: uniform ones and permutations to the bit; normal ones to a rounding, where PyTorch's
 * vectorised logarithm, sine and cosine round differently. Drawing is sequential, so it happens here and not in wasm.
 */

/** PyTorch's seed when nobody gives one. */
const DEFAULT_SEED = 67280421310721

/** A stream of random numbers. */
export class Generator {
  private engine!: MersenneTwister
  private seed!: number
  /** The second of a pair of normal numbers, waiting. */
  private waiting: number | undefined

  constructor(seed = DEFAULT_SEED) {
    this.manualSeed(seed)
  }

  /** Starts the stream anew. @throws OPTION_INVALID */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed)) throw new OctavoError('OPTION_INVALID', `manualSeed: expected a whole number, got ${seed}.`, { seed })
    this.seed = seed
    this.engine = new MersenneTwister(seed < 0 ? (seed % 2 ** 32) + 2 ** 32 : seed)
    this.waiting = undefined
    return this
  }

  initialSeed(): number {
    return this.seed
  }

  uint32(): number {
    return this.engine.uint32()
  }

  /** In [0, 1), 24 bits. */
  float(): number {
    return (this.uint32() & 0xffffff) / 2 ** 24
  }

  /** In [0, 1), 53 bits. */
  double(): number {
    const high = this.uint32()
    return ((high & 0x1fffff) * 2 ** 32 + this.uint32()) / 2 ** 53
  }

  /** Of a standard normal distribution, in double precision. */
  normal(): number {
    if (this.waiting !== undefined) {
      const value = this.waiting
      this.waiting = undefined
      return value
    }
    const [u1, u2] = [this.double(), this.double()]
    const radius = Math.sqrt(-2 * Math.log1p(-u2))
    this.waiting = radius * Math.sin(2 * Math.PI * u1)
    return radius * Math.cos(2 * Math.PI * u1)
  }
}

/** What is drawn from when no generator is given. */
export const defaultGenerator: Generator = /* @__PURE__ */ new Generator()

/** Starts the default generator anew. @throws OPTION_INVALID */
export const manualSeed = (seed: number): Generator => defaultGenerator.manualSeed(seed)
export const initialSeed = (): number => defaultGenerator.initialSeed()

function floats(x: Tensor, where: string): Float32Array | Float64Array {
  if (x.dtype !== 'float32' && x.dtype !== 'float64') throw new OctavoError('DTYPE_MISMATCH', `${where}: expected float32 or float64, got ${x.dtype}.`, { got: x.dtype })
  return x.elements() as Float32Array | Float64Array
}

/** Fills with numbers of [from, to), in storage order. */
export function uniform(x: Tensor, from = 0, to = 1, generator: Generator = defaultGenerator): Tensor {
  const data = floats(x, 'uniform')
  if (data instanceof Float64Array) for (let i = 0; i < data.length; i++) data[i] = generator.double() * (to - from) + from
  else {
    const f = Math.fround
    const [low, range] = [f(from), f(f(to) - f(from))]
    for (let i = 0; i < data.length; i++) data[i] = generator.float() * range + low // rounded once, as a fused multiply-add is
  }
  return x.touch()
}

/** Numbers drawn at once by PyTorch's normal_ when there are as many. */
const BLOCK = 16

/** Fills with normal numbers. @throws OPTION_INVALID for a negative deviation */
export function normal(x: Tensor, mean = 0, std = 1, generator: Generator = defaultGenerator): Tensor {
  const data = floats(x, 'normal')
  if (!(std >= 0)) throw new OctavoError('OPTION_INVALID', `normal: expected a deviation of at least 0, got ${std}.`, { std })
  if (data.length < BLOCK) for (let i = 0; i < data.length; i++) data[i] = generator.normal() * std + mean
  else normalBlocks(data, mean, std, generator)
  return x.touch()
}

function normalBlocks(data: Float32Array | Float64Array, mean: number, std: number, generator: Generator): void {
  const draw = data instanceof Float64Array ? () => generator.double() : () => generator.float()
  for (let i = 0; i < data.length; i++) data[i] = draw()
  for (let i = 0; i + BLOCK <= data.length; i += BLOCK) normalBlock(data.subarray(i, i + BLOCK), mean, std)
  if (data.length % BLOCK === 0) return
  const last = data.subarray(data.length - BLOCK)
  for (let i = 0; i < BLOCK; i++) last[i] = draw()
  normalBlock(last, mean, std)
}

/** Box and Muller: eight pairs, the first of each in the first half. */
function normalBlock(block: Float32Array | Float64Array, mean: number, std: number): void {
  const f = block instanceof Float32Array ? Math.fround : Number
  for (let i = 0; i < BLOCK / 2; i++) {
    const radius = f(Math.sqrt(f(-2 * f(Math.log(f(1 - block[i]!))))))
    const theta = f(f(2 * Math.PI) * block[i + BLOCK / 2]!)
    block[i] = f(radius * f(Math.cos(theta))) * std + mean
    block[i + BLOCK / 2] = f(radius * f(Math.sin(theta))) * std + mean
  }
}

export interface RandomOptions extends TensorOptions {
  readonly generator?: Generator
}

/** Numbers of [0, 1). */
export function rand(shape: readonly number[], { generator, ...options }: RandomOptions = {}): Tensor {
  return uniform(zeros(shape, options), 0, 1, generator)
}

/** Standard normal numbers. */
export function randn(shape: readonly number[], { generator, ...options }: RandomOptions = {}): Tensor {
  return normal(zeros(shape, options), 0, 1, generator)
}

/** Whole numbers of [low, high), int64 by default. @throws OPTION_INVALID */
export function randint(low: number, high: number, shape: readonly number[], { generator = defaultGenerator, ...options }: RandomOptions = {}): Tensor {
  const range = high - low
  if (!(Number.isInteger(range) && range > 0 && range < 2 ** 28)) throw new OctavoError('OPTION_INVALID', `randint: expected whole numbers with 0 < high − low < 2^28, got ${low} and ${high}.`, { low, high })
  const x = zeros(shape, { dtype: 'int64', ...options })
  const data = x.elements()
  const big = data instanceof BigInt64Array
  for (let i = 0; i < data.length; i++) {
    const value = low + (generator.uint32() % range)
    data[i] = (big ? BigInt(value) : value) as never
  }
  return x
}

/** 0 … n − 1 in random order, int64. */
export function randperm(n: number, { generator = defaultGenerator }: Pick<RandomOptions, 'generator'> = {}): Tensor {
  const x = zeros([n], { dtype: 'int64' })
  const order = x.elements() as BigInt64Array
  for (let i = 0; i < n; i++) order[i] = BigInt(i)
  for (let i = 0; i < n - 1; i++) {
    const other = i + (generator.uint32() % (n - i))
    const value = order[i]!
    order[i] = order[other]!
    order[other] = value
  }
  return x
}

/** 1 / keep with probability `keep`, else 0: what dropout multiplies with. PyTorch draws these from another stream. */
export function keepMask(shape: readonly number[], keep: number, generator: Generator = defaultGenerator): Tensor {
  if (!(keep >= 0 && keep <= 1)) mismatch('dropout', 'a probability in [0, 1]', 1 - keep)
  recorder?.random()
  const mask = zeros(shape)
  const data = mask.elements() as Float32Array
  const value = keep ? 1 / keep : 0
  for (let i = 0; i < data.length; i++) data[i] = generator.float() < keep ? value : 0
  return mask
}
