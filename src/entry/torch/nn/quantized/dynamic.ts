/** `octavo/torch/nn/quantized/dynamic`: torch.ao.nn.quantized.dynamic. */
export { Linear, type DynamicLinearOptions } from '../../../../nn/quantized/dynamic/linear.js'
export { GRU, LSTM, type DynamicRNNOptions } from '../../../../nn/quantized/dynamic/rnn.js'
export { GRUCell, LSTMCell, RNNCell, type DynamicCellOptions } from '../../../../nn/quantized/dynamic/cells.js'
export type { DynamicDType } from '../../../../nn/quantized/dynamic/weights.js'
