/** `octavo/torch/nn/quantized`: torch.ao.nn.quantized. Modules on quantized tensors; convert() makes them of observed float ones. */
export { Conv1d, Conv2d, Conv3d } from '../../../nn/quantized/conv.js'
export { Linear } from '../../../nn/quantized/linear.js'
export { DeQuantize, Quantize } from '../../../nn/quantized/quantize.js'
export { FloatFunctional, FXFloatFunctional, QFunctional } from '../../../nn/quantized/functional-modules.js'
