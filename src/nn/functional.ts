/**
 * torch.nn.functional: what layers compute, with the weights as arguments. Arguments after the tensors follow PyTorch's positions, and an object at any
 * of them holds the rest by name: `maxPool2d(x, 2, { padding: 1 })`.
 */
export { linear } from '../autograd/ops/matmul.js'
export { pad } from '../autograd/ops/movement.js'
export { embedding, embeddingBag } from '../autograd/ops/embedding.js'
export { interpolate } from '../autograd/ops/resize.js'
export { affineGrid, gridSample } from '../autograd/ops/grid.js'
export {
  celu, elu, gelu, hardsigmoid, hardswish, hardtanh, leakyRelu, logSoftmax, mish, prelu, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, tanh,
} from './functional/activation.js'
export { conv1d, conv2d, conv3d } from './functional/conv.js'
export { convTranspose1d, convTranspose2d } from './functional/conv-transpose.js'
export { batchNorm, groupNorm, instanceNorm, layerNorm } from './functional/normalization.js'
export {
  adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d, adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d, avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d,
} from './functional/pooling.js'
export { dropout, dropout2d } from './functional/dropout.js'
