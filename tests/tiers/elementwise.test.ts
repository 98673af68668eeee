import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrayOf, elementCount, type DType, type TypedArray } from '../../src/dtype.js'
import { walkOf } from '../../src/plan/lower/broadcast.js'
import { BINARY, UNARY, type BinaryName, type UnaryName } from '../../src/runtime/op-codes.js'
import { broadcastIndex, broadcastReference, unravel, UNARY_REFERENCE } from '../reference/elementwise.js'
import { edges, out, random, tiersUnderTest, type TierUnderTest } from './harness.js'

const tiers = tiersUnderTest()

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-45, -1e-45, 1.1754942e-38, 3e38, -3e38, 1e-8, 88.8, -103.9, 20.5, 4, -4, 8388607.5]

function floats(count: number, seed: number, range = 20): Float32Array {
  const next = random(seed)
  return Float32Array.from({ length: count }, (_, i) => (i < SPECIAL.length && count > 24 ? SPECIAL[i]! : ((next() / 2 ** 32) * 2 - 1) * range))
}

const bits = (x: Float32Array): number[] => [...x].map((v, i) => (Number.isNaN(v) ? 0x7fc00000 : new Uint32Array(x.buffer, x.byteOffset)[i]!))

/** Units in the last place that a function may be off the real value's float32; exact where nothing is said. */
const ULPS: Partial<Record<UnaryName, number>> = {
  Exp: 2, Log: 2, Erf: 2, Sigmoid: 3, Tanh: 3, Elu: 4, Celu: 5, Selu: 5, Mish: 8, Softplus: 3, Swish: 5, Cube: 1, Softsign: 1, HardSigmoid: 3, HardSwish: 4, Shrink: 1,
  Sin: 1, Cos: 1, Tan: 1, Asin: 1, Acos: 1, Atan: 1, Sinh: 2, Cosh: 2, Asinh: 2, Acosh: 2, Atanh: 2, LeakyRelu: 1, Reciprocal: 1, Sqrt: 1,
}
/** What cancels near a corner or on the left is bounded relative to its largest part, max(1, |x|). */
const ABSOLUTE: Partial<Record<UnaryName, number>> = { Gelu: 6e-7, GeluTanh: 6e-7, HardSwish: 1e-6, HardSigmoid: 2e-7, Shrink: 2e-6, Swish: 1e-7 }
const PARAMETERS: Partial<Record<UnaryName, [number, number]>> = {
  LeakyRelu: [0.1, 0], ThresholdedRelu: [1.5, 0], Clip: [-2, 3], Shrink: [1.5, 0.25], HardSigmoid: [0.2, 0.5], HardSwish: [1 / 6, 0.5], Elu: [1.5, 0], Celu: [0.75, 0],
  Selu: [1.7580993, 1.050701], Swish: [1.25, 0],
}

const ulp = (y: number): number => 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(y) || 1e-46)) - 23)

function runUnary(tier: TierUnderTest, name: UnaryName, x: Float32Array): Float32Array {
  const [alpha, beta] = PARAMETERS[name] ?? [0, 0]
  return tier.call('f32_unary', { x, y: out('float32', x.length), count: x.length, op: UNARY[name], alpha, beta }).y as Float32Array
}

for (const tier of tiers)
  test(`${tier.name}: f32_unary, every function against double precision`, () => {
    for (const name of Object.keys(UNARY) as UnaryName[]) {
      const [alpha, beta] = (PARAMETERS[name] ?? [0, 0]).map(Math.fround) as [number, number]
      const x = floats(4000, 7, name === 'Asin' || name === 'Acos' || name === 'Atanh' ? 1.2 : 30)
      const y = runUnary(tier, name, x)
      x.forEach((v, i) => {
        const want = Math.fround(UNARY_REFERENCE[name](v, alpha, beta))
        const got = y[i]!
        if (Object.is(want, got) || (want === 0 && got === 0)) return
        if (Number.isNaN(want) && (Number.isNaN(got) || (v === Infinity || v === -Infinity))) return
        const allowed = Math.max((ULPS[name] ?? 0) * ulp(want), ABSOLUTE[name] ? ABSOLUTE[name] * Math.max(1, Math.abs(v)) : 0, name === 'Mish' ? 1e-42 : 0)
        assert.ok(Math.abs(want - got) <= allowed, `${name}(${v}): want ${want}, got ${got}`)
      })
    }
  })

test('f32_unary: tiers agree bit for bit at every edge', () => {
  for (const name of Object.keys(UNARY) as UnaryName[])
    for (const count of [...edges(4), 257]) {
      const x = floats(count, count)
      const [first, ...rest] = tiers.map((tier) => bits(runUnary(tier, name, x)))
      for (const other of rest) assert.deepEqual(other, first, name)
    }
})

for (const tier of tiers)
  test(`${tier.name}: unary on integers and doubles`, () => {
    const ints = Int32Array.from([0, 1, -1, 7, -7, 2147483647, -2147483648])
    const call = (kernel: 'i32_unary' | 'i64_unary' | 'f64_unary', dtype: DType, x: TypedArray, name: UnaryName) =>
      [...tier.call(kernel, { x, y: out(dtype, x.length), count: x.length, op: UNARY[name], alpha: 0, beta: 0 }).y!]
    assert.deepEqual(call('i32_unary', 'int32', ints, 'Abs'), [0, 1, 1, 7, 7, 2147483647, -2147483648])
    assert.deepEqual(call('i32_unary', 'int32', ints, 'Neg'), [0, -1, 1, -7, 7, -2147483647, -2147483648])
    assert.deepEqual(call('i32_unary', 'int32', ints, 'Sign'), [0, 1, -1, 1, -1, 1, -1])
    const longs = BigInt64Array.from([0n, 5n, -5n, -(2n ** 63n)])
    assert.deepEqual(call('i64_unary', 'int64', longs, 'Abs'), [0n, 5n, 5n, -(2n ** 63n)])
    assert.deepEqual(call('i64_unary', 'int64', longs, 'Neg'), [0n, -5n, 5n, -(2n ** 63n)])
    assert.deepEqual(call('i64_unary', 'int64', longs, 'Sign'), [0n, 1n, -1n, -1n])
    const doubles = Float64Array.from([0.1, -2.5, 3.5, 1e300, NaN, -Infinity])
    for (const name of ['Abs', 'Neg', 'Sign', 'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal'] as const)
      assert.deepEqual(call('f64_unary', 'float64', doubles, name), [...doubles].map((v) => UNARY_REFERENCE[name](v, 0, 0)), name)
  })

for (const tier of tiers)
  test(`${tier.name}: classify`, () => {
    for (const [kernel, x] of [['f32_classify', Float32Array.from([1, NaN, Infinity, -Infinity, 0])], ['f64_classify', Float64Array.from([1e300, NaN, Infinity, -Infinity, 0])]] as const)
      for (let op = 0; op < 8; op++) {
        const { y } = tier.call(kernel, { x, y: out('bool', 5), count: 5, op, alpha: 0, beta: 0 })
        assert.deepEqual([...y!], [0, op & 4 ? 1 : 0, op & 2 ? 1 : 0, op & 1, 0])
      }
  })

/** Shapes of a, b and their broadcast: same, scalar either side, trailing vector, leading, interleaved, more than three merged axes. */
const SHAPES: [number[], number[], number[]][] = [
  [[1], [1], [1]], [[3], [3], [3]], [[37], [37], [37]], [[5, 7], [], [5, 7]], [[], [4, 9], [4, 9]], [[3, 8], [8], [3, 8]], [[3, 5], [1, 5], [3, 5]], [[2, 3, 13], [3, 1], [2, 3, 13]],
  [[1, 5], [4, 1], [4, 5]], [[2, 1, 3, 1, 5], [1, 4, 1, 6, 1], [2, 4, 3, 6, 5]], [[2, 1, 2, 1, 2, 1, 3], [1, 2, 1, 2, 1, 2, 1], [2, 2, 2, 2, 2, 2, 3]], [[6, 1, 19], [1, 4, 19], [6, 4, 19]],
]

const KERNELS = { float32: 'f32_binary', float64: 'f64_binary', int32: 'i32_binary', int64: 'i64_binary', uint64: 'u64_binary', bool: 'u8_binary' } as const
type KernelType = keyof typeof KERNELS
const FLOAT_OPS: BinaryName[] = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'PRelu', 'FMod', 'Equal', 'Less', 'LessOrEqual']
const INTEGER_OPS = (Object.keys(BINARY) as BinaryName[])
const OPS: Record<KernelType, BinaryName[]> = { float32: FLOAT_OPS, float64: FLOAT_OPS, int32: INTEGER_OPS, int64: INTEGER_OPS, uint64: INTEGER_OPS, bool: ['And', 'Or', 'Xor'] }

const EXTREMES = [0n, 1n, -1n, 2n, -2n, 3n, 31n, 63n, 64n, -(2n ** 31n), 2n ** 31n - 1n, -(2n ** 63n), 2n ** 63n - 1n]
function values(dtype: KernelType, count: number, seed: number): TypedArray {
  const next = random(seed)
  const array = arrayOf(dtype, count)
  for (let i = 0; i < count; i++) {
    const r = next()
    if (dtype === 'float32' || dtype === 'float64') array[i] = (r % 5 === 0 ? SPECIAL[r % SPECIAL.length]! : ((r / 2 ** 32) * 2 - 1) * 9) as never
    else if (dtype === 'bool') array[i] = (r & 1) as never
    else {
      const v = r % 3 === 0 ? EXTREMES[(r >>> 4) % EXTREMES.length]! : BigInt(r % 19) - (dtype === 'uint64' ? 0n : 9n)
      array[i] = (dtype === 'int32' ? Number(BigInt.asIntN(32, v)) : v) as never
    }
  }
  return array
}

function runBinary(tier: TierUnderTest, name: BinaryName, dtype: KernelType, a: TypedArray, aDims: number[], b: TypedArray, bDims: number[], dims: number[]): TypedArray {
  const isTest = name === 'Equal' || name === 'Less' || name === 'LessOrEqual'
  const bytes = a.BYTES_PER_ELEMENT
  const walk = walkOf(dims, [{ dims: aDims, bytes }, { dims: bDims, bytes }])
  const [innerA, innerB] = walk.innerSteps as [number, number]
  const [midA, midB] = walk.midSteps as [number, number]
  const table = Int32Array.from({ length: Math.max(1, walk.rank) * 4 }, (_, i) => (i % 4 === 3 ? 0 : walk.table[Math.floor(i / 4) * 3 + (i % 4)]!))
  return tier.call(KERNELS[dtype], {
    a, b, c: null, y: out(isTest ? 'bool' : dtype, elementCount(dims)), op: BINARY[name], inner: walk.inner, innerA, innerB, innerC: 0, mid: walk.mid, midA, midB, midC: 0,
    lineBytes: walk.inner * (isTest ? 1 : bytes), outer: walk.outer, rank: walk.rank, table,
  }).y!
}

const equal = (got: TypedArray, want: TypedArray, what: string): void =>
  want.forEach((w: number | bigint, i: number) => assert.ok(Object.is(w, got[i]) || (w === 0 && got[i] === 0), `${what} at ${i}: want ${w}, got ${got[i]}`))

for (const tier of tiers)
  for (const dtype of Object.keys(KERNELS) as KernelType[])
    test(`${tier.name}: ${KERNELS[dtype]}, every operation and broadcast`, () => {
      for (const name of OPS[dtype])
        SHAPES.forEach(([aDims, bDims, dims], s) => {
          const a = values(dtype, elementCount(aDims), s + 1)
          const b = values(dtype, elementCount(bDims), s + 101)
          equal(runBinary(tier, name, dtype, a, aDims, b, bDims, dims), broadcastReference(name, dtype, a, aDims, b, bDims, dims), `${name} [${aDims}] [${bDims}]`)
        })
    })

for (const tier of tiers)
  test(`${tier.name}: float64 Exp, Log and Pow`, () => {
    const close = (got: number, want: number, what: string): void =>
      assert.ok(Object.is(got, want) || (want === 0 && got === 0) || Math.abs(got - want) <= 2e-13 * Math.abs(want) + 1e-320, `${what}: want ${want}, got ${got}`)
    const x = values('float64', 2000, 8) as Float64Array
    for (const name of ['Exp', 'Log'] as const)
      tier.call('f64_unary', { x, y: out('float64', x.length), count: x.length, op: UNARY[name], alpha: 0, beta: 0 }).y!.forEach((got, i) => close(Number(got), Math[name === 'Exp' ? 'exp' : 'log'](x[i]!), `${name}(${x[i]})`))
    const b = values('float64', 2000, 9)
    const want = broadcastReference('Pow', 'float64', x, [2000], b, [2000], [2000])
    runBinary(tier, 'Pow', 'float64', x, [2000], b, [2000], [2000]).forEach((got, i) => close(Number(got), Number(want[i]), `${x[i]} ** ${b[i]}`))
  })

for (const tier of tiers)
  test(`${tier.name}: float32 Pow within an ulp, special values as C has them`, () => {
    const a = values('float32', 3000, 3), b = values('float32', 3000, 4)
    const want = broadcastReference('Pow', 'float32', a, [3000], b, [3000], [3000])
    runBinary(tier, 'Pow', 'float32', a, [3000], b, [3000], [3000]).forEach((got, i) => {
      const w = Number(want[i])
      assert.ok(Object.is(got, w) || Math.abs(Number(got) - w) <= ulp(w) || (w === 0 && got === 0), `${a[i]} ** ${b[i]}: want ${w}, got ${got}`)
    })
  })

for (const tier of tiers)
  test(`${tier.name}: x_where for every element size`, () => {
    const [cDims, aDims, bDims, dims] = [[4, 1, 3], [5, 1], [1], [4, 5, 3]]
    const condition = values('bool', 12, 9) as Uint8Array
    for (const dtype of ['uint8', 'int16', 'float32', 'int64'] as const) {
      const make = (n: number, from: number): TypedArray => { const x = arrayOf(dtype, n); for (let i = 0; i < n; i++) x[i] = (dtype === 'int64' ? BigInt(from + i) : from + i) as never; return x }
      const [a, b] = [make(5, 10), make(1, 99)]
      const bytes = a.BYTES_PER_ELEMENT
      const walk = walkOf(dims, [{ dims: cDims, bytes: 1 }, { dims: aDims, bytes }, { dims: bDims, bytes }])
      const [innerA, innerB, innerC] = walk.innerSteps as [number, number, number]
      const [midA, midB, midC] = walk.midSteps as [number, number, number]
      const { y } = tier.call('x_where', {
        a: condition, b: a, c: b, y: out(dtype, 60), op: bytes, inner: walk.inner, innerA, innerB, innerC, mid: walk.mid, midA, midB, midC,
        lineBytes: walk.inner * bytes, outer: walk.outer, rank: walk.rank, table: walk.table,
      })
      for (let i = 0; i < 60; i++) {
        const at = unravel(i, dims)
        assert.equal(y![i], condition[broadcastIndex(at, cDims)] ? a[broadcastIndex(at, aDims)] : b[0])
      }
    }
  })
