import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ones, tensor, zeros } from '../../src/autograd/create.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import * as nn from '../../src/entry/torch/nn.js'
import * as F from '../../src/entry/torch/nn/functional.js'
import { deepCopy } from '../../src/nn/deep-copy.js'
import { coded } from '../support/errors.js'
import { testEager } from '../support/eager.js'
import { OctavoError } from '../../src/errors.js'

class Net extends nn.Module<[Tensor], Tensor> {
  first = new nn.Linear(2, 2)
  act = new nn.ReLU()
  scale = new nn.Parameter(ones([2]))
  plain = ones([3])

  constructor() {
    super()
    this.registerBuffer('seen', zeros([1]))
    this.registerBuffer('scratchPad', zeros([1]), { persistent: false })
    this.registerBuffer('absent', null)
  }

  forward(x: Tensor): Tensor {
    return this.act(this.first(x)).mul(this.scale)
  }
}

test('a module is a function of its class', () => {
  const net = new Net()
  assert.equal(typeof net, 'function')
  assert.ok(net instanceof Net && net instanceof nn.Module)
  assert.equal(net.constructor, Net)
  assert.equal(net.training, true)
  assert.ok(!('prototype' in net))
  assert.equal(new nn.Sequential(net).length, 1)
  assert.equal(new nn.ModuleList([net, net]).length, 2)
})

test('fields that are parameters and modules belong to it', () => {
  const net = new Net()
  assert.deepEqual([...net.namedParameters()].map(([name]) => name), ['scale', 'first.weight', 'first.bias'])
  assert.deepEqual([...net.namedParameters('', false)].map(([name]) => name), ['scale'])
  assert.deepEqual([...net.namedBuffers()].map(([name]) => name), ['seen', 'scratch_pad'])
  assert.deepEqual([...net.stateDict().keys()], ['scale', 'seen', 'first.weight', 'first.bias'])
  assert.deepEqual([...net.namedChildren()].map(([name]) => name), ['first', 'act'])
  net.first = new nn.Linear(2, 3, { bias: false })
  assert.deepEqual([...net.namedParameters()].map(([name]) => name), ['scale', 'first.weight'])
})

test('what occurs twice is listed once', () => {
  const shared = new nn.Linear(1, 1)
  const twice = new nn.Sequential(shared, shared)
  assert.equal([...twice.parameters()].length, 2)
  assert.equal([...twice.modules()].length, 2)
  assert.equal([...twice.children()].length, 1)
  assert.equal(twice.stateDict().size, 4)
})

testEager('hooks run around calls, in order, until removed', () => {
  const net = new Net().eval()
  const log: string[] = []
  const handles = [
    net.registerForwardPreHook(() => void log.push('pre')),
    net.registerForwardPreHook((_, [x]) => [(x as Tensor).mul(0)]),
    net.registerForwardHook(() => void log.push('second')),
    net.registerForwardHook(() => void log.push('first'), { prepend: true }),
    net.registerForwardHook((_, __, y) => (y as Tensor).add(100)),
  ]
  net.first.bias!.zero_()
  assert.deepEqual(net(ones([1, 2])).toList(), [[100, 100]])
  assert.deepEqual(log, ['pre', 'first', 'second'])
  assert.deepEqual(net.forward(zeros([1, 2])).toList(), [[0, 0]])
  for (const handle of handles) handle.remove()
  assert.deepEqual([net.forwardHooks.size, net.forwardPreHooks.size], [0, 0])
  assert.deepEqual(net(zeros([1, 2])).toList(), [[0, 0]])
})

test('train, eval, apply and requiresGrad_ reach everything inside', () => {
  const net = new nn.Sequential(new Net(), new nn.Dropout())
  net.eval()
  assert.ok([...net.modules()].every((m) => !m.training))
  net.train()
  assert.ok([...net.modules()].every((m) => m.training))
  const seen: unknown[] = []
  net.apply((m) => void seen.push(m.constructor.name))
  assert.deepEqual(seen, ['Linear', 'ReLU', 'Net', 'Dropout', 'Sequential'])
  net.requiresGrad_(false)
  assert.ok([...net.parameters()].every((p) => !p.requiresGrad))
})

test('submodules by path, under either name', () => {
  class Outer extends nn.Module { innerNet = new nn.Sequential(new Net()); forward(): void {} }
  const outer = new Outer()
  assert.equal(outer.getSubmodule('inner_net.0.first'), outer.innerNet[0]!.getSubmodule('first'))
  assert.equal(outer.getSubmodule('innerNet'), outer.innerNet)
  assert.equal(outer.getSubmodule(''), outer)
  const other = new nn.Identity()
  outer.setSubmodule('inner_net.0', other)
  assert.equal(outer.innerNet.at(-1), other)
  coded('MODULE_INVALID', () => outer.getSubmodule('inner_net.1'))
  coded('MODULE_INVALID', () => outer.setSubmodule('nothing', other))
  coded('MODULE_INVALID', () => outer.innerNet.at(1))
})

testEager('state dicts move values between models, and complain in full', () => {
  const [from, to] = [new Net(), new Net()]
  from.scale.fill_(3)
  assert.deepEqual(to.loadStateDict(from.stateDict()), { missingKeys: [], unexpectedKeys: [] })
  assert.deepEqual(to.scale.toList(), [3, 3])
  assert.deepEqual(to.first.weight.toList(), from.first.weight.toList())
  from.scale.fill_(4)
  assert.deepEqual(to.scale.toList(), [3, 3])

  const wrong = { 'first.weight': zeros([2, 3]), 'first.extra': zeros([1]), scale: tensor([1, 2]), 'other.weight': zeros([1]) }
  assert.throws(() => to.loadStateDict(wrong), (e) => {
    assert.ok(e instanceof OctavoError && e.code === 'STATE_DICT_MISMATCH')
    assert.deepEqual(e.details['missing'], ['seen', 'first.bias'])
    assert.deepEqual(e.details['unexpected'], ['first.extra', 'other.weight'])
    assert.match((e.details['mismatched'] as string[])[0]!, /first\.weight: expected shape \[2,2\], got \[2,3\]/)
    return true
  })
  assert.deepEqual(to.loadStateDict({ scale: tensor([5, 6]), more: zeros([1]) }, { strict: false }), { missingKeys: ['seen', 'first.weight', 'first.bias'], unexpectedKeys: ['more'] })
  assert.deepEqual(to.scale.toList(), [5, 6])
  coded('STATE_DICT_MISMATCH', () => to.loadStateDict({ scale: 'no tensor' }, { strict: false }))
  assert.deepEqual(from.stateDict().metadata.get('first'), { version: 1 })
})

testEager('batch norms read state dicts that do not count batches, of version 1 or none', () => {
  const norm = new nn.BatchNorm2d(2)
  const state = norm.stateDict()
  state.delete('num_batches_tracked')
  coded('STATE_DICT_MISMATCH', () => norm.loadStateDict(state))
  norm.loadStateDict(Object.fromEntries(state))
  state.metadata.set('', { version: 1 })
  norm.loadStateDict(state)
})

testEager('a deep copy shares nothing but functions', () => {
  const net = new Net()
  const model = new nn.Sequential(net, net, new nn.BatchNorm1d(2))
  const hook = (): void => {}
  net.registerForwardHook(hook)
  const copy = deepCopy(model)
  assert.equal(String(copy), String(model))
  assert.equal(copy[0], copy[1])
  assert.notEqual(copy[0], model[0])
  assert.deepEqual([...copy[0]!.forwardHooks.values()], [hook])
  const x = tensor([[1, -2], [3, 4]])
  const before = model.eval()(x).toList()
  assert.deepEqual(copy.eval()(x).toList(), before)
  for (const parameter of copy.parameters()) parameter.fill_(9)
  assert.deepEqual(model(x).toList(), before)
  assert.equal([...copy.buffers()].length, [...model.buffers()].length)
  const tied = deepCopy({ a: net.scale, b: [net.scale], c: new Map([['d', net.scale]]) })
  assert.equal(tied.a, tied.b[0])
  assert.equal(tied.a, tied.c.get('d'))
  assert.ok(tied.a instanceof nn.Parameter && tied.a.requiresGrad)
})

test('containers', () => {
  const named = new nn.Sequential({ conv: new nn.Conv2d(1, 1, 1), relu: new nn.ReLU() })
  assert.deepEqual([...named.namedChildren()].map(([name]) => name), ['conv', 'relu'])
  const list = new nn.ModuleList([new nn.ReLU()])
  list.append(new nn.Tanh()).extend([new nn.Sigmoid()]).insert(1, new nn.Identity())
  assert.deepEqual([...list].map((m) => m.constructor.name), ['ReLU', 'Identity', 'Tanh', 'Sigmoid'])
  coded('MODULE_INVALID', () => (list as unknown as () => void)())
})

testEager('settings by position and by name, checked', () => {
  assert.equal(String(new nn.Conv2d(1, 2, 3, 2, 1, { bias: false })), 'Conv2d(1, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)')
  assert.equal(String(new nn.Softmax({ dim: 1 })), String(new nn.Softmax(1)))
  assert.deepEqual(F.maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2, 2).toList(), [[[[4]]]])
  coded('OPTION_INVALID', () => new nn.Conv2d(1, 2, 3, { strides: 2 } as never))
  coded('OPTION_INVALID', () => new nn.Conv2d(1, 2, 3, 2, { stride: 2 } as never))
  coded('OPTION_INVALID', () => new (nn.ReLU as unknown as new (...args: unknown[]) => nn.ReLU)(true, 1))
})

testEager('dropout keeps the mean and is still in evaluation', () => {
  const drop = new nn.Dropout(0.25)
  const x = ones([1000])
  const y = drop(x)
  const kept = (y.toList() as number[]).filter((v) => v !== 0)
  assert.ok(kept.length > 690 && kept.length < 810)
  assert.ok(kept.every((v) => Math.abs(v - 4 / 3) < 1e-6))
  assert.equal(drop.eval()(x), x)
  const channels = new nn.Dropout2d(0.5)(ones([4, 8, 3, 3]))
  for (const image of channels.toList() as number[][][][]) for (const plane of image) assert.equal(new Set(plane.flat()).size, 1)
})
