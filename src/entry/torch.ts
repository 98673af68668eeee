/** `octavo/torch`: eager tensors. */
export { init, type InitInfo, type InitOptions } from '../autograd/init.js'
export { Tensor, type NestedList } from '../autograd/tensor.js'
export { arange, empty, eye, fromArray, full, fullLike, linspace, ones, onesLike, tensor, zeros, zerosLike, type TensorData, type TensorOptions } from '../autograd/create.js'
export { Generator, initialSeed, manualSeed, rand, randint, randn, randperm, type RandomOptions } from '../autograd/random.js'
export {
  abs, add, ceil, clamp, div, eq, exp, floor, ge, gt, le, log, logicalNot, lt, maximum, minimum, mul, ne, neg, pow, reciprocal, relu, round, rsqrt, sigmoid, sign, sqrt, sub, tanh, where,
} from '../autograd/ops/elementwise.js'
export { cat, chunk, expand, flip, pad, permute, repeat, slice, split, stack, take as indexSelect, transpose } from '../autograd/ops/movement.js'
export { amax, amin, argmax, argmin, logsumexp, mean, prod, std, sum, variance as var } from '../autograd/ops/reduce.js'
export { matmul } from '../autograd/ops/matmul.js'
export { logSoftmax, softmax } from '../autograd/ops/activation.js'
export type { MemoryFormat } from '../autograd/kind.js'
export type { ScalarType } from '../autograd/scalar-type.js'
export { OctavoError, type ErrorCode } from '../errors.js'
export type { Tier } from '../runtime/tiers.js'
