/** Quantized operators of the eager door against PyTorch 2.13: tests/golden/quantized-ops.json, in every tier. */
import assert from 'node:assert/strict'
import { OctavoError } from '../../src/errors.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import { convSums, linearSums, requantized, type Geometry, type Product } from '../reference/torch-quantized.js'
import { casesOf, compare, golden, inputsOf, label, Tally } from '../golden/quantized.js'
import { testEager } from '../support/eager.js'
import { isCompared, ONE_STEP, outcomeOf, rowOf, RUN, runCase } from '../support/quantized-cases.js'

/** Every case of these operators gives PyTorch's elements, shape and parameters, or codes one step away where ONE_STEP says why. */
function check(name: string, ...ops: string[]): void {
  const tally = new Tally()
  for (const c of casesOf(...ops).filter(isCompared)) {
    const { equal, close, what } = outcomeOf(c)
    tally.add(rowOf(c), equal || (c.op in ONE_STEP && close), () => `${what}: ${label(c)}`)
  }
  tally.check(name)
  for (const op of ops) assert.ok(casesOf(op).some(isCompared), `no case of ${op}`)
}

testEager('quantize, dequantize, fake-quantize', () => check('quantize', 'quantize_per_tensor', 'quantize_per_channel', 'dequantize', 'fake_quantize_per_tensor_affine', 'fake_quantize_per_channel_affine'))

testEager('linear and convolutions', () => check('products', 'linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d'))

testEager('dynamic linear', () => check('dynamic', 'linear_dynamic'))

testEager('addition, multiplication, concatenation', () => check('elementwise', 'add', 'mul', 'add_scalar', 'mul_scalar', 'cat'))

testEager('activations', () => check('activations', 'relu', 'relu6', 'hardtanh', 'clamp', 'leaky_relu', 'elu', 'celu', 'hardswish', 'hardsigmoid', 'sigmoid', 'sigmoid_out', 'tanh', 'gelu', 'threshold', 'prelu', 'softmax'))

testEager('pools and interpolation', () => check('pools', 'max_pool1d', 'max_pool2d', 'avg_pool2d', 'avg_pool3d', 'adaptive_avg_pool2d', 'adaptive_avg_pool3d', 'mean', 'interpolate_nearest', 'interpolate_bilinear'))

testEager('normalisation, sampling, matrix products', () => check('norms', 'batch_norm2d', 'layer_norm', 'group_norm', 'instance_norm', 'grid_sample', 'matmul'))

testEager('embeddings', () => check('embeddings', 'quantize_float_qparams', 'embedding_byte', 'embedding_4bit', 'embedding_bag_byte', 'embedding_bag_4bit'))

testEager('every operator of the cases is run', () => {
  assert.deepEqual([...new Set(golden.cases.map((c) => c.op))].filter((op) => !(op in RUN)), [])
})

testEager('what PyTorch refuses is refused, with a code', () => {
  let refused = 0
  for (const c of golden.cases) {
    if (c.y) continue
    if (c.inputs['x']?.dtype === 'qint8' && c.engine === 'qnnpack') continue // a build with XNNPACK takes these, and so does ours
    if (c.error!.includes('pytorch_qnnp_status_success')) continue // limits of QNNPACK's kernels, which ours do not have
    assert.throws(() => runCase(c), OctavoError, label(c))
    refused++
  }
  assert.ok(refused >= 15, `${refused} refusals`)
})

/** FBGEMM adds pairs of products in 16 bits where the processor has no VNNI, and in its depthwise kernels always; sums here are exact, as with VNNI. */
testEager('codes above 127: ours stays exact where FBGEMM saturates', () => {
  const cases = golden.cases.filter((c) => c['saturates'])
  assert.ok(cases.length >= 8)
  for (const c of cases) {
    const { x, w } = inputsOf(c)
    const p: Product = { x: x!, w: w!, relu: false, scale: c['scale'] as number, zero: c['zero'] as number }
    const filters = w!.dims[0]!
    const linear = c.op === 'linear'
    const sums = linear ? linearSums(p) : convSums(p, c as unknown as Geometry).sums
    const inner = linear ? 1 : sums.length / filters
    const exact = sums.map((sum, i) => requantized(p, 'fbgemm', sum, Math.floor(i / inner) % filters))
    assert.deepEqual(Array.from((runCase(c) as Tensor).toArray() as ArrayLike<number>), exact, label(c))
    assert.ok(compare(exact, c.y!).different > 0, `PyTorch does not saturate here: ${label(c)}`)
  }
})
