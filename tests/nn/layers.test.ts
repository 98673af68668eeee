import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as random from '../../src/autograd/random.js'
import { zeros } from '../../src/autograd/create.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import { OctavoError } from '../../src/errors.js'
import * as functional from '../../src/entry/torch/nn/functional.js'
import * as nn from '../../src/entry/torch/nn.js'
import { testEager } from '../support/eager.js'
import { decode, flat, golden, make, near, type ModuleCase } from './golden.js'

function check(c: ModuleCase): void {
  const where = `${c.name}(${JSON.stringify(c.args)})${c.train ? ' in training' : ''}${c.last ? ' channels-last' : ''}`
  const layer = make(c.name, c.args).train(c.train)
  layer.loadStateDict(decode(c.state) as Record<string, Tensor>)
  const inputs = decode(c.inputs) as unknown[]
  if (c.last) inputs[0] = (inputs[0] as Tensor).contiguous((inputs[0] as Tensor).ndim === 4 ? 'channels_last' : 'channels_last_3d')
  let out: unknown
  for (let i = 0; i < (c.times ?? 1); i++) out = layer(...inputs)
  const tensors = flat(out)
  assert.equal(tensors.length, c.outputs.length, where)
  c.outputs.forEach((expected, i) => near(tensors[i]!, expected, where, c.tol))
  assert.equal(String(layer), c.repr)
  assert.deepEqual([...layer.stateDict().keys()], Object.keys(c.state), where)
  for (const [key, value] of Object.entries(c.after ?? {})) near(layer.stateDict().get(key) as Tensor, value, `${where}: ${key}`)
}

/** Counts what holds, by layer, and fails with all that does not. */
function all<T extends { name: string }>(cases: readonly T[], body: (c: T) => void): string {
  const failures: string[] = []
  for (const c of cases)
    try {
      body(c)
    } catch (error) {
      failures.push(`${c.name}: ${(error as Error).message}`)
    }
  if (failures.length) assert.fail(`${failures.length} of ${cases.length} cases fail\n${failures.join('\n')}`)
  return `${cases.length} of ${cases.length} cases of PyTorch ${golden.torch}`
}

testEager('layers give what PyTorch gives', () => console.log(`layers: ${all(golden.modules, check)}`))

testEager('functions give what PyTorch gives', () => {
  console.log(`functions: ${all(golden.functions, (c) => {
    const f = (functional as unknown as Record<string, (...args: unknown[]) => unknown>)[c.name]
    assert.ok(f, `there is no function ${c.name}`)
    flat(f(...decode(c.args) as unknown[])).forEach((t, i) => near(t, c.outputs[i]!, `${c.name} ${JSON.stringify(c.args.at(-1)).slice(0, 200)}`, c.tol))
  })}`)
})

test('layers print as in PyTorch', () => {
  for (const { name, args, repr } of golden.reprs) assert.equal(String(make(name, args)), repr)
})

test('layers begin with the numbers of PyTorch, from the same seed', () => {
  for (const { seed, name, args, state, order } of golden.inits) {
    random.manualSeed(seed)
    const own = make(name, args).stateDict()
    assert.deepEqual([...own.keys()], order)
    for (const [key, value] of Object.entries(state)) near(own.get(key) as Tensor, value, `${name} ${key}`, name.startsWith('Embedding') ? 1e-6 : 0)
  }
})

test('random numbers are those of PyTorch', () => {
  const draw: Record<string, (argument: any) => Tensor> = {
    rand: (shape) => random.rand(shape), rand64: (shape) => random.rand(shape, { dtype: 'float64' }), randn: (shape) => random.randn(shape), randperm: (n) => random.randperm(n),
    randint: ([low, high, n]) => random.randint(low, high, [n]), uniform: ([from, to, n]) => random.uniform(zeros([n]), from, to), normal64: (shape) => random.randn(shape, { dtype: 'float64' }),
  }
  for (const { seed, draws } of golden.random) {
    random.manualSeed(seed)
    for (const [kind, argument, value] of draws) near(draw[kind]!(argument), value, `seed ${seed}: ${kind} ${argument as string}`, kind === 'randn' ? 1e-6 : kind === 'normal64' ? 1e-15 : 0)
  }
})

testEager('what PyTorch refuses is refused with a code', () => {
  all(golden.errors, ({ kind, name, args, inputs, train, python }) => {
    const call = (): unknown => {
      if (kind === 'function') return (functional as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...decode(args) as unknown[])
      const layer = make(name, args).train(train)
      return inputs && layer(...decode(inputs) as unknown[])
    }
    assert.throws(call, (e) => e instanceof OctavoError && e.code !== 'INTERNAL' || (console.error(e), false), `${name} ${JSON.stringify(args).slice(0, 100)}: PyTorch says "${python}"`)
  })
})

class Block extends nn.Module<[Tensor], Tensor> {
  convA = new nn.Conv2d(3, 4, 3)
  body = new nn.Sequential(new nn.BatchNorm2d(4), new nn.ReLU({ inplace: true }))
  many = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.Sequential(new nn.Tanh(), new nn.Tanh()), new nn.ReLU(), new nn.ReLU(), new nn.ReLU()])
  emptyList = new nn.ModuleList()
  forward(x: Tensor): Tensor { return this.body(this.convA(x)) }
}

test('names are those that Python code would have', () => {
  const block = new Block()
  assert.equal(String(block), golden.nested.repr)
  assert.deepEqual([...block.namedParameters()].map(([name]) => name), golden.nested.parameters)
  assert.deepEqual([...block.namedModules()].map(([name]) => name), golden.nested.modules)
  assert.deepEqual([...block.stateDict().keys()], golden.nested.state)
})
