/** `octavo/torch`: eager tensors. */
export { init, type InitInfo, type InitOptions } from '../autograd/init.js'
export { Tensor, type NestedList } from '../autograd/tensor.js'
export { arange, empty, eye, fromArray, full, fullLike, linspace, ones, onesLike, tensor, zeros, zerosLike, type TensorData, type TensorOptions } from '../autograd/create.js'
export { Generator, initialSeed, manualSeed, rand, randint, randn, randperm, type RandomOptions } from '../autograd/random.js'
export {
  abs, add, ceil, clamp, div, eq, exp, floor, ge, gt, le, log, logicalNot, lt, maximum, minimum, mul, ne, neg, pow, reciprocal, relu, round, rsqrt, sigmoid, sign, sqrt, sub, tanh, where,
} from '../autograd/ops/elementwise.js'
export { cat, chunk, expand, flatten, flip, pad, permute, repeat, reshape, slice, split, squeeze, stack, take as indexSelect, transpose, unsqueeze } from '../autograd/ops/movement.js'
export { amax, amin, argmax, argmin, logsumexp, mean, prod, std, sum, variance as var } from '../autograd/ops/reduce.js'
export { matmul } from '../autograd/ops/matmul.js'
export { logSoftmax, softmax } from '../autograd/ops/activation.js'
export {
  bool, double, float, float16, float32, float64, half, int, int16, int32, int64, int8, long, qint32, qint8, quint4x2, quint8, uint8,
} from '../autograd/types.js'
export {
  dequantize, fakeQuantizePerChannelAffine, fakeQuantizePerTensorAffine, intRepr, makePerChannelQuantizedTensor, makePerTensorQuantizedTensor, qPerChannelAxis, qPerChannelScales, qPerChannelZeroPoints, qScale, qScheme, qZeroPoint,
  quantizePerChannel, quantizePerTensor, quantizePerTensorDynamic,
} from '../autograd/quantized/quantize.js'
export { backends, type QEngine } from '../autograd/quantized/engine.js'
export type { MemoryFormat } from '../autograd/kind.js'
export type { ScalarType } from '../autograd/scalar-type.js'
export { OctavoError, type ErrorCode } from '../errors.js'
export type { Tier } from '../runtime/tiers.js'
export { load, safetensors } from '../workflow/eager/files.js'
export { trace, type TraceOptions, type Traceable } from '../workflow/eager/trace/trace.js'
export { openGraph } from '../workflow/eager/trace/open.js'
export { Tensor as Value } from '../value.js'
export type { GraphSession, GraphSessionOptions, RunOptions, Tensors } from '../session.js'
export type { Graph, Node, ValueInfo } from '../graph/graph.js'
export { ScriptObject } from '../formats/torch/script-object.js'
