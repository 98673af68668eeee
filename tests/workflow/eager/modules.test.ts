/** Single modules observed, calibrated and converted, against PyTorch 2.13: tests/golden/quantized-modules.json. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromArray, ones } from '../../../src/autograd/create.js'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import { quantizePerTensor } from '../../../src/autograd/quantized/quantize.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import * as nn from '../../../src/entry/torch/nn.js'
import * as nnq from '../../../src/entry/torch/nn/quantized.js'
import * as q from '../../../src/entry/torch/quantization.js'
import { eachTier } from '../../quantization/golden.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { equal, stateOf, tensorOf, type Plain } from '../../support/plain.js'

interface Functionals { engine: QEngine; batches: Plain[][]; prepared: Record<string, Plain>; state: Record<string, Plain>; repr: string; float: string; y: Plain[] }
const golden = JSON.parse(readFileSync('tests/golden/quantized-modules.json', 'utf8')) as { functionals: Functionals[] }

class Functionals extends nn.Module<[Tensor, Tensor], Tensor[]> {
  quant = new q.QuantStub()
  sum = new nnq.FloatFunctional()
  scaled = new nnq.FloatFunctional()
  joined = new nnq.FloatFunctional()
  clipped = new nnq.FloatFunctional()
  product = new nnq.FloatFunctional()

  forward(first: Tensor, second: Tensor): Tensor[] {
    const [x, y] = [this.quant(first), this.quant(second)]
    const total = this.sum.add(x, y)
    return [
      total, this.scaled.mul(x, total), this.joined.cat([x, total], 1), this.clipped.addRelu(x, y), this.product.matmul(x, y),
      this.sum.addScalar(x, 0.5), this.sum.addScalar(x, -9), this.sum.mulScalar(x, -1.5), this.sum.mulScalar(x, 0.25),
    ]
  }
}

/** What convert() makes of a prepared model as calibrated here agrees with what it makes from PyTorch's ranges, which float layers' order of sums may move in their last bits. */
function convertedFrom<M extends nn.Module>(prepared: M, ranges: Record<string, Plain>, where: string): M {
  assert.deepEqual([...prepared.stateDict().keys()].sort(), Object.keys(ranges).sort(), where)
  const own = q.convert(prepared)
  prepared.loadStateDict(stateOf(ranges))
  const made = q.convert(prepared)
  for (const [key, value] of made.stateDict())
    if (key.endsWith('scale')) assert.ok(Math.abs((own.stateDict().get(key) as Tensor).item() / (value as Tensor).item() - 1) < 1e-6, `${where} ${key}`)
  return made
}

testEager('FloatFunctional becomes QFunctional with the codes of PyTorch', () => eachTier(() => {
  let results = 0
  for (const c of golden.functionals) {
    quantizedBackend.engine = c.engine
    const model = new Functionals().eval()
    assert.equal(String(model), c.float)
    model.qconfig = q.getDefaultQConfig(c.engine)
    const prepared = q.prepare(model)
    for (const [x, y] of c.batches.slice(0, 2)) prepared(tensorOf(x!), tensorOf(y!))
    const made = convertedFrom(prepared, c.prepared, c.engine)
    assert.equal(String(made), c.repr)
    const state = made.stateDict()
    assert.deepEqual([...state.keys()], Object.keys(c.state))
    for (const [key, value] of state) equal(value as Tensor, c.state[key]!, `${c.engine} ${key}`)
    const run = (m: Functionals): Tensor[] => m(tensorOf(c.batches[2]![0]!), tensorOf(c.batches[2]![1]!))
    const ys = run(made)
    ys.forEach((y, i) => equal(y, c.y[i]!, `${c.engine} result ${i}`))
    results += ys.length
    const again = q.convert(prepared)
    ;(again.sum as unknown as nnq.QFunctional).scale = 3
    again.loadStateDict(state)
    assert.deepEqual(run(again).map((y) => y.toArray()), ys.map((y) => y.toArray()))
  }
  console.log(`functionals: ${results}/${results} results equal PyTorch's`)
}))

testEager('functionals: what is refused, and what is left alone', () => {
  const functional = new nnq.FloatFunctional()
  coded('MODULE_INVALID', () => functional.forward())
  coded('MODULE_INVALID', () => new nnq.QFunctional().forward())
  coded('MODULE_INVALID', () => nnq.QFunctional.fromFloat(functional))
  coded('MODULE_INVALID', () => nnq.QFunctional.fromFloat(new nnq.FXFloatFunctional() as never))
  coded('DTYPE_MISMATCH', () => new nnq.QFunctional().add(ones([2]), ones([2])))
  const state = new nnq.QFunctional().stateDict()
  coded('STATE_DICT_MISMATCH', () => new nnq.QFunctional().loadStateDict({ scale: state.get('scale') }))
  coded('STATE_DICT_MISMATCH', () => new nnq.QFunctional().loadStateDict({ scale: ones([2]), zero_point: state.get('zero_point') }))
  coded('STATE_DICT_MISMATCH', () => new nnq.QFunctional().loadStateDict({ scale: state.get('scale'), zero_point: state.get('zero_point'), bias: ones([1]) }))
  const plain = new nnq.FXFloatFunctional()
  assert.equal(String(plain), 'FXFloatFunctional()')
  assert.deepEqual(plain.addRelu(fromArray(Float32Array.of(-3, 1)), ones([2])).toList(), [0, 2])
  class Skip extends nn.Module<[Tensor], Tensor> {
    skip = new nnq.FloatFunctional()
    forward(x: Tensor): Tensor { return this.skip.add(x, x) }
  }
  const skip = new Skip()
  skip.qconfig = q.getDefaultQConfig('fbgemm')
  skip.skip.qconfig = null
  const made = q.convert(q.prepare(skip))
  assert.ok(made.skip instanceof nnq.FloatFunctional)
  assert.equal(String(made), String(skip))
  skip.skip.qconfig = skip.qconfig
  const again = q.convert((([m, x]) => (m(x), m))([q.prepare(skip), ones([2])] as [Skip, Tensor]))
  assert.equal(again(quantizePerTensor(ones([2]), 0.1, 0, 'quint8')).dtype, 'quint8')
})
