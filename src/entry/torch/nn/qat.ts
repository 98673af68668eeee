/** `octavo/torch/nn/qat`: torch.ao.nn.qat. Layers whose weights are fake-quantized; prepareQat() makes them of float ones. */
export { Conv1d, Conv2d, Conv3d, type QatConvOptions } from '../../../nn/qat/conv.js'
export { Embedding, EmbeddingBag } from '../../../nn/qat/embedding.js'
export { Linear, type QatLinearOptions } from '../../../nn/qat/linear.js'
export type { QatOptions } from '../../../nn/qat/trained.js'
