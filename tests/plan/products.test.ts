/** Float products, convolutions and recurrent layers through a session: every form of an operand, constant or fed, against the reference. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InferenceSession, OctavoError, Tensor } from '../../src/entry/index.js'
import { encodeModel } from '../../src/formats/onnx/encode.js'
import type { Node } from '../../src/graph/graph.js'
import { gemm } from '../reference/gemm.js'
import { floats } from '../tiers/floats.js'

const wasmFolder = new URL('../../../dist/', import.meta.url)
const f32 = (dims: number[], seed: number): Tensor => new Tensor('float32', floats(dims.reduce((n, d) => n * d, 1), seed), dims)

/** Runs one node; inputs whose index is in `fed` are graph inputs, the others constants. */
async function run(op: string, attributes: Node['attributes'], inputs: (Tensor | null)[], fed: readonly number[], domain = ''): Promise<Tensor> {
  const names = inputs.map((t, i) => (t ? `i${i}` : ''))
  const session = await InferenceSession.create(encodeModel({
    name: op, nodes: [{ name: op, op, domain, inputs: names, outputs: ['y'], attributes }], outputs: [{ name: 'y', dtype: 'float32', dims: null }],
    inputs: fed.map((i) => ({ name: names[i]!, dtype: inputs[i]!.dtype, dims: [...inputs[i]!.dims] })),
    constants: new Map(inputs.flatMap((t, i) => (t && !fed.includes(i) ? [[names[i]!, t] as const] : []))),
  }), { wasmFolder })
  try {
    return (await session.run(Object.fromEntries(fed.map((i) => [names[i]!, inputs[i]!]))))['y']!
  } finally {
    session.release()
  }
}

const near = (got: Tensor, want: ArrayLike<number>, what: string): void => {
  assert.equal(got.data.length, want.length, what)
  got.data.forEach((v, i) => assert.ok(Math.abs(Number(v) - want[i]!) <= 1e-5, `${what}: element ${i} is ${v}, expected ${want[i]}`))
}

/** A stored transposed, element [i, j] of its rows×columns view. */
const at = (t: Tensor, rows: number, columns: number, transposed: number, i: number, j: number): number => Number(t.data[transposed ? j * rows + i : i * columns + j])

test('Gemm: every transposition, scale and shape of C, constant weights and fed ones', async () => {
  const [m, n, k] = [5, 11, 7]
  for (const transA of [0, 1])
    for (const transB of [0, 1])
      for (const [alpha, beta] of [[1, 1], [0.5, 1], [1, -2], [2, 0]] as const)
        for (const c of [null, [], [1], [n], [1, n], [m, 1], [m, n]]) {
          const [a, b] = [f32(transA ? [k, m] : [m, k], 1), f32(transB ? [n, k] : [k, n], 2)]
          const C = c && f32(c, 3)
          const [rows, columns] = [1, 1, ...(c ?? [])].slice(-2) as [number, number]
          const want = gemm(
            Float32Array.from({ length: m * k }, (_, i) => at(a, m, k, transA, Math.floor(i / k), i % k)), Float32Array.from({ length: k * n }, (_, i) => alpha * at(b, k, n, transB, Math.floor(i / n), i % n)),
            (i, j) => (C ? beta * Number(C.data[(rows === 1 ? 0 : i) * columns + (columns === 1 ? 0 : j)]) : 0), new Float32Array(m * n), { m, n, k },
          )
          for (const fed of [[0], C ? [0, 1, 2] : [0, 1]]) near(await run('Gemm', { transA, transB, alpha, beta }, [a, b, C], fed), want, `${transA}${transB} ${alpha} ${beta} C [${c}] fed ${fed}`)
        }
})

test('MatMul: vectors, broadcast batches, sums of nothing', async () => {
  const cases: [number[], number[], number[]][] = [
    [[4], [4], []], [[4], [4, 3], [3]], [[2, 4], [4], [2]], [[3, 2, 4], [4, 5], [3, 2, 5]], [[3, 1, 2, 4], [6, 4, 9], [3, 6, 2, 9]], [[2, 4], [3, 4, 5], [3, 2, 5]], [[2, 0], [0, 5], [2, 5]], [[3, 2, 0], [3, 0, 1], [3, 2, 1]],
  ]
  for (const [da, db, dims] of cases)
    for (const fed of [[0], [0, 1]]) {
      const [a, b] = [f32(da, 5), f32(db, 6)]
      const y = await run('MatMul', {}, [a, b], fed)
      assert.deepEqual([...y.dims], dims, `[${da}]·[${db}]`)
      const [left, right] = [da.length === 1 ? [1, ...da] : da, db.length === 1 ? [...db, 1] : db]
      const [m, k, n] = [left.at(-2)!, left.at(-1)!, right.at(-1)!]
      const batch = da.length > 1 && db.length > 1 ? dims.slice(0, -2) : dims.slice(0, Math.max(da.length, db.length) - 2)
      const offset = (flat: number, own: number[]): number => {
        let [index, step] = [0, 1]
        for (let i = 1; i <= batch.length; i++) {
          const position = flat % batch.at(-i)!
          flat = Math.floor(flat / batch.at(-i)!)
          const size = own.length - i >= 0 ? own.at(-i)! : 1
          index += size === 1 ? 0 : position * step
          step *= size
        }
        return index
      }
      const want = Array.from({ length: batch.reduce((x, d) => x * d, 1) }, (_, flat) => {
        const [ia, ib] = [offset(flat, left.slice(0, -2)), offset(flat, right.slice(0, -2))]
        return [...gemm((a.data as Float32Array).subarray(ia * m * k), (b.data as Float32Array).subarray(ib * k * n), () => 0, new Float32Array(m * n), { m, n, k })]
      }).flat()
      near(y, want, `[${da}]·[${db}] fed ${fed}`)
    }
})

test('FusedMatMul transposes and scales', async () => {
  const [a, b] = [f32([2, 4, 3], 7), f32([5, 4], 8)]
  const y = await run('FusedMatMul', { transA: 1, transB: 1, alpha: 0.25 }, [a, b], [0], 'com.microsoft')
  const rows = Float32Array.from({ length: 24 }, (_, i) => Number(a.data[Math.floor(i / 12) * 12 + (i % 4) * 3 + (Math.floor(i / 4) % 3)]))
  const columns = Float32Array.from({ length: 20 }, (_, i) => 0.25 * Number(b.data[(i % 5) * 4 + Math.floor(i / 5)]))
  near(y, gemm(rows, columns, () => 0, new Float32Array(30), { m: 6, n: 5, k: 4 }), 'FusedMatMul')
})

test('convolutions and recurrent layers: fed weights give the bits of constant ones', async () => {
  const image = f32([2, 6, 7, 5], 9)
  const cases: [string, Node['attributes'], (Tensor | null)[]][] = [
    ['Conv', { pads: [1, 1, 1, 1], group: 2 }, [image, f32([4, 3, 3, 3], 10), f32([4], 11)]],
    ['Conv', { strides: [2, 2], group: 6 }, [image, f32([6, 1, 3, 3], 12)]],
    ['ConvTranspose', { strides: [2, 2], group: 3 }, [image, f32([6, 2, 3, 3], 13), f32([6], 14)]],
    ['LSTM', { hidden_size: 3, direction: 'bidirectional' }, [f32([4, 2, 5], 15), f32([2, 12, 5], 16), f32([2, 12, 3], 17), f32([2, 24], 18)]],
    ['GRU', { hidden_size: 3, linear_before_reset: 1 }, [f32([4, 2, 5], 19), f32([1, 9, 5], 20), f32([1, 9, 3], 21), f32([1, 18], 22)]],
    ['GRU', { hidden_size: 3, direction: 'reverse' }, [f32([4, 2, 5], 23), f32([1, 9, 5], 24), f32([1, 9, 3], 25), f32([1, 18], 26)]],
  ]
  for (const [op, attributes, inputs] of cases) {
    const constant = await run(op, attributes, inputs, [0])
    assert.ok((constant.data as Float32Array).some((v) => v !== 0))
    assert.deepEqual(await run(op, attributes, inputs, inputs.map((_, i) => i)), constant, op)
  }
})

test('FusedConv clamps; what does not fit is a coded error', async () => {
  const [x, w] = [f32([1, 3, 5, 5], 27), f32([4, 3, 3, 3], 28)]
  const plain = await run('Conv', {}, [x, w], [0])
  assert.deepEqual((await run('FusedConv', { activation: 'Relu' }, [x, w], [0], 'com.microsoft')).data, (plain.data as Float32Array).map((v) => Math.max(v, 0)))
  const fails = (op: string, attributes: Node['attributes'], inputs: Tensor[], code: string, domain = ''): Promise<void> =>
    assert.rejects(run(op, attributes, inputs, [0], domain), (e) => e instanceof OctavoError && e.code === code && e.message.includes(op))
  await fails('FusedConv', { activation: 'Tanh' }, [x, w], 'ATTRIBUTE_UNSUPPORTED', 'com.microsoft')
  await fails('Conv', { group: 2 }, [x, w], 'SHAPE_MISMATCH')
  await fails('Conv', {}, [x, w, f32([3], 1)], 'SHAPE_MISMATCH')
  await fails('ConvTranspose', { pads: [9, 9, 9, 9] }, [x, f32([3, 2, 3, 3], 1)], 'SHAPE_MISMATCH')
  await fails('MatMul', {}, [f32([2, 3], 1), f32([4, 5], 2)], 'SHAPE_MISMATCH')
  await fails('Gemm', {}, [f32([2, 3], 1), f32([3, 5], 2), f32([4], 3)], 'SHAPE_MISMATCH')
  const layer = [f32([4, 2, 5], 1), f32([1, 12, 5], 2), f32([1, 12, 3], 3)]
  await fails('LSTM', { input_forget: 1 }, layer, 'ATTRIBUTE_UNSUPPORTED')
  await fails('LSTM', { activations: ['Sigmoid', 'Tanh', 'Sine'] }, layer, 'ATTRIBUTE_UNSUPPORTED')
  await fails('LSTM', { hidden_size: 4 }, layer, 'SHAPE_MISMATCH')
})
