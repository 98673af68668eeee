/** tests/golden/quantized-ops.json and the data its cases were made from. */
import { readFileSync } from 'node:fs'
import { Tally } from '../quantization/golden.js'

export { Tally }

export type QDType = 'quint8' | 'qint8' | 'qint32'
type PerTensor = number
type PerChannel = number[]
interface Spec { seed?: number; dims: number[]; dtype?: QDType; lo?: number; hi?: number; scale?: PerTensor | PerChannel; zero?: PerTensor | PerChannel; axis?: number; last?: boolean; amplitude?: number; data?: string; every?: boolean }
export interface Result { dims: number[]; dtype: string; data: string; scale?: PerTensor | PerChannel; zero?: PerTensor | PerChannel; axis?: number }
export interface Case { op: string; engine?: string; inputs: Record<string, Spec>; y?: Result; error?: string; [attribute: string]: unknown }

/** A tensor as the cases have it: codes with their parameters, or float32. */
export interface Operand {
  readonly dims: readonly number[]
  readonly data: Uint8Array | Int8Array | Int32Array | Float32Array
  readonly dtype: QDType | 'float32'
  readonly scale: number | number[]
  readonly zero: number | number[]
  readonly axis?: number
  /** whether PyTorch held it channels-last */
  readonly last: boolean
}

const ARRAYS = { quint8: Uint8Array, uint8: Uint8Array, qint8: Int8Array, qint32: Int32Array, float32: Float32Array, int64: BigInt64Array } as const

export const golden = JSON.parse(readFileSync('tests/golden/quantized-ops.json', 'utf8')) as { versions: Record<string, unknown>; cases: Case[] }

/** What the script calls stream(). */
function stream(seed: number, count: number): Uint32Array {
  let x = Math.imul(seed, 2654435761 | 0)
  return Uint32Array.from({ length: count }, () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  })
}

const bytesOf = (text: string): ArrayBuffer => Uint8Array.from(Buffer.from(text, 'base64')).buffer
const count = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1)

function operand(spec: Spec): Operand {
  const { dims, dtype, lo = 0, hi = 0, scale = 1, zero = 0, axis, last = false } = spec
  const base = { dims, dtype: dtype ?? 'float32' as const, scale, zero, axis, last }
  if (spec.data !== undefined) return { ...base, data: new Float32Array(bytesOf(spec.data)) }
  const raw = spec.every ? Uint32Array.from({ length: 256 }, (_, i) => i) : stream(spec.seed!, count(dims))
  if (spec.amplitude !== undefined) return { ...base, data: Float32Array.from(raw, (v) => (v / 2 ** 31 - 1) * spec.amplitude!) }
  const data = new ARRAYS[dtype!](raw.length)
  raw.forEach((v, i) => { data[i] = lo + (v % (hi - lo + 1)) })
  return { ...base, data }
}

export const inputsOf = (c: Case): Record<string, Operand> => Object.fromEntries(Object.entries(c.inputs).map(([name, spec]) => [name, operand(spec)]))

/** The golden result: its elements as numbers. */
export const dataOf = (y: Result): ArrayLike<number> => {
  const data = new ARRAYS[y.dtype as keyof typeof ARRAYS](bytesOf(y.data))
  return data instanceof BigInt64Array ? Array.from(data, Number) : data
}

export const casesOf = (...ops: string[]): Case[] => golden.cases.filter((c) => ops.includes(c.op))

/** How many elements differ, NaN equal to NaN, and by how much at most. */
export function compare(got: ArrayLike<number>, y: Result): { different: number; most: number; first: number } {
  const want = dataOf(y)
  let different = got.length === want.length ? 0 : Infinity
  let most = 0
  let first = -1
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i]) || (got[i] === 0 && want[i] === 0)) continue
    different++
    most = Math.max(most, Math.abs(got[i]! - want[i]!))
    if (first < 0) first = i
  }
  return { different, most, first }
}

/** `op engine #index`, the attributes that a person needs to find a case again. */
export const label = (c: Case): string => `${c.op} ${c.engine ?? ''} ${JSON.stringify({ ...c, op: undefined, engine: undefined, y: undefined })}`.slice(0, 300)
