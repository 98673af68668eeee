/** `octavo/torch/nn/intrinsic/quantized/dynamic`: torch.ao.nn.intrinsic.quantized.dynamic. */
export { LinearReLU } from '../../../../../nn/quantized/dynamic/linear.js'
