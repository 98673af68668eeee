/** Cases of tests/golden/quantized-ops.json run by the eager door. */
import { fromArray } from '../../src/autograd/create.js'
import { adaptiveAvgPool, avgPool, maxPool } from '../../src/autograd/ops/pool.js'
import { gridSample } from '../../src/autograd/ops/grid.js'
import { interpolate } from '../../src/autograd/ops/resize.js'
import * as activations from '../../src/autograd/quantized/activations.js'
import * as elementwise from '../../src/autograd/quantized/elementwise.js'
import * as embeddings from '../../src/autograd/quantized/embedding.js'
import * as norms from '../../src/autograd/quantized/norms.js'
import { quantizedBackend, type QEngine } from '../../src/autograd/quantized/engine.js'
import { conv, convPrepack, linear, linearDynamic, linearPrepack } from '../../src/autograd/quantized/products.js'
import { dequantize, fakeQuantizeBackward, fakeQuantizePerChannelAffineCachemask, fakeQuantizePerTensorAffineCachemask, intRepr, makePerChannelQuantizedTensor, makePerTensorQuantizedTensor, quantizePerChannel, quantizePerTensor } from '../../src/autograd/quantized/quantize.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import { compare, inputsOf, type Case, type Operand } from '../golden/quantized.js'

/** An operand as a tensor, in the memory format it had. */
function tensorOf({ data, dims, dtype, scale, zero, axis, last }: Operand): Tensor {
  const plain = fromArray(data, dims)
  if (dtype === 'float32') return plain
  const t = axis === undefined ? makePerTensorQuantizedTensor(plain, scale as number, zero as number) : makePerChannelQuantizedTensor(plain, scale as number[], zero as number[], axis)
  return last ? t.contiguous(t.ndim === 4 ? 'channels_last' : 'channels_last_3d') : t
}

export type Run = (t: Record<string, Tensor>, c: Case) => Tensor | ArrayLike<number>
const number = (c: Case, name: string): number => c[name] as number
const list = (c: Case, name: string): number[] => c[name] as number[]
const values = (c: Case): Record<string, number> => c['values'] as Record<string, number>
const geometry = (c: Case) => ({ stride: list(c, 'stride'), padding: list(c, 'padding'), outputPadding: c['outputPadding'] as number[] | undefined, dilation: list(c, 'dilation'), groups: number(c, 'groups') })
const both = (...tensors: Tensor[]): ArrayLike<number> => tensors.flatMap((t) => Array.from(t.toArray() as ArrayLike<number>))
const average = (axes: number, x: Tensor, c: Case): Tensor => avgPool(axes, x, list(c, 'kernel'), {
  stride: list(c, 'stride'), padding: list(c, 'padding'), ceilMode: c['ceil'] === true, countIncludePad: c['include'] === true, divisorOverride: (c['divisor'] as number | undefined) ?? null,
})
const rowsOf = (w: Tensor, c: Case): Tensor => embeddings.quantizeRows(w, list(c, 'scales'), list(c, 'zeros'), c['bits'] === 4 ? 'quint4x2' : 'quint8')
const int64 = (values: number[]): Tensor => fromArray(BigInt64Array.from(values, BigInt))
const idsOf = (c: Case): Tensor => int64(list(c, 'indices'))
const bag = (w: Tensor, perSampleWeights: Tensor | undefined, c: Case): Tensor =>
  embeddings.embeddingBag(embeddings.embeddingPrepack(rowsOf(w, c)), idsOf(c), { offsets: int64(list(c, 'offsets')), perSampleWeights, includeLastOffset: c['include'] === true })
const convolution = (transpose: boolean): Run => ({ x, w, b }, c) => conv(x!, convPrepack(w!, b, geometry(c), transpose), number(c, 'scale'), number(c, 'zero'), c['relu'] === true)

export const RUN: Record<string, Run> = {
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
  add: ({ a, b }, c) => elementwise.add(a!, b!, number(c, 'scale'), number(c, 'zero'), c['relu'] === true),
  mul: ({ a, b }, c) => elementwise.mul(a!, b!, number(c, 'scale'), number(c, 'zero'), c['relu'] === true),
  add_scalar: ({ a }, c) => elementwise.addScalar(a!, number(c, 'value'), c['relu'] === true),
  mul_scalar: ({ a }, c) => elementwise.mulScalar(a!, number(c, 'value'), c['relu'] === true),
  cat: (t, c) => elementwise.cat(Object.values(t), number(c, 'axis'), number(c, 'scale'), number(c, 'zero'), c['relu'] === true),
  relu: ({ x }) => x!.relu(), relu6: ({ x }) => activations.relu6(x!), sigmoid: ({ x }) => x!.sigmoid(), tanh: ({ x }) => x!.tanh(),
  hardsigmoid: ({ x }) => activations.hardsigmoid(x!), gelu: ({ x }) => activations.gelu(x!),
  hardtanh: ({ x }, c) => activations.hardtanh(x!, values(c)['lo'], values(c)['hi']), clamp: ({ x }, c) => x!.clamp(values(c)['lo'], values(c)['hi']),
  threshold: ({ x }, c) => activations.threshold(x!, values(c)['lo']!, values(c)['hi']!),
  leaky_relu: ({ x }, c) => activations.leakyRelu(x!, values(c)['scale']!, values(c)['zero']!, values(c)['slope']!),
  elu: ({ x }, c) => activations.elu(x!, values(c)['scale']!, values(c)['zero']!, values(c)['alpha']!),
  celu: ({ x }, c) => activations.celu(x!, values(c)['scale']!, values(c)['zero']!, values(c)['alpha']!),
  hardswish: ({ x }, c) => activations.hardswish(x!, values(c)['scale']!, values(c)['zero']!),
  sigmoid_out: ({ x }, c) => activations.sigmoid(x!, values(c)['scale'], values(c)['zero']),
  prelu: ({ x, w }, c) => activations.prelu(x!, w!, number(c, 'scale'), number(c, 'zero')),
  softmax: ({ x }, c) => activations.softmax(x!, number(c, 'axis'), number(c, 'scale'), number(c, 'zero')),
  max_pool1d: ({ x }, c) => maxPool(1, x!, list(c, 'kernel'), { stride: list(c, 'stride'), padding: list(c, 'padding') }),
  max_pool2d: ({ x }, c) => maxPool(2, x!, list(c, 'kernel'), { stride: list(c, 'stride'), padding: list(c, 'padding') }),
  avg_pool2d: ({ x }, c) => average(2, x!, c), avg_pool3d: ({ x }, c) => average(3, x!, c),
  adaptive_avg_pool2d: ({ x }, c) => adaptiveAvgPool(2, x!, list(c, 'output')), adaptive_avg_pool3d: ({ x }, c) => adaptiveAvgPool(3, x!, list(c, 'output')),
  mean: ({ x }, c) => x!.mean(list(c, 'axes'), c['keepdim'] === true),
  interpolate_nearest: ({ x }, c) => interpolate(x!, { size: list(c, 'size') }),
  interpolate_bilinear: ({ x }, c) => interpolate(x!, { size: list(c, 'size'), mode: 'bilinear', alignCorners: c['align'] === true }),
  batch_norm2d: ({ x, w, b, mean, var: variance }, c) => norms.batchNorm(x!, { weight: w!, bias: b!, runningMean: mean!, runningVar: variance!, eps: number(c, 'eps') }, number(c, 'scale'), number(c, 'zero'), c['relu'] === true),
  layer_norm: ({ x, w, b }, c) => norms.layerNorm(x!, list(c, 'normalized'), w, b, number(c, 'eps'), number(c, 'scale'), number(c, 'zero')),
  group_norm: ({ x, w, b }, c) => norms.groupNorm(x!, number(c, 'groups'), w, b, number(c, 'eps'), number(c, 'scale'), number(c, 'zero')),
  instance_norm: ({ x, w, b }, c) => norms.instanceNorm(x!, w, b, number(c, 'eps'), number(c, 'scale'), number(c, 'zero')),
  grid_sample: ({ x, grid }, c) => gridSample(x!, grid!, { paddingMode: c['padding'] as never, alignCorners: c['align'] === true }),
  matmul: ({ a, b }, c) => norms.matmul(a!, b!, number(c, 'scale'), number(c, 'zero')),
  quantize_float_qparams: ({ w }, c) => intRepr(rowsOf(w!, c)),
  embedding_byte: ({ w }, c) => embeddings.embedding(embeddings.embeddingPrepack(rowsOf(w!, c)), idsOf(c)),
  embedding_4bit: ({ w }, c) => embeddings.embedding(embeddings.embeddingPrepack(rowsOf(w!, c)), idsOf(c)),
  embedding_bag_byte: ({ w, p }, c) => bag(w!, p, c), embedding_bag_4bit: ({ w, p }, c) => bag(w!, p, c),
  conv1d: convolution(false), conv2d: convolution(false), conv3d: convolution(false),
  conv_transpose1d: convolution(true), conv_transpose2d: convolution(true),
}

/** Operators whose results may differ by one code, and why; docs/quantization.md says it at length. */
export const ONE_STEP: Readonly<Record<string, string>> = { interpolate_bilinear: 'PyTorch contracts and vectorises the four products' }

/** What came of one case. */
export interface Outcome {
  /** Every element, the shape and the parameters are PyTorch's. */
  readonly equal: boolean
  /** Codes differ by one at most, nothing else does. */
  readonly close: boolean
  readonly elements: number
  readonly different: number
  readonly what: string
}

/** Cases that are compared: not those where PyTorch refuses, saturates, or is wrong (docs/quantization.md). */
export const isCompared = (c: Case): boolean => c.y !== undefined && !c['wrong'] && !c['saturates']

/** The tensors of a case. */
export const tensorsOf = (c: Case): Record<string, Tensor> => Object.fromEntries(Object.entries(inputsOf(c)).map(([name, o]) => [name, tensorOf(o)]))

/** Runs one case under its engine, on its own tensors or others. @throws what the operation throws */
export function runCase(c: Case, tensors = tensorsOf(c)): Tensor | ArrayLike<number> {
  quantizedBackend.engine = (c.engine ?? 'fbgemm') as QEngine
  return RUN[c.op]!(tensors, c)
}

export function outcomeOf(c: Case): Outcome {
  const y = runCase(c)
  const want = c.y!
  const plain = 'storage' in y ? (y.toArray() as ArrayLike<number>) : y
  const { different, most, first } = compare(plain, want)
  const sameParams = (t: Tensor): boolean => typeof want.scale !== 'number' || (t.quantizer?.qscheme === 'per_tensor_affine' && t.quantizer.scale === want.scale && t.quantizer.zeroPoint === want.zero)
  const same = !('storage' in y) || (`${y.shape}` === `${want.dims}` && y.dtype === want.dtype && sameParams(y))
  return { equal: different === 0 && same, close: same && most <= 1, elements: plain.length, different, what: `${different} of ${plain.length}, ${most} at most, first ${first}, parameters ${same ? 'equal' : 'differ'}` }
}

/** `op engine`: a row of docs/parity.md. */
export const rowOf = (c: Case): string => `${c.op} ${c.engine ?? ''}`.trim()
