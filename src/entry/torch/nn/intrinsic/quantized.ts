/** `octavo/torch/nn/intrinsic/quantized`: torch.ao.nn.intrinsic.quantized. Fused layers on quantized tensors; convert() makes them of observed float ones. */
export { ConvReLU1d, ConvReLU2d, ConvReLU3d } from '../../../../nn/quantized/conv.js'
export { LinearReLU } from '../../../../nn/quantized/linear.js'
export { BNReLU2d, BNReLU3d } from '../../../../nn/quantized/batchnorm.js'
