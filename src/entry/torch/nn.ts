/** `octavo/torch/nn`: modules. One name imported brings one family of layers. */
export { Module, type ForwardHook, type ForwardPreHook, type HookOptions, type RemovableHandle } from '../../nn/module.js'
export { Parameter } from '../../nn/parameter.js'
export { StateDict } from '../../nn/state-dict.js'
export { Identity } from '../../nn/identity.js'
export { Linear, type LinearOptions } from '../../nn/linear.js'
export { Conv1d, Conv2d, Conv3d, type ConvOptions } from '../../nn/conv.js'
export { ConvTranspose1d, ConvTranspose2d, type ConvTransposeOptions } from '../../nn/conv-transpose.js'
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type NormOptions } from '../../nn/batchnorm.js'
export { GroupNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm } from '../../nn/normalization.js'
export {
  ELU, GELU, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSoftmax, Mish, PReLU, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softplus, Softsign, Tanh,
} from '../../nn/activation.js'
export { Dropout, Dropout1d, Dropout2d } from '../../nn/dropout.js'
export {
  AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d,
} from '../../nn/pooling.js'
export { Upsample, UpsamplingBilinear2d, UpsamplingNearest2d } from '../../nn/upsampling.js'
export { Embedding, EmbeddingBag } from '../../nn/sparse.js'
export { GRU, GRUCell, LSTM, LSTMCell, RNN, RNNCell, type LSTMState } from '../../nn/rnn.js'
export { Flatten, Unflatten } from '../../nn/flatten.js'
export { ModuleList, Sequential } from '../../nn/containers.js'
