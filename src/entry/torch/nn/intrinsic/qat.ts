/** `octavo/torch/nn/intrinsic/qat`: torch.ao.nn.intrinsic.qat. Fused layers in training; prepareQat() makes them of float ones. */
export { ConvBn1d, ConvBn2d, ConvBn3d, ConvBnReLU1d, ConvBnReLU2d, ConvBnReLU3d, freezeBnStats, updateBnStats, type ConvBnOptions } from '../../../../nn/intrinsic/qat/conv-bn.js'
export { ConvReLU1d, ConvReLU2d, ConvReLU3d } from '../../../../nn/intrinsic/qat/conv-relu.js'
export { LinearBn1d, LinearReLU, type LinearBnOptions } from '../../../../nn/intrinsic/qat/linear.js'
