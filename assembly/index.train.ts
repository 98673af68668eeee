import { ABI } from "./abi-stamp.train";
import { RELAXED, SIMD } from "./tier";

/** The ABI of the training module: what only calibration and the eager door load. One line per export. */
export { f32_minmax, f32_minmax_channels } from "./observe/minmax";
export { f32_histc, histogram_tally } from "./observe/histc";
export { f32_histogram_edges } from "./observe/edges";
export { histogram_entropy } from "./observe/entropy";
export { histogram_percentile } from "./observe/percentile";
export { histogram_rebin } from "./observe/rebin";
export { histogram_search } from "./observe/search";
export { f32_error, f32_error_channels } from "./observe/error";
export { f32_absolute_rows, f32_matrix_ranges } from "./observe/matrix-range";
export { f32_scale_channels } from "./observe/scale";
export { f32_sum } from "./observe/sum";
export { f32_linspace } from "./observe/linspace";
export { f32_quantize_u8, f32_quantize_s8 } from "./quantize/quantize";
export { copy } from "./layout/copy";
export { f32_sgd_step } from "./train/sgd";

/** First byte of memory that the module's own static data does not use. */
export const heapBase: usize = __heap_base;

/** Which tier this module is: 0 scalar, 1 simd, 2 relaxed. */
export const tier: i32 = RELAXED ? 2 : SIMD ? 1 : 0;

/** A number for the kernels and their parameter blocks; the host refuses a module that has another. */
export const abi: i32 = ABI;
