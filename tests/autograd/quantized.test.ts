/** Quantized operators of the eager door against PyTorch 2.13: tests/golden/quantized-ops.json, in every tier. */
import assert from 'node:assert/strict'
import { fromArray } from '../../src/autograd/create.js'
import { quantizedBackend, type QEngine } from '../../src/autograd/quantized/engine.js'
import { conv, convPrepack, linear, linearDynamic, linearPrepack } from '../../src/autograd/quantized/products.js'
import { dequantize, fakeQuantizeBackward, fakeQuantizePerChannelAffineCachemask, fakeQuantizePerTensorAffineCachemask, makePerChannelQuantizedTensor, makePerTensorQuantizedTensor, quantizePerChannel, quantizePerTensor } from '../../src/autograd/quantized/quantize.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import { OctavoError } from '../../src/errors.js'
import { casesOf, compare, inputsOf, label, Tally, type Case, type Operand } from '../golden/quantized.js'
import { testEager } from '../support/eager.js'

/** An operand as a tensor, in the memory format it had. */
function tensorOf({ data, dims, dtype, scale, zero, axis, last }: Operand): Tensor {
  const plain = fromArray(data, dims)
  if (dtype === 'float32') return plain
  const t = axis === undefined ? makePerTensorQuantizedTensor(plain, scale as number, zero as number) : makePerChannelQuantizedTensor(plain, scale as number[], zero as number[], axis)
  return last ? t.contiguous(t.ndim === 4 ? 'channels_last' : 'channels_last_3d') : t
}

type Run = (t: Record<string, Tensor>, c: Case) => Tensor | ArrayLike<number>
const number = (c: Case, name: string): number => c[name] as number
const list = (c: Case, name: string): number[] => c[name] as number[]
const geometry = (c: Case) => ({ stride: list(c, 'stride'), padding: list(c, 'padding'), outputPadding: c['outputPadding'] as number[] | undefined, dilation: list(c, 'dilation'), groups: number(c, 'groups') })
const both = (...tensors: Tensor[]): ArrayLike<number> => tensors.flatMap((t) => Array.from(t.toArray() as ArrayLike<number>))
const convolution = (transpose: boolean): Run => ({ x, w, b }, c) => conv(x!, convPrepack(w!, b, geometry(c), transpose), number(c, 'scale'), number(c, 'zero'), c['relu'] === true)

const RUN: Record<string, Run> = {
  quantize_per_tensor: ({ x }, c) => quantizePerTensor(x!, number(c, 'scale'), number(c, 'zero'), c['dtype'] as never),
  quantize_per_channel: ({ x }, c) => quantizePerChannel(x!, list(c, 'scale'), list(c, 'zero'), number(c, 'axis'), c['dtype'] as never),
  dequantize: ({ x }) => dequantize(x!),
  fake_quantize_per_tensor_affine: ({ x, dy }, c) => {
    const { values, mask } = fakeQuantizePerTensorAffineCachemask(x!, number(c, 'scale'), number(c, 'zero'), number(c, 'lo'), number(c, 'hi'))
    return both(values, fakeQuantizeBackward(dy!, mask))
  },
  fake_quantize_per_channel_affine: ({ x, dy }, c) => {
    const { values, mask } = fakeQuantizePerChannelAffineCachemask(x!, list(c, 'scale'), list(c, 'zero'), number(c, 'axis'), number(c, 'lo'), number(c, 'hi'))
    return both(values, fakeQuantizeBackward(dy!, mask))
  },
  linear: ({ x, w, b }, c) => linear(x!, linearPrepack(w!, b), number(c, 'scale'), number(c, 'zero'), c['relu'] === true),
  linear_dynamic: ({ x, w, b }, c) => linearDynamic(x!, linearPrepack(w!, b), c['reduceRange'] === true, c['relu'] === true),
  conv1d: convolution(false), conv2d: convolution(false), conv3d: convolution(false),
  conv_transpose1d: convolution(true), conv_transpose2d: convolution(true),
}

/** Runs every case of these operators; equal means every element, and the result's shape and parameters. */
function check(tally: Tally, ...ops: string[]): void {
  for (const c of casesOf(...ops)) {
    if (c['wrong']) continue
    quantizedBackend.engine = (c.engine ?? 'fbgemm') as QEngine
    const inputs = Object.fromEntries(Object.entries(inputsOf(c)).map(([name, o]) => [name, tensorOf(o)]))
    const run = (): Tensor | ArrayLike<number> => RUN[c.op]!(inputs, c)
    const row = `${c.op} ${c.engine ?? ''}`.trim()
    if (!c.y) {
      if (c.inputs['x']!.dtype === 'qint8') continue // PyTorch with XNNPACK, which this build had not, takes these
      assert.throws(run, OctavoError, label(c))
      continue
    }
    try {
      const y = run()
      const plain = 'storage' in y ? (y.toArray() as ArrayLike<number>) : y
      const { different, most, first } = compare(plain, c.y)
      const same = !('storage' in y) || (`${y.shape}` === `${c.y.dims}` && y.dtype === c.y.dtype && (typeof c.y.scale !== 'number' || (y.quantizer?.qscheme === 'per_tensor_affine' && y.quantizer.scale === c.y.scale && y.quantizer.zeroPoint === c.y.zero)))
      tally.add(row, different === 0 && same, () => `${different} of ${plain.length}, ${most} at most, first ${first}, ${same}: ${label(c)}`)
    } catch (error) {
      tally.add(row, false, () => `${(error as Error).message}: ${label(c)}`)
    }
  }
}

testEager('quantize, dequantize, fake-quantize', () => {
  const tally = new Tally()
  check(tally, 'quantize_per_tensor', 'quantize_per_channel', 'dequantize', 'fake_quantize_per_tensor_affine', 'fake_quantize_per_channel_affine')
  tally.check('quantize', { quantize_per_tensor: 100 })
})

testEager('linear and convolutions', () => {
  const tally = new Tally()
  check(tally, 'linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d')
  tally.check('products', { 'linear fbgemm': 40 })
})

testEager('dynamic linear', () => {
  const tally = new Tally()
  check(tally, 'linear_dynamic')
  tally.check('dynamic')
})
