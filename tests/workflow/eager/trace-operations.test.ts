/** Every layer and every quantized operator of the golden sets, traced: a session gives the bits of the eager door. */
import assert from 'node:assert/strict'
import { OctavoError } from '../../../src/errors.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import { decode, golden as layers, make } from '../../nn/golden.js'
import { golden, label } from '../../golden/quantized.js'
import { testEager } from '../../support/eager.js'
import { isCompared, runCase, tensorsOf } from '../../support/quantized-cases.js'
import { sameBits } from '../../support/traced.js'

/** Layers that read their inputs in the host (bags), or change what they hold (maxNorm). */
const REFUSALS: Readonly<Record<string, string>> = { EmbeddingBag: 'TRACE_INVALID', Embedding: 'TRACE_INVALID' }

testEager('layers', () => {
  let traced = 0
  const refused: string[] = []
  for (const c of layers.modules.filter((m) => !m.train)) {
    const layer = make(c.name, c.args).eval()
    layer.loadStateDict(decode(c.state) as Record<string, Tensor>)
    const where = `${c.name}(${JSON.stringify(c.args)})`
    try {
      sameBits(layer, [decode(c.inputs) as unknown[]], where)
      traced++
    } catch (error) {
      if (!(error instanceof OctavoError) || error.code !== REFUSALS[c.name]) throw new Error(where, { cause: error })
      refused.push(c.name)
    }
  }
  console.log(`${traced} layers traced, ${refused.length} refused (${[...new Set(refused)].join(', ')})`)
  assert.ok(traced > 100)
})

/** Operands that are activations; the others are weights. */
const ACTIVATIONS: Readonly<Record<string, readonly string[]>> = { add: ['a', 'b'], mul: ['a', 'b'], add_scalar: ['a'], mul_scalar: ['a'], matmul: ['a', 'b'], grid_sample: ['x', 'grid'] }
/** Their results are no tensors, or they have no activations. */
const OTHERS = /^(fake_quantize|embedding|quantize_float_qparams)/

testEager('quantized operators', () => {
  let traced = 0
  for (const c of golden.cases.filter((c) => isCompared(c) && !OTHERS.test(c.op))) {
    const all = tensorsOf(c)
    const names = c.op === 'cat' ? Object.keys(all) : ACTIVATIONS[c.op] ?? ['x']
    const run = (...given: Tensor[]): Tensor => runCase(c, { ...all, ...Object.fromEntries(names.map((name, i) => [name, given[i]!])) }) as Tensor
    sameBits(run, [names.map((name) => all[name]!)], label(c))
    traced++
  }
  console.log(`${traced} cases of quantized operators traced`)
  assert.ok(traced > 500)
})
