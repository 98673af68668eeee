import { ABI } from "./abi-stamp";
import { RELAXED, SIMD } from "./tier";

/** The ABI for inference: one line per export, by room. */
export { f32_unary, f64_unary, i32_unary, i64_unary } from "./elementwise/unary";
export { f32_classify, f64_classify } from "./elementwise/classify";
export { f32_binary, f64_binary, i32_binary, i64_binary, u64_binary, u8_binary, x_where } from "./elementwise/binary";
export { x_cast, f16_to_f32, f32_to_f16 } from "./elementwise/cast";
export { f32_quantize_u8, f32_quantize_s8, f32_quantize_u16, f32_quantize_s16 } from "./quantize/quantize";
export { u8_dequantize, s8_dequantize, u16_dequantize, s16_dequantize, s32_dequantize } from "./quantize/dequantize";
export { f32_quantize_reciprocal_u8, f32_quantize_reciprocal_s8, f32_quantize_reciprocal_s32 } from "./quantize/reciprocal";
export { f32_range_u8 } from "./quantize/dynamic";
export { q8_binary } from "./quantize/binary";
export { x8_lut } from "./lut/lut8";
export { q8_table_binary, x8_lut_channels } from "./quantize/tables";
export { q8_embedding } from "./indexing/embedding";
export { f32_pool } from "./pool/f32";
export { x8_maxpool, q8_avgpool } from "./pool/x8";
export { any_pool } from "./pool/any";
export { q8_global_avgpool } from "./pool/global";
export { relaxed_probe } from "./gemm/relaxed-probe";
export { q_pack } from "./gemm/qpack";
export { q_fold } from "./requantize/columns";
export { q_conv } from "./conv/qconv";
export { q_depthwise_pack } from "./depthwise/qpack";
export { q_depthwise } from "./depthwise/qdepthwise";
export { f32_gemm } from "./gemm/f32";
export { f32_pack } from "./gemm/f32-pack";
export { f32_conv } from "./conv/f32";
export { f32_depthwise } from "./depthwise/f32";
export { f32_scatter } from "./conv/f32-transpose";
export { f32_recurrent } from "./rnn/recurrent";
export { q8_lstm } from "./rnn/dynamic-lstm";
export { q8_recurrent } from "./rnn/dynamic-recurrent";
export { f32_reduce } from "./reduce/f32";
export { any_reduce } from "./reduce/any";
export { arg_reduce } from "./reduce/arg";
export { copy } from "./layout/copy";
export { f32_normalize } from "./normalize/f32";
export { f32_batchnorm, f32_batchnorm_factor } from "./normalize/batch";
export { f32_lrn } from "./normalize/lrn";
export { f32_softmax } from "./normalize/softmax";
export { f32_hardmax } from "./normalize/one-hot";
export { q8_softmax } from "./normalize/q8-softmax";
export { trilu } from "./layout/trilu";
export { gather, scatter } from "./indexing/gather";
export { one_hot } from "./indexing/one-hot";
export { cumsum, range } from "./indexing/sequence";
export { top_k } from "./indexing/top-k";
export { non_zero } from "./indexing/non-zero";
export { non_max_suppression } from "./indexing/nms";
export { nearest } from "./resize/nearest";
export { bilinear } from "./resize/bilinear";
export { resample } from "./resize/resample";
export { grid_sample } from "./resize/grid-sample";
export { affine_grid } from "./resize/affine-grid";

/** First byte of memory that the module's own static data does not use. */
export const heapBase: usize = __heap_base;

/** Which tier this module is: 0 scalar, 1 simd, 2 relaxed. */
export const tier: i32 = RELAXED ? 2 : SIMD ? 1 : 0;

/** A number for the kernels and their parameter blocks; the host refuses a module that has another. */
export const abi: i32 = ABI;
