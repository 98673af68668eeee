/** Cases written by tests/golden/eager.py, and what turns them into calls. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromArray } from '../../src/autograd/create.js'
import type { ScalarType } from '../../src/autograd/scalar-type.js'
import { Tensor } from '../../src/autograd/tensor.js'
import { DTYPES, type DType, type TypedArray } from '../../src/dtype.js'
import * as nn from '../../src/entry/torch/nn.js'
import { join } from 'node:path'
import { ROOT } from '../support/data.js'

export interface Encoded { readonly s: number[]; readonly t: ScalarType; readonly b: string }
interface Case { readonly name: string; readonly args: unknown[]; readonly outputs: Encoded[]; readonly tol?: number }
export interface ModuleCase extends Case {
  readonly train: boolean
  readonly state: Record<string, Encoded>
  readonly inputs: unknown[]
  readonly repr: string
  /** The state after the call, in training. */
  readonly after?: Record<string, Encoded>
  /** The first input lies channels-last. */
  readonly last?: boolean
  readonly times?: number
}

export interface Golden {
  readonly torch: string
  readonly modules: ModuleCase[]
  readonly functions: Case[]
  readonly reprs: { name: string; args: unknown[]; repr: string }[]
  readonly inits: { seed: number; name: string; args: unknown[]; state: Record<string, Encoded>; order: string[] }[]
  readonly errors: { kind: 'module' | 'function'; name: string; args: unknown[]; inputs: unknown[] | null; train: boolean; python: string }[]
  readonly random: { seed: number; draws: [kind: string, argument: unknown, value: Encoded][] }[]
  readonly nested: { repr: string; parameters: string[]; modules: string[]; state: string[] }
}

export const golden = JSON.parse(readFileSync(join(ROOT, 'tests/golden/eager.json'), 'utf8')) as Golden

export function decode(value: unknown): any {
  if (Array.isArray(value)) return value.map(decode)
  if (typeof value !== 'object' || value === null) return value
  if ('inf' in value) return (value.inf as number) * Infinity
  if (!('b' in value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decode(v)]))
  const { s, t, b } = value as Encoded
  const bytes = Uint8Array.from(Buffer.from(b, 'base64'))
  const { array, bytes: size } = DTYPES[t as DType]
  return fromArray(new array(bytes.buffer, 0, bytes.length / size), s, t)
}

type Layer = nn.Module<any[], any>
export const make = (name: string, args: unknown[]): Layer => new (nn as unknown as Record<string, new (...args: unknown[]) => Layer>)[name]!(...decode(args) as unknown[])

/** Tensors of a result, in order. */
export const flat = (value: unknown): Tensor[] => (value instanceof Tensor ? [value] : Array.isArray(value) ? value.flatMap(flat) : [])

/** |a − b| ≤ atol + rtol · |b|; NaN and infinities alike; integers exact. */
export function near(actual: Tensor, expected: Encoded, where: string, tolerance = 1e-5): void {
  const wanted = decode(expected) as Tensor
  assert.deepEqual([actual.dtype, actual.shape], [wanted.dtype, wanted.shape], where)
  const [a, b] = [actual.toArray(), wanted.toArray()] as [TypedArray, TypedArray]
  for (let i = 0; i < b.length; i++) {
    const [p, q] = [Number(a[i]), Number(b[i])]
    const fine = Object.is(p, q) || p === q || (wanted.isFloatingPoint() && Math.abs(p - q) <= tolerance * 0.3 + tolerance * Math.abs(q))
    if (!fine) assert.fail(`${where}: element ${i} of [${wanted.shape}] is ${p}, expected ${q}`)
  }
}
