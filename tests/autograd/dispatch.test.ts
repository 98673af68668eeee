import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tensor, zeros } from '../../src/autograd/create.js'
import { addQuantizedKernel, call, keyOf, Op } from '../../src/autograd/dispatch.js'
import { kindOf } from '../../src/autograd/kind.js'
import { linear } from '../../src/autograd/ops/matmul.js'
import { eager } from '../../src/autograd/runtime.js'
import { Storage } from '../../src/autograd/storage.js'
import { Tensor } from '../../src/autograd/tensor.js'
import { coded } from '../support/errors.js'
import { testEager } from '../support/eager.js'

test('nothing runs before init, and says so', () => coded('NOT_INITIALIZED', () => zeros([1]).add(1)))

testEager('a call is planned once for operands alike', () => {
  const { calls } = eager()
  zeros([3]).relu()
  const before = calls.size
  for (let i = 0; i < 5; i++) tensor([i, -i, 1]).relu()
  assert.equal(calls.size, before)
  zeros([4]).relu()
  assert.equal(calls.size, before + 1)
  zeros([4]).add(1)
  zeros([4]).add(2)
  assert.equal(calls.size, before + 3)
})

testEager('a held weight is packed once, and anew when it changes', () => {
  const weight = tensor([[1, 0, 0], [0, 1, 0]])
  weight.storage.held = true
  const x = tensor([[1, 2, 3]])
  for (let i = 0; i < 12; i++) {
    if (i % 6 === 2) weight.add_(1)
    const k = i < 2 ? 0 : i < 8 ? 1 : 2
    assert.deepEqual(linear(x, weight).toList(), [[1 + 6 * k, 2 + 6 * k]])
  }
  const size = eager().calls.size
  for (let i = 0; i < 3; i++) assert.deepEqual(linear(x, weight).toList(), [[13, 14]])
  assert.equal(eager().calls.size, size)
})

testEager('memory stays while shapes and weights change without end', () => {
  const { executor, calls } = eager()
  const one = zeros([64, 64])
  one.storage.held = true
  for (let i = 0; i < 50; i++) linear(zeros([8, 64]), one.fill_(i))
  const used = executor.arena.used
  for (let i = 0; i < 500; i++) linear(zeros([8, 64]), one.fill_(i))
  assert.equal(executor.arena.used, used)
  for (let i = 0; i < 5000; i++) zeros([(i % 2500) + 1]).neg()
  assert.ok(calls.size <= 2048)
})

testEager('results that nobody keeps are collected in a synchronous loop', () => {
  let x = zeros([1 << 18])
  let peak = 0
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 2000; i++) {
    x = x.relu()
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
  }
  assert.ok(peak < 500 * 2 ** 20, `${(peak / 2 ** 20).toFixed(0)} MiB of results were alive at once, of 2000`)
})

testEager('quantized operands go to the kernel that is given for them', () => {
  const codes = (): Tensor => new Tensor(new Storage(Uint8Array.of(1, 2)), kindOf('quint8', [2]), { qscheme: 'per_tensor_affine', scale: 0.5, zeroPoint: 0 })
  coded('OP_UNSUPPORTED', () => codes().exp())
  addQuantizedKernel('log', ([x]) => [x!])
  const x = codes()
  assert.equal(x.log(), x)
  const moved = codes().reshape(1, 2).t()
  assert.deepEqual([moved.dtype, moved.quantizer, Array.from(moved.elements() as Uint8Array)], ['quint8', { qscheme: 'per_tensor_affine', scale: 0.5, zeroPoint: 0 }, [1, 2]])
})

testEager('an operation may have several results, operands that it hands out, and attributes of any kind', () => {
  const op = new Op<[values: readonly number[], name: string | undefined]>('sample', (r, [values]) => [r.x(0), r.x(0), r.floats(values)])
  const [a, b, c] = [call(op, [tensor([1])], [[1, 2], undefined]), call(op, [tensor([1])], [[3], 'x']), call(op, [tensor([2])], [[3], 'x'])]
  assert.deepEqual([a, b, c].map((t) => t.toList()), [[1], [1], [2]])
  const keys = [0, -0, 1, '1', null, undefined, true, 'true', [], [[]], [1, 2], [[1], 2], '[1,', NaN, Infinity].map(keyOf)
  assert.equal(new Set(keys).size, keys.length)
})
