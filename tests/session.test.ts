import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { InferenceSession, OctavoError, Tensor, type SessionOptions } from '../src/entry/index.js'
import { encodeModel } from '../src/formats/onnx/encode.js'
import type { Graph, Node } from '../src/graph/graph.js'

const node = (op: string, inputs: string[], outputs: string[], attributes: Node['attributes'] = {}): Node => ({ name: op.toLowerCase(), op, domain: '', inputs, outputs, attributes })
const f32 = (values: number[], dims = [values.length]): Tensor => new Tensor('float32', values, dims)
const wasmFolder = new URL('../../dist/', import.meta.url)
const open = (graph: Partial<Graph>, options: SessionOptions = {}): Promise<InferenceSession> =>
  InferenceSession.create(encodeModel({ name: 'test', inputs: [], outputs: [], nodes: [], constants: new Map(), ...graph }), { wasmFolder, ...options })

/** y = relu(x + b), x f32[n, 3]. */
const relu: Partial<Graph> = {
  inputs: [{ name: 'x', dtype: 'float32', dims: ['n', 3] }],
  outputs: [{ name: 'y', dtype: 'float32', dims: ['n', 3] }, { name: 'sum', dtype: 'float32', dims: null }],
  nodes: [node('Add', ['x', 'b'], ['sum']), node('Relu', ['sum'], ['y'])],
  constants: new Map([['b', f32([1, 2, 3])]]),
}

const code = (expected: string, pattern?: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof OctavoError, `expected an OctavoError, got ${String(error)}`)
  assert.equal(error.code, expected)
  assert.ok(error.message.startsWith(`${expected}: `))
  if (pattern) assert.match(error.message, pattern)
  return true
}

test('a session names its inputs and outputs, runs them, and its results live on', async () => {
  const session = await open(relu)
  assert.deepEqual(session.inputNames, ['x'])
  assert.deepEqual(session.outputNames, ['y', 'sum'])
  assert.deepEqual(session.inputMetadata, [{ name: 'x', dtype: 'float32', dims: ['n', 3] }])
  const first = await session.run({ x: f32([-5, 0, 5, 1, -9, 1], [2, 3]) })
  const second = await session.run({ x: f32([9, 9, 9, 9, 9, 9], [2, 3]) })
  assert.deepEqual([...first['y']!.data], [0, 2, 8, 2, 0, 4])
  assert.deepEqual([...first['sum']!.data], [-4, 2, 8, 2, -7, 4])
  assert.deepEqual([...second['y']!.data], [10, 11, 12, 10, 11, 12])
  assert.deepEqual(Object.keys(await session.run({ x: f32([0, 0, 0], [1, 3]) }, { fetches: ['sum'] })), ['sum'])
  session.release()
})

test('plans follow the shapes of the feeds, few are kept, and memory does not grow with them', async () => {
  const session = await open(relu)
  for (let n = 1; n <= 6; n++) session.runSync({ x: f32(Array<number>(3 * n).fill(-1), [n, 3]) })
  const { memoryBytes, usedBytes } = session.info
  assert.equal(session.info.plans, 4)
  for (let round = 0; round < 20; round++)
    for (let n = 1; n <= 6; n++) {
      const { y } = session.runSync({ x: f32(Array<number>(3 * n).fill(-1), [n, 3]) })
      assert.deepEqual([...y!.data.slice(-3)], [0, 1, 2])
    }
  assert.equal(session.info.memoryBytes, memoryBytes)
  assert.equal(session.info.usedBytes, usedBytes)
})

test('wrong feeds are named before anything runs', async () => {
  const session = await open(relu)
  await assert.rejects(session.run({}), code('INPUT_MISSING', /input "x" \(float32\[n, 3\]\) is missing/))
  await assert.rejects(session.run({ x: f32([1, 2, 3], [1, 3]), z: f32([1]) }), code('INPUT_MISMATCH', /no input "z"/))
  await assert.rejects(session.run({ x: new Tensor('int32', [1, 2, 3], [1, 3]) }), code('INPUT_MISMATCH', /expected float32\[n, 3\], got int32\[1, 3\]/))
  await assert.rejects(session.run({ x: f32([1, 2, 3]) }), code('INPUT_MISMATCH', /rank differs/))
  await assert.rejects(session.run({ x: f32([1, 2, 3, 4], [1, 4]) }), code('INPUT_MISMATCH', /axis 1 differs/))
  await assert.rejects(session.run({ x: { dtype: 'float32', dims: [1, 3], data: [1, 2, 3] } as never }), code('INPUT_MISMATCH', /not a Tensor/))
  await assert.rejects(session.run({ x: f32([1, 2, 3], [1, 3]) }, { fetches: ['nothing'] }), code('OUTPUT_UNKNOWN', /"nothing"/))
  assert.throws(() => new Tensor('float32', [1, 2, 3], [2, 2]), code('SHAPE_MISMATCH'))
  assert.throws(() => new Tensor('float32', new Int32Array(3) as never), code('DTYPE_MISMATCH'))
  assert.deepEqual([...(await session.run({ x: f32([1, 2, 3], [1, 3]) }))['y']!.data], [2, 4, 6])
})

test('a scalar may be fed as one element of any dims', async () => {
  const scalar: Partial<Graph> = {
    inputs: [{ name: 'x', dtype: 'float32', dims: [] }], outputs: [{ name: 'y', dtype: 'float32', dims: null }],
    nodes: [node('Add', ['x', 'b'], ['y'])], constants: new Map([['b', f32([1, 2, 3])]]),
  }
  const session = await open(scalar)
  for (const dims of [[], [1], [1, 1]]) {
    const { y } = await session.run({ x: f32([5], dims) })
    assert.deepEqual([y!.dims, [...y!.data]], [[3], [6, 7, 8]])
  }
  await assert.rejects(session.run({ x: f32([5, 6]) }), code('INPUT_MISMATCH', /rank/))
  session.release()
})

test('an input whose contents decide a shape is part of the plan', async () => {
  const session = await open({
    inputs: [{ name: 'x', dtype: 'float32', dims: [6] }, { name: 'shape', dtype: 'int64', dims: [2] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: null }],
    nodes: [node('Reshape', ['x', 'shape'], ['y'])],
  })
  const x = f32([1, 2, 3, 4, 5, 6])
  assert.deepEqual((await session.run({ x, shape: new Tensor('int64', [2n, 3n]) }))['y']!.dims, [2, 3])
  assert.deepEqual((await session.run({ x, shape: new Tensor('int64', [-1n, 2n]) }))['y']!.dims, [3, 2])
  await assert.rejects(session.run({ x, shape: new Tensor('int64', [4n, 4n]) }), code('SHAPE_MISMATCH', /Reshape "reshape"/))
})

test('an If takes the branch of the condition it is given', async () => {
  const branch = (name: string, op: string): Graph => ({
    name, inputs: [], constants: new Map(), nodes: [node(op, ['x'], ['r'])], outputs: [{ name: 'r', dtype: 'float32', dims: [2] }],
  })
  const session = await open({
    inputs: [{ name: 'x', dtype: 'float32', dims: [2] }, { name: 'c', dtype: 'bool', dims: [] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: [2] }],
    nodes: [node('If', ['c'], ['y'], { then_branch: branch('then', 'Neg'), else_branch: branch('else', 'Abs') })],
  })
  const run = async (c: number): Promise<number[]> => [...((await session.run({ x: f32([-1, 2]), c: new Tensor('bool', [c], []) }))['y']!.data as Float32Array)]
  assert.deepEqual(await run(1), [1, -2])
  assert.deepEqual(await run(0), [1, 2])
})

test('an aborted run ends in a coded error and the session goes on', async () => {
  const n = 256
  const w = new Tensor('float32', new Float32Array(n * n).fill(1e-3), [n, n])
  const nodes = Array.from({ length: 400 }, (_, i) => ({ ...node('MatMul', [i ? `h${i}` : 'x', 'w'], [i === 399 ? 'y' : `h${i + 1}`]), name: `matmul${i}` }))
  const session = await open({ inputs: [{ name: 'x', dtype: 'float32', dims: [n, n] }], outputs: [{ name: 'y', dtype: 'float32', dims: [n, n] }], nodes, constants: new Map([['w', w]]) })
  const x = new Tensor('float32', new Float32Array(n * n), [n, n])
  await assert.rejects(session.run({ x }, { signal: AbortSignal.abort() }), code('ABORTED'))
  const late = new AbortController()
  const run = session.run({ x }, { signal: late.signal })
  setTimeout(() => late.abort(new Error('enough')), 12)
  await assert.rejects(run, (error: OctavoError) => code('ABORTED')(error) && (error.cause as Error).message === 'enough')
  assert.equal((await session.run({ x }))['y']!.size, n * n)
})

test('a released session says so', async () => {
  const session = await open(relu)
  session.release()
  session.release()
  await assert.rejects(session.run({ x: f32([1, 2, 3], [1, 3]) }), code('SESSION_DISPOSED'))
  assert.throws(() => session.info, code('SESSION_DISPOSED'))
})

test('a model may not ask for much more than it brings', async () => {
  const huge = { inputs: [{ name: 'x', dtype: 'float32', dims: [65536, 65536] }], outputs: [{ name: 'y', dtype: 'float32', dims: null }], nodes: [node('Relu', ['x'], ['y'])] } as Partial<Graph>
  await assert.rejects(open(huge), (e) => code((e as OctavoError).code === 'SHAPE_MISMATCH' ? 'SHAPE_MISMATCH' : 'ARENA_EXHAUSTED')(e))
  const large = { ...huge, inputs: [{ name: 'x', dtype: 'float32', dims: [30000, 10000] }] } as Partial<Graph>
  await assert.rejects(open(large), code('ARENA_EXHAUSTED', /limit is 256\.\d MiB.*memoryLimit/))
  const long = { ...relu, nodes: [node('MatMul', ['x', 'b2'], ['sum']), node('Relu', ['sum'], ['y'])], constants: new Map([['b2', new Tensor('float32', new Float32Array(9), [3, 3])]]) }
  const session = await open(long, { workLimit: 1000 })
  assert.equal(session.runSync({ x: f32(Array<number>(30).fill(0), [10, 3]) })['y']!.size, 30)
  assert.throws(() => session.runSync({ x: f32(Array<number>(3000).fill(0), [1000, 3]) }), code('WORK_EXCESSIVE', /workLimit/))
})

test('sources of every kind, and those that cannot be read', async () => {
  const bytes = encodeModel({ name: 'test', inputs: [], outputs: [], nodes: [], constants: new Map(), ...relu } as Graph)
  const stream = new Blob([bytes as BlobPart]).stream()
  for (const source of [bytes, bytes.slice().buffer, new DataView(bytes.slice().buffer), new Blob([bytes as BlobPart]), new Response(bytes as BodyInit), stream, Promise.resolve(bytes)])
    assert.deepEqual((await InferenceSession.create(source, { wasmFolder })).inputNames, ['x'])
  await assert.rejects(InferenceSession.create('no/such/file.onnx', { wasmFolder }), code('SOURCE_UNREADABLE', /no\/such\/file\.onnx/))
  await assert.rejects(InferenceSession.create(new Response('', { status: 404 }), { wasmFolder }), code('SOURCE_UNREADABLE', /404/))
  await assert.rejects(InferenceSession.create(42 as never, { wasmFolder }), code('SOURCE_UNREADABLE', /Number/))
  await assert.rejects(InferenceSession.create(bytes, { wasmFolder, signal: AbortSignal.abort() }), code('ABORTED'))
})

test('a module of the caller, at once', async () => {
  const bytes = encodeModel({ name: 'test', inputs: [], outputs: [], nodes: [], constants: new Map(), ...relu } as Graph)
  const module = new WebAssembly.Module(readFileSync(new URL('simd.wasm', wasmFolder)))
  const session = InferenceSession.createSync(bytes, { module })
  assert.equal(session.info.tier, 'simd')
  assert.deepEqual([...session.runSync({ x: f32([-5, 0, 5], [1, 3]) })['y']!.data], [0, 2, 8])
  const empty = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
  assert.throws(() => InferenceSession.createSync(bytes, { module: empty }), code('ABI_MISMATCH'))
})

test('a forced tier runs, or is an error that says why', async () => {
  for (const tier of ['scalar', 'simd'] as const) assert.equal((await open(relu, { tier })).info.tier, tier)
  await assert.rejects(open(relu, { tier: 'turbo' as never }), code('OPTION_INVALID', /turbo/))
  await assert.rejects(open(relu, { threads: 4 }), code('OPTION_INVALID', /threads/))
  try {
    assert.equal((await open(relu, { tier: 'relaxed' })).info.tier, 'relaxed')
  } catch (error) {
    code('TIER_UNAVAILABLE', /relaxed/)(error)
  }
})

test('profile tells the time of every step by node', async () => {
  const session = await open(relu, { profile: true })
  for (let i = 0; i < 3; i++) await session.run({ x: f32([1, 2, 3], [1, 3]) })
  const rows = session.profile()
  assert.deepEqual(rows.map((r) => [r.node, r.op, r.runs]), [['add', 'Add', 3], ['relu', 'Relu', 3]])
  assert.ok(rows.every((r) => r.ms >= 0))
  assert.deepEqual(session.profile().map((r) => [r.runs, r.ms]), [[0, 0], [0, 0]])
})

test('an operator that Octavo does not have is refused when the model is opened', async () => {
  await assert.rejects(open({ ...relu, nodes: [node('Unheard', ['x'], ['sum']), node('Relu', ['sum'], ['y'])] }), code('OP_UNSUPPORTED', /Unheard "unheard"/))
})
