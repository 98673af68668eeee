/** Optimizers and schedules against PyTorch 2.13 (tests/golden/optim.json), in every tier of the training module. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromArray } from '../../../src/autograd/create.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import * as optim from '../../../src/entry/torch/optim.js'
import { Parameter } from '../../../src/nn/parameter.js'
import { Tally, eachTier, sha } from '../../quantization/golden.js'
import { coded } from '../../support/errors.js'
import { testEager } from '../../support/eager.js'
import { random } from '../../tiers/harness.js'

interface Case { kind: 'SGD'; options: Record<string, unknown>; count: number; scale: number; steps: Record<string, string>[]; group: Record<string, unknown> }
const golden = JSON.parse(readFileSync('tests/golden/optim.json', 'utf8')) as { cases: Case[]; schedules: { name: string; args: never[]; rates: number[][] }[] }

/** What optim.py calls data(). */
function data(seed: number, count: number, scale: number): Tensor {
  const next = random(seed)
  return fromArray(Float32Array.from({ length: count }, () => (next() / 2 ** 32 - 0.5) * scale))
}
const grad = (p: Parameter, g: Tensor | null): void => void ((p as { grad?: Tensor | null }).grad = g)
const camel = (options: Record<string, unknown>) => Object.fromEntries(Object.entries(options).map(([k, v]) => [k.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()), v]))
const make = ({ kind, options }: Case, p: Parameter): optim.Optimizer<never> => new optim[kind]([p], camel(options) as never) as never
const states = (p: Parameter, o: optim.Optimizer<never>) => Object.fromEntries([['param', sha(p.toArray())], ...Object.entries(o.stateDict().state.get(0) ?? {}).map(([k, v]) => [k, sha(v.toArray())])]) as Record<string, string>

testEager('optimizers step as PyTorch does, to the bit, resumed in the middle too', () => eachTier(({ tier }) => {
  const tally = new Tally()
  for (const c of golden.cases) {
    let p = new Parameter(data(11, c.count, 1))
    let o = make(c, p)
    c.steps.forEach((step, i) => {
      if (i === 3) {
        const q = new Parameter(p.clone())
        const other = make({ ...c, options: {} }, q)
        other.loadStateDict(o.stateDict())
        ;[p, o] = [q, other]
      }
      grad(p, data(100 + i, c.count, c.scale))
      o.step()
      const got = states(p, o)
      tally.add(c.kind, Object.keys(step).every((k) => got[k] === step[k]) && Object.keys(got).length === Object.keys(step).length, () => `${JSON.stringify(c.options)} ${c.count} step ${i}: ${JSON.stringify(got)} ${JSON.stringify(step)}`)
    })
    assert.deepEqual(JSON.parse(JSON.stringify(o.stateDict().param_groups[0])), c.group)
  }
  tally.check(tier, { SGD: 100 })
}))

test('schedules give the rates that PyTorch gives', () => {
  for (const { name, args, rates } of golden.schedules) {
    const o = new optim.SGD([{ params: [new Parameter(data(1, 1, 1))] }, { params: [new Parameter(data(1, 1, 1))], lr: 0.3 }], 0.1)
    const given = name === 'LambdaLR' ? [(e: number) => Number(args[0]) ** e] : args
    const s = new (optim as unknown as Record<string, new (...a: unknown[]) => optim.LRScheduler>)[name]!(o, ...given)
    for (const [i, expected] of rates.entries()) {
      s.getLastLr().forEach((lr, g) => assert.ok(Math.abs(lr - expected[g]!) <= 1e-13 * Math.abs(expected[g]!) + 1e-17, `${name} ${String(args)} step ${i}: ${lr}, expected ${expected[g]}`))
      s.step()
    }
  }
})

test('optimizers refuse what does not belong to them', () => eachTier(() => {
  const [p, q] = [new Parameter(data(1, 4, 1)), new Parameter(data(1, 5, 1))]
  const [a, b] = [new optim.SGD([p], 0.1, 0.9), new optim.SGD([q], 0.1, 0.9)]
  grad(p, data(2, 4, 1))
  a.step()
  coded('STATE_DICT_MISMATCH', () => b.loadStateDict(a.stateDict()))
  coded('STATE_DICT_MISMATCH', () => new optim.SGD([p], 0.1).loadStateDict({ ...a.stateDict(), param_groups: new optim.SGD([p], 0.1).stateDict().param_groups }))
  coded('STATE_DICT_MISMATCH', () => new optim.SGD([p, q], 0.1).loadStateDict(a.stateDict()))
  assert.equal(b.state.size, 0)
  coded('OPTION_INVALID', () => new optim.SGD([], 0.1))
  coded('OPTION_INVALID', () => new optim.SGD([p, p], 0.1))
  coded('OPTION_INVALID', () => new optim.SGD([p], { lr: 0.1, nesterov: true }))
  grad(p, data(2, 5, 1))
  coded('SHAPE_MISMATCH', () => a.step())
}))
