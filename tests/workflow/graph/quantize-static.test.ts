import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { Tensor } from '../../../src/value.js'
import { noise } from '../../graph/passes/small-graph.js'
import { DATA, skipWithoutData } from '../../support/data.js'
import { batchesFor, quantize, quantizeUnwritten, refuses, runFloat, smallModel, sqnr } from './small-model.js'

const CONV = smallModel({ x: ['N', 3, 8, 8] }, { w: noise([6, 3, 3, 3], 1, 2), b: noise([6], 1, 3), v: noise([5, 6], 1, 4), c: noise([5], 1, 5) }, [
  ['Conv', 'x w b', 'y', { kernel_shape: [3, 3] }], ['Relu', 'y', 'z'], ['GlobalAveragePool', 'z', 'p'], ['Flatten', 'p', 'f'], ['Gemm', 'f v c', 'out', { transB: 1 }],
], 'out')

test('a small network runs on codes from end to end, close to the float one', async () => {
  for (const calibrateMethod of ['minmax', 'histogram'] as const) {
    const made = await quantize(CONV, { calibrateMethod })
    const [feeds] = batchesFor(CONV, 1) as [ReturnType<typeof batchesFor>[number]]
    assert.equal(made.ops, 'Conv GlobalAveragePool Flatten Gemm')
    assert.equal(made.planned(feeds), 'QuantizeLinear QLinearConv com.microsoft:QLinearGlobalAveragePool Flatten com.microsoft:QGemm')
    assert.ok(sqnr(runFloat(CONV, feeds), made.run(feeds)) > 25)
    assert.deepEqual(made.graph.inputs, CONV.graph.inputs, 'the batch stays open')
  }
})

const models = [['mnist-cntk', 'Input3', [1, 1, 28, 28]], ['resnet20-cifar10', 'input', [2, 3, 32, 32]]] as const

for (const [name, input, dims] of models)
  test(`${name} is quantized, and its file gives the bits of the graph that was never written`, { skip: skipWithoutData }, async () => {
    const bytes = new Uint8Array(readFileSync(join(DATA!, 'models/onnx-float', `${name}.onnx`)))
    const model = { graph: decodeModel(bytes), bytes }
    const batches = [1, 2, 3].map((seed) => ({ [input]: noise(dims, 1, seed) }))
    for (const calibrateMethod of ['minmax', 'histogram'] as const) {
      const made = await quantize(model, { calibrateMethod }, batches)
      assert.ok(made.report.layers.every((l) => l.quantized), JSON.stringify(made.report.layers.filter((l) => !l.quantized)))
      assert.ok(sqnr(runFloat(model, batches[0]!), made.run(batches[0]!)) > 12)
      const unwritten = await quantizeUnwritten(model, { calibrateMethod }, batches)
      for (const batch of batches) assert.deepEqual(made.run(batch), unwritten(batch))
    }
  })

test('what is wrong with data or model is said before or while calibrating', async () => {
  await refuses(quantize(CONV, {}, []), 'CALIBRATION_INVALID', /no batches/)
  await refuses(quantize(CONV, {}, [{ x: noise([1, 4, 8, 8]) }]), 'INPUT_MISMATCH', /axis 1/)
  await refuses(quantize(CONV, {}, [{}]), 'INPUT_MISSING', /"x"/)
  await refuses(quantize(CONV, {}, [{ x: new Tensor('float32', new Float32Array(192).fill(NaN), [1, 3, 8, 8]) }]), 'CALIBRATION_INVALID', /NaN/)
  const twice = await quantize(CONV)
  await refuses(quantize({ ...CONV, bytes: twice.model }), 'ALREADY_QUANTIZED', /QuantizeLinear/)
  await refuses(quantize(CONV, { signal: AbortSignal.abort() }), 'ABORTED', /abort/)
})
