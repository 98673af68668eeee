/** `octavo/torch/nn/functional`: what layers compute, with the weights as arguments. One name imported brings one family. */
export {
  adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d, adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d, affineGrid, avgPool1d, avgPool2d, avgPool3d, batchNorm, celu, conv1d, conv2d, conv3d,
  convTranspose1d, convTranspose2d, dropout, dropout2d, elu, embedding, embeddingBag, gelu, gridSample, groupNorm, hardsigmoid, hardswish, hardtanh, instanceNorm, interpolate, layerNorm, leakyRelu, linear,
  logSoftmax, maxPool1d, maxPool2d, maxPool3d, mish, pad, prelu, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, tanh,
} from '../../../nn/functional.js'
