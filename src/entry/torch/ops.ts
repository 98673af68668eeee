/** `octavo/torch/ops`: torch.ops.quantized. */
export * from '../../autograd/quantized/ops.js'
