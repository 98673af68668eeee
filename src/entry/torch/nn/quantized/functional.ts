/** `octavo/torch/nn/quantized/functional`: torch.ao.nn.quantized.functional. */
export * from '../../../../nn/quantized/functional.js'
