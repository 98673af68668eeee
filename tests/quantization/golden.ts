/** tests/golden/observers.json and the data its cases were made from. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { TrainModule } from '../../src/runtime/train.js'
import { useTrainModule } from '../../src/quantization/kernels.js'
import type { ObserverBase } from '../../src/quantization/observer-base.js'
import { OctavoError } from '../../src/errors.js'
import { Tensor } from '../../src/value.js'
import { random } from '../tiers/harness.js'

/** JSON has no NaN and no infinity: they are strings. */
export type Plain = number | string
export interface Batch { seed?: number; count?: number; kind?: string; scale?: number; shift?: number; values?: Plain[] }
export interface QParamsGolden { scale?: Plain[]; zeroPoint?: Plain[]; error?: boolean }
export interface Step extends QParamsGolden { batch: Batch; min: Plain[]; max: Plain[]; histogram?: string; low?: Plain[]; high?: Plain[]; refused?: boolean; merged?: boolean; counts?: string; edges?: string; bins?: number }

export const golden = JSON.parse(readFileSync('tests/golden/observers.json', 'utf8')) as {
  versions: Record<string, string>
  qparams: (QParamsGolden & { dtype: never; qscheme: never; reduceRange: boolean; quantMin: number | null; quantMax: number | null; eps: number; range: number[]; min: Plain[]; max: Plain[]; refused?: boolean })[]
  qranges: { dtype: never; quantMin: number; quantMax: number; reduceRange: boolean; range?: number[]; error?: boolean }[]
  minmax: { observer: string; options: Record<string, number>; dims?: number[]; steps: Step[] }[]
  histograms: { options: Record<string, never>; steps: Step[] }[]
  histcs: { batch: Batch; bins: number; low: number; high: number; histogram: string }[]
  sums: { batch: Batch; sum: Plain[] }[]
  linspaces: { count: number; start: number; end: number; points: string }[]
  choose: { min: number; max: number; range: [number, number]; sparse: boolean; reduce: boolean; scale?: number; scale32?: number; zeroPoint: number }[]
  configs: never
  calibration: { method: string; options: { symmetric: boolean; bins: number; percentile: number; quantizedBins: number }; steps: Step[] }[]
}

export const number = (v: Plain): number => (typeof v === 'number' ? v : { nan: NaN, inf: Infinity, '-inf': -Infinity }[v]!)

/** What tests/golden/observers.py calls data(). */
export function dataOf({ seed, count, kind, scale, shift, values }: Batch): Float32Array {
  if (values) return Float32Array.from(values, number)
  const next = random(seed!)
  const u = (): number => next() / 2 ** 32
  return Float32Array.from({ length: count! }, () => {
    let v = kind === 'uniform' ? u() - 0.5 : u() + u() + u() - 1.5
    if (kind === 'relu') v = Math.max(0, v)
    if (kind === 'heavy') v = v * v * v * v * v
    if (kind === 'steps') v = Math.trunc(v * 80)
    return v * scale! + shift!
  })
}

export const tensorOf = (batch: Batch, dims?: readonly number[]): Tensor => new Tensor('float32', dataOf(batch), dims)

export const sha = (a: ArrayBufferView): string => createHash('sha256').update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength)).digest('hex').slice(0, 16)

/** Equal values: NaN equals NaN, and zeros have no sign (it depends on the lanes of a minimum, and no scale or zero point sees it). */
export const same = (a: ArrayLike<number>, b: readonly Plain[]): boolean => a.length === b.length && b.every((v, i) => number(v) === a[i] || (Number.isNaN(number(v)) && Number.isNaN(a[i])))

/** Whether an observer's qparams, or its refusal, are those of the golden step. */
export function qparamsEqual(observer: Pick<ObserverBase, 'calculateQParams'>, expected: QParamsGolden): boolean {
  try {
    const { scale, zeroPoint } = observer.calculateQParams()
    return !expected.error && same(scale, expected.scale!) && same(zeroPoint, expected.zeroPoint!)
  } catch (error) {
    if (error instanceof OctavoError) return expected.error === true
    throw error
  }
}

/** Counts of equal cases by what they are of; the test fails when one differs. */
export class Tally {
  private readonly rows = new Map<string, { equal: number; total: number; first?: string }>()

  add(what: string, equal: boolean, label: () => string): void {
    const row = this.rows.get(what) ?? { equal: 0, total: 0 }
    this.rows.set(what, row)
    row.total++
    if (equal) row.equal++
    else row.first ??= label()
  }

  /** Prints `equal/total` per row; `atLeast` guards against goldens that shrank. */
  check(tier: string, atLeast: Record<string, number> = {}): void {
    for (const [what, { equal, total, first }] of this.rows) console.log(`# ${tier} ${what}: ${equal}/${total}${first ? `, first difference: ${first}` : ''}`)
    for (const [what, least] of Object.entries(atLeast)) assert.ok((this.rows.get(what)?.total ?? 0) >= least, `${what}: expected at least ${least} cases`)
    for (const [what, { equal, total, first }] of this.rows) assert.equal(equal, total, `${what}: ${first}`)
  }
}

/** Every training module that is built, each made current in turn. */
export function eachTier(run: (module: TrainModule) => void): void {
  for (const tier of ['scalar', 'simd']) {
    const module = TrainModule.from(new WebAssembly.Module(readFileSync(`dist/train.${tier}.wasm`)))
    assert.equal(module.tier, tier)
    useTrainModule(module)
    run(module)
  }
}
