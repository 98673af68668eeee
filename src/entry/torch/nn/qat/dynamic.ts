/** `octavo/torch/nn/qat/dynamic`: torch.ao.nn.qat.dynamic. */
export { Linear } from '../../../../nn/qat/dynamic.js'
