/** torch.ao.nn.quantized.functional and torch.ops.quantized: the same codes as the packed operators, their defaults, and what they refuse. */
import assert from 'node:assert/strict'
import { fromArray } from '../../../src/autograd/create.js'
import { quantizedBackend } from '../../../src/autograd/quantized/engine.js'
import * as ops from '../../../src/autograd/quantized/ops.js'
import { makePerChannelQuantizedTensor, qScale, qZeroPoint, quantizePerTensor } from '../../../src/autograd/quantized/quantize.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import * as F from '../../../src/nn/quantized/functional.js'
import { coded } from '../../support/errors.js'
import { testEager } from '../../support/eager.js'

const ramp = (shape: number[], step: number): Tensor => fromArray(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 101) * step - 40 * step), shape)
const weight = (shape: number[]): Tensor => makePerChannelQuantizedTensor(
  fromArray(Int8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 29) % 200) - 100), shape), Array.from({ length: shape[0]! }, (_, c) => 0.01 + c * 0.001), new Array<number>(shape[0]!).fill(0), 0)
const codes = (t: Tensor): number[] => Array.from(t.toArray() as ArrayLike<number>)

testEager('conv2d and linear pack for the engine of the moment, once', () => {
  const x = quantizePerTensor(ramp([1, 3, 6, 6], 0.02), 0.02, 40, 'quint8')
  const [w, b] = [weight([4, 3, 3, 3]), ramp([4], 0.1)]
  for (const engine of ['fbgemm', 'qnnpack', 'x86', 'onednn'] as const) {
    quantizedBackend.engine = engine
    const packed = ops.conv2dPrepack(w, b, [2, 2], [1, 1], [1, 1], 1)
    const y = F.conv2d(x, w, b, 2, 1, { scale: 0.3, zeroPoint: 7 })
    assert.deepEqual(codes(y), codes(ops.conv2d(x, packed, 0.3, 7)), engine)
    assert.deepEqual(codes(F.conv2d(x, w, b, 2, 1, { scale: 0.3, zeroPoint: 7 })), codes(y), `${engine} again`)
    assert.equal(y.memoryFormat, 'channels_last')
  }
  quantizedBackend.engine = 'fbgemm'
  const rows = quantizePerTensor(ramp([2, 5], 0.02), 0.02, 40, 'quint8')
  const y = F.linear(rows, weight([3, 5]))
  assert.deepEqual([qScale(y), qZeroPoint(y)], [0.02, 40])
  assert.deepEqual(codes(y), codes(ops.linear(rows, ops.linearPrepack(weight([3, 5])), 0.02, 40)))
})

testEager('packed weights keep the engine they were packed for', () => {
  const x = quantizePerTensor(ramp([3, 8], 0.05), 0.05, 60, 'quint8')
  quantizedBackend.engine = 'qnnpack'
  const packed = ops.linearPrepack(weight([6, 8]), ramp([6], 0.01))
  const before = codes(ops.linear(x, packed, 0.07, 20))
  quantizedBackend.engine = 'fbgemm'
  assert.equal(packed.arithmetic, 'qnnpack')
  assert.deepEqual(codes(ops.linear(x, packed, 0.07, 20)), before)
})

testEager('a weight that is written is packed anew', () => {
  quantizedBackend.engine = 'fbgemm'
  const x = quantizePerTensor(ramp([1, 4], 0.05), 0.05, 60, 'quint8')
  const w = weight([2, 4])
  const before = codes(F.linear(x, w))
  w.elements().fill(1 as never)
  w.touch()
  assert.notDeepEqual(codes(F.linear(x, w)), before)
})

testEager('upsampling by its older names, and floats refused', () => {
  const x = quantizePerTensor(ramp([1, 2, 3, 4], 0.02), 0.02, 0, 'quint8')
  assert.deepEqual(codes(F.upsampleNearest(x, { scaleFactor: 2 })), codes(F.interpolate(x, { scaleFactor: 2, mode: 'nearest' })))
  assert.deepEqual(codes(F.upsampleBilinear(x, { size: [5, 7] })), codes(F.upsample(x, { size: [5, 7], mode: 'bilinear', alignCorners: true })))
  assert.notDeepEqual(codes(F.upsampleBilinear(x, { size: [5, 7] })), codes(F.interpolate(x, { size: [5, 7], mode: 'bilinear' })))
  const float = ramp([1, 2, 4, 4], 0.02)
  for (const refused of [() => F.avgPool2d(float, 2), () => F.maxPool2d(float, 2), () => F.adaptiveAvgPool2d(float, 1), () => F.interpolate(float, { scaleFactor: 2 }), () => F.hardswish(float, 1, 0), () => F.clamp(float, 0, 1)])
    coded('DTYPE_MISMATCH', refused)
})

testEager('refusals', () => {
  const x = quantizePerTensor(ramp([1, 3, 4, 4], 0.02), 0.02, 0, 'quint8')
  const w = weight([4, 3, 3, 3])
  quantizedBackend.engine = 'fbgemm'
  const packed = ops.conv2dPrepack(w, null, [1, 1], [0, 0], [1, 1], 1)
  coded('ENGINE_UNKNOWN', () => { quantizedBackend.engine = 'mkl' as never })
  coded('DTYPE_MISMATCH', () => F.conv2d(ramp([1, 3, 4, 4], 1), w, null))
  coded('QPARAMS_INVALID', () => ops.conv2d(x, packed, 0, 0))
  coded('QPARAMS_INVALID', () => ops.conv2d(x, packed, 1, 300))
  coded('SHAPE_MISMATCH', () => ops.conv1d(x, packed, 1, 0))
  coded('OPTION_INVALID', () => F.conv2d(x, w, null, { paddingMode: 'reflect' as never }))
  coded('SHAPE_MISMATCH', () => F.linear(quantizePerTensor(ramp([2, 6], 1), 1, 0, 'quint8'), weight([3, 5])))
  coded('QPARAMS_INVALID', () => ops.convTranspose2dPrepack(weight([4, 3, 3, 3]), null, [1, 1], [0, 0], [0, 0], [1, 1], 1))
  coded('QPARAMS_INVALID', () => quantizePerTensor(ramp([2], 1), 0.1, 256, 'quint8'))
  coded('DTYPE_MISMATCH', () => ops.add(x, quantizePerTensor(ramp([1, 3, 4, 4], 1), 1, 0, 'qint8'), 1, 0))
  quantizedBackend.engine = 'qnnpack'
  coded('QPARAMS_INVALID', () => ops.add(x, x, 1e6, 0))
  quantizedBackend.engine = 'none'
  coded('ENGINE_UNKNOWN', () => F.linear(x, weight([3, 4])))
  quantizedBackend.engine = 'fbgemm'
})
