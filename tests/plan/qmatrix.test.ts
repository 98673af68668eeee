/** 8-bit products and convolutions through a session, every operand constant or fed, in every tier, against the definition. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError, Tensor } from '../../src/entry/index.js'
import { encodeModel } from '../../src/formats/onnx/encode.js'
import type { Node } from '../../src/graph/graph.js'
import type { DType } from '../../src/dtype.js'
import { accumulate, multiplierOf, requantize } from '../reference/qconv.js'
import { loadedTiers, openModel } from '../support/sessions.js'
import { random } from '../tiers/harness.js'

const f = Math.fround
const count = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1)
const tiers = loadedTiers()
let seed = 1

/** Codes over the whole range, or near the middle as trained weights are, where the relaxed tier packs bytes. */
function codes(dims: number[], dtype: 'uint8' | 'int8', near = false): Tensor {
  const next = random(seed++)
  const middle = dtype === 'int8' ? 0 : 128
  return new Tensor(dtype, Array.from({ length: count(dims) }, () => (near ? middle + (next() % 81) - 40 : middle - 128 + (next() % 256))), dims)
}

const f32 = (...values: number[]): Tensor => new Tensor('float32', values, values.length > 1 ? [values.length] : [])
const scales = (n: number): Tensor => f32(...Array.from({ length: n }, (_, i) => 0.01 + i * 0.003))
const num = (t: Tensor, i: number): number => Number(t.data[i])

/** Runs one node in every tier, with everything fed and with everything but input 0 constant, and hands each result to `check`. */
async function run(op: string, attributes: Node['attributes'], inputs: (Tensor | null)[], dtype: DType, check: (y: Tensor, where: string) => void, domain = ''): Promise<void> {
  const names = inputs.map((t, i) => (t ? `i${i}` : ''))
  for (const fed of [inputs.flatMap((t, i) => (t ? [i] : [])), [0]]) {
    const model = encodeModel({
      name: op, nodes: [{ name: op, op, domain, inputs: names, outputs: ['y'], attributes }], outputs: [{ name: 'y', dtype, dims: null }],
      inputs: fed.map((i) => ({ name: names[i]!, dtype: inputs[i]!.dtype, dims: [...inputs[i]!.dims] })),
      constants: new Map(inputs.flatMap((t, i) => (t && !fed.includes(i) ? [[names[i]!, t] as const] : []))),
    })
    for (const [name, tier] of tiers) {
      const session = openModel(model, tier)
      try {
        const feeds = Object.fromEntries(fed.map((i) => [names[i]!, inputs[i]!]))
        check(session.runSync(feeds)['y']!, `${op} ${name}, ${fed.length} fed`)
        check(session.runSync(feeds)['y']!, `${op} ${name}, ${fed.length} fed, again`)
      } finally {
        session.release()
      }
    }
  }
}

const equal = (y: Tensor, dims: number[], want: readonly number[], where: string): void => {
  assert.deepEqual([...y.dims], dims, where)
  assert.deepEqual(Array.from(y.data, Number), [...want], where)
}

/** Σ (a − za)(b − zb) of matrices starting at elements `a0` and `b0`. */
function product(a: Tensor, b: Tensor, a0: number, b0: number, [m, n, k]: readonly number[], za: (r: number) => number, zb: (j: number) => number): number[] {
  return Array.from({ length: m! * n! }, (_, i) => {
    const [r, j] = [Math.floor(i / n!), i % n!]
    let sum = 0
    for (let t = 0; t < k!; t++) sum += (num(a, a0 + r * k! + t) - za(r)) * (num(b, b0 + t * n! + j) - zb(j))
    return sum
  })
}

test('MatMulInteger: batches, broadcasting, vectors, zero points of every granularity', async () => {
  const [m, n, k] = [3, 10, 21]
  for (const [da, db, dy, pairs] of [
    [[m, k], [k, n], [m, n], [[0, 0]]],
    [[4, m, k], [k, n], [4, m, n], [[0, 0], [1, 0], [2, 0], [3, 0]]],
    [[2, m, k], [2, k, n], [2, m, n], [[0, 0], [1, 1]]],
    [[2, 1, m, k], [3, k, n], [2, 3, m, n], [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]],
    [[m, k], [2, k, n], [2, m, n], [[0, 0], [0, 1]]],
  ] as [number[], number[], number[], number[][]][])
    for (const kind of ['none', 'one', 'each'] as const) {
      const [a, b] = [codes(da, 'uint8'), codes(db, kind === 'none' ? 'int8' : 'uint8', true)]
      const zeroA = kind === 'none' ? null : kind === 'one' ? codes([], 'uint8') : codes([m], 'uint8')
      const zeroB = kind === 'none' ? null : kind === 'one' ? new Tensor('uint8', [128], []) : codes([n], 'uint8')
      const za = (r: number): number => (zeroA ? num(zeroA, kind === 'one' ? 0 : r) : 0)
      const zb = (j: number): number => (zeroB ? num(zeroB, kind === 'one' ? 0 : j) : 0)
      const want = pairs.flatMap(([pa, pb]) => product(a, b, pa! * m * k, pb! * k * n, [m, n, k], za, zb))
      await run('MatMulInteger', {}, [a, b, zeroA, zeroB], 'int32', (y, where) => equal(y, dy, want, `${where} ${da} ${db} ${kind}`))
    }
  const [row, column] = [codes([k], 'int8'), codes([k], 'int8')]
  const dot = product(row, column, 0, 0, [1, 1, k], () => 0, () => 0)
  await run('MatMulInteger', {}, [row, column], 'int32', (y, where) => equal(y, [], dot, where))
})

test('QLinearMatMul and MatMulIntegerToFloat: scales per tensor, per column and per column of each matrix', async () => {
  const [m, n, k] = [4, 9, 30]
  for (const [batch, size] of [[1, 1], [1, n], [2, 2 * n]] as const) {
    const db = batch > 1 ? [batch, k, n] : [k, n]
    const ds = size > n ? [batch, 1, n] : size > 1 ? [n] : []
    const [a, b] = [codes([batch, m, k], 'int8'), codes(db, 'int8', true)]
    const scale = new Tensor('float32', scales(Math.max(2, size)).data.slice(0, size), ds)
    const zeros = new Tensor('int8', new Int8Array(size), ds)
    const [zeroA, zeroY] = [new Tensor('int8', [-7], []), new Tensor('uint8', [99], [])]
    const [scaleA, scaleY] = [f32(0.02), f32(1.7)]
    const of = (p: number, j: number): number => num(scale, size === 1 ? 0 : size > n ? p * n + j : j)
    const sums = Array.from({ length: batch }, (_, p) => product(a, b, p * m * k, batch > 1 ? p * k * n : 0, [m, n, k], () => -7, () => 0))
    const want = sums.flatMap((s, p) => s.map((v, i) => requantize(v, multiplierOf(num(scaleA, 0), of(p, i % n), num(scaleY, 0)), 99, 0, 255)))
    await run('QLinearMatMul', {}, [a, scaleA, zeroA, b, scale, zeros, scaleY, zeroY], 'uint8', (y, where) => equal(y, [batch, m, n], want, `${where} ${size}`))
    const bias = scales(n)
    const float = sums.flatMap((s, p) => s.map((v, i) => f(f(f(v) * f(num(scaleA, 0) * of(p, i % n))) + num(bias, i % n))))
    await run('MatMulIntegerToFloat', {}, [a, b, scaleA, scale, zeroA, zeros, bias], 'float32', (y, where) => equal(y, [batch, m, n], float, `${where} ${size}`), 'com.microsoft')
  }
})

test('QGemm: transpositions, every shape of C, quantized and float outputs', async () => {
  const [m, n, k] = [6, 11, 13]
  for (const transA of [0, 1])
    for (const transB of [0, 1])
      for (const dc of [null, [], [n], [1, n], [m, 1], [m, n]]) {
        const [a, b] = [codes(transA ? [k, m] : [m, k], 'uint8'), codes(transB ? [n, k] : [k, n], 'int8', true)]
        const c = dc && new Tensor('int32', Array.from({ length: count(dc) }, (_, i) => i * 371 - 5000), dc)
        const [scaleA, scaleB, zeroA, zeroB] = [f32(0.03), scales(n), new Tensor('uint8', [131], []), new Tensor('int8', new Int8Array(n), [n])]
        const alpha = f(0.75)
        const acc = Array.from({ length: m * n }, (_, i) => {
          const [r, j] = [Math.floor(i / n), i % n]
          const [rows, columns] = [1, 1, ...(dc ?? [])].slice(-2) as [number, number]
          let sum = c ? num(c, (rows > 1 ? r : 0) * columns + (columns > 1 ? j : 0)) : 0
          for (let t = 0; t < k; t++) sum += (num(a, transA ? t * m + r : r * k + t) - 131) * num(b, transB ? j * k + t : t * n + j)
          return sum
        })
        const scale = (j: number): number => f(f(alpha * num(scaleA, 0)) * num(scaleB, j))
        const float = acc.map((v, i) => f(f(v) * scale(i % n)))
        const attributes = { transA, transB, alpha }
        const operands = [a, scaleA, zeroA, b, scaleB, zeroB, c]
        const where = (w: string): string => `${w} transA ${transA} transB ${transB} C [${dc}]`
        await run('QGemm', attributes, operands, 'float32', (y, w) => equal(y, [m, n], float, where(w)), 'com.microsoft')
        const quantized = acc.map((v, i) => requantize(v, f(scale(i % n) / f(0.9)), 3, 0, 255))
        await run('QGemm', attributes, [...operands, f32(0.9), new Tensor('uint8', [3], [])], 'uint8', (y, w) => equal(y, [m, n], quantized, where(w)), 'com.microsoft')
      }
})

/** N C … → N … C. */
function channelsLast(x: Tensor): number[] {
  const [, channels, ...spatial] = x.dims as [number, number, ...number[]]
  const area = count(spatial)
  return Array.from({ length: x.size }, (_, i) => num(x, (Math.floor(i / (area * channels)) * channels + (i % channels)) * area + (Math.floor(i / channels) % area)))
}

test('QLinearConv and ConvInteger: one to three axes, groups, depthwise, zero points per channel', async () => {
  for (const [dims, dw, groups, strides, pads] of [
    [[1, 3, 9, 8], [10, 3, 3, 3], 1, [2, 2], [1, 1, 0, 1]],
    [[2, 12, 5, 5], [12, 1, 3, 3], 12, [1, 1], [1, 1, 1, 1]],
    [[1, 12, 7, 6], [12, 1, 5, 3], 12, [2, 2], [2, 1, 2, 1]],
    [[1, 8, 6, 4], [12, 4, 1, 1], 2, [1, 1], [0, 0, 0, 0]],
    [[2, 6, 15], [4, 6, 4], 1, [2], [1, 2]],
    [[1, 2, 4, 5, 3], [5, 2, 2, 3, 2], 1, [1, 2, 1], [1, 1, 0, 0, 1, 1]],
  ] as [number[], number[], number, number[], number[]][])
    for (const [tx, tw, zw] of [['uint8', 'int8', 0], ['int8', 'int8', 0], ['uint8', 'uint8', 128], ['uint8', 'uint8', 77]] as const) {
      const [x, w] = [codes(dims, tx), codes(dw, tw, true)]
      const [filters, channels, ...kernel] = dw as [number, number, ...number[]]
      const lift = (v: readonly number[], fill: number): number[] => [...Array<number>(3 - v.length).fill(fill), ...v]
      const rank = kernel.length
      const spatial = dims.slice(2)
      const out = spatial.map((s, i) => Math.floor((s + pads[i]! + pads[i + rank]! - kernel[i]!) / strides[i]!) + 1)
      const bias = new Tensor('int32', Array.from({ length: filters }, (_, i) => i * 97 - 300), [filters])
      const xZero = tx === 'int8' ? -3 : 120
      const base = {
        x: (tx === 'int8' ? Int8Array : Uint8Array).from(channelsLast(x)), w: w.data as Uint8Array, xZero, wZero: Array<number>(filters).fill(zw), batch: dims[0]!, spatial: lift(spatial, 1), channels, groups,
        n: filters / groups, kernel: lift(kernel, 1), strides: lift(strides, 1), dilations: [1, 1, 1], begin: lift(pads.slice(0, rank), 0), out: lift(out, 1),
      }
      const first = (y: ArrayLike<number>): number[] => Array.from({ length: y.length }, (_, i) => {
        const area = count(out)
        return y[(Math.floor(i / (area * filters)) * area + (i % area)) * filters + Math.floor(i / area) % filters]!
      })
      const dy = [dims[0]!, filters, ...out]
      const attributes = { group: groups, strides, pads, kernel_shape: kernel }
      const [zeroX, zeroW] = [new Tensor(tx, [xZero], []), new Tensor(tw, Array<number>(filters).fill(zw), [filters])]
      const where = (s: string): string => `${s} ${dims} ${dw} ${tx} ${tw} ${zw}`
      await run('ConvInteger', attributes, [x, w, zeroX, zeroW], 'int32', (y, s) => equal(y, dy, first(accumulate({ ...base, bias: null })), where(s)))
      const [scaleX, scaleW, scaleY, zeroY] = [f32(0.05), scales(filters), f32(2.3), new Tensor(tx, [tx === 'int8' ? -20 : 108], [])]
      const low = tx === 'int8' ? -128 : 0
      const want = Array.from(accumulate({ ...base, bias: bias.data as Int32Array }), (v, i) => requantize(v, multiplierOf(0.05, num(scaleW, i % filters), 2.3), num(zeroY, 0), low, low + 255))
      await run('QLinearConv', attributes, [x, scaleX, zeroX, w, scaleW, zeroW, scaleY, zeroY, bias], tx, (y, s) => equal(y, dy, first(want), where(s)))
    }
})

test('8-bit products refuse operands that do not fit, by code', async () => {
  const refused = async (op: string, inputs: (Tensor | null)[], code: string, domain = ''): Promise<void> => {
    await assert.rejects(run(op, {}, inputs, 'int32', () => assert.fail('it ran'), domain), (e: unknown) => e instanceof OctavoError && e.code === code)
  }
  await refused('MatMulInteger', [codes([2, 3], 'uint8'), codes([4, 5], 'uint8')], 'SHAPE_MISMATCH')
  await refused('MatMulInteger', [codes([2, 3], 'uint8'), codes([3, 5], 'uint8'), codes([7], 'uint8')], 'SHAPE_MISMATCH')
  await refused('MatMulInteger', [codes([2, 3], 'uint8'), codes([3, 5], 'uint8'), codes([], 'int8')], 'DTYPE_MISMATCH')
  await refused('MatMulInteger', [codes([2, 0], 'uint8'), codes([0, 5], 'uint8')], 'OP_UNSUPPORTED')
  await refused('ConvInteger', [codes([1, 3, 5, 5], 'uint8'), codes([4, 2, 3, 3], 'uint8')], 'SHAPE_MISMATCH')
  await refused('ConvInteger', [codes([1, 3, 2, 2], 'uint8'), codes([4, 3, 3, 3], 'uint8')], 'SHAPE_MISMATCH')
})
