/**
 * Parameter blocks: what the host writes before a kernel runs.
 *
 * Every kernel is `name(p: usize): void`, where `p` is the address of one of these blocks. Every field is four bytes
 * wide (`usize` = an address in the arena, `i32`, `u32`, `f32`), so field i lies at 4·i and the host needs no padding
 * rules. `tools/gen-abi.mjs` turns this file into `src/runtime/abi.ts`; a check fails when the two disagree.
 *
 * Promises the host keeps, so that a kernel checks nothing:
 *   - every address is 64-byte aligned unless the field's comment says otherwise, and lies inside the arena;
 *   - 64 bytes past the end of every operand may be read (never written);
 *   - sizes are ≥ 1 (a step with an empty output is never emitted) and no byte offset passes 2³¹;
 *   - operands do not overlap unless the field's comment allows it.
 */

/** y[i] = f(x[i]) over a dense array of the kernel's element type. `y` may equal `x`. */
@unmanaged
export class UnaryParams {
  /** [count] */
  x: usize;
  /** [count], may equal x */
  y: usize;
  count: i32;
  /** which function: UnaryOp of elementwise/functions.ts */
  op: i32;
  /** the function's own parameters (alpha, beta, bounds); unused ones are 0 */
  alpha: f32;
  beta: f32;
}

/**
 * y = f(a, b, c) under numpy's broadcasting. Axes are merged so that y is `outer` rows of `mid` lines of `inner` dense
 * elements; an operand's step is 0 along an axis it is broadcast over. `y` may equal an operand of y's shape and element size.
 */
@unmanaged
export class BroadcastParams {
  a: usize;
  b: usize;
  /** third operand (Where's y); 0 and steps 0 otherwise */
  c: usize;
  y: usize;
  /** which function: BinaryOp of elementwise/operations.ts; x_where: bytes per element */
  op: i32;
  /** elements in a line */
  inner: i32;
  /** bytes from one element of a line to the next: 0 or the element's size */
  innerA: i32;
  innerB: i32;
  innerC: i32;
  /** lines in a row */
  mid: i32;
  /** bytes from one line to the next */
  midA: i32;
  midB: i32;
  midC: i32;
  /** bytes of a line of y */
  lineBytes: i32;
  /** rows: the product of the axes in `table` */
  outer: i32;
  /** axes in `table` */
  rank: i32;
  /** i32[rank][4], fastest axis first: length, bytes per index in a, b and c */
  table: usize;
}

/** y[i] = x[i] in another element type (numbers of assembly/dtype.ts). `y` may equal `x` when the types have one size. */
@unmanaged
export class CastParams {
  x: usize;
  y: usize;
  /** 2048 bytes; x_cast only */
  scratch: usize;
  count: i32;
  from: i32;
  to: i32;
  /** bytes per element */
  fromBytes: i32;
  toBytes: i32;
}

/**
 * Codes and float32, over outer × axis × inner dense elements, `block` indices of the axis sharing their scales. The scale of
 * element (o, c, i) is scale[o·scaleRow + ⌊c / block⌋·scaleStep + (varied ? i : 0)], its zero point likewise.
 * f32_quantize_reciprocal_*: blocks of 1, and `varied` says how the sum is rounded, which is quantize/reciprocal.ts' business.
 */
@unmanaged
export class QuantizeParams {
  x: usize;
  y: usize;
  /** f32 */
  scale: usize;
  /** zero points in the codes' type; 0 = all zero */
  zero: usize;
  outer: i32;
  axis: i32;
  block: i32;
  inner: i32;
  /** in elements of scale */
  scaleRow: i32;
  scaleStep: i32;
  /** 1: every i of inner has its own scale */
  varied: i32;
  /** least and greatest code (quantize only), |lo|, |hi| ≤ 65535 */
  lo: i32;
  hi: i32;
}

/** Scale and zero point of x's range. */
@unmanaged
export class RangeParams {
  /** f32[count] */
  x: usize;
  count: i32;
  /** f32[1] */
  scale: usize;
  /** u8[1] */
  zero: usize;
  /** 0: as ONNX's DynamicQuantizeLinear; else the greatest code, and as PyTorch's ChooseQuantizationParams */
  codes: i32;
  /** 1: the scale is what oneDNN makes of it, which is handed its reciprocal */
  handed: i32;
}

/** y[i] = table[x[i]]. `y` may equal `x`. */
@unmanaged
export class Lut8Params {
  /** u8[count] */
  x: usize;
  /** u8[count] */
  y: usize;
  /** u8[256], indexed by the code's byte */
  table: usize;
  count: i32;
}

/** BroadcastParams over 8-bit codes (op 0 add, 1 mul; c unused; innerA is 1), and what the codes mean. */
@unmanaged
export class QBinaryParams {
  a: usize;
  b: usize;
  /** third operand (Where's y); 0 and steps 0 otherwise */
  c: usize;
  y: usize;
  /** which function: BinaryOp of elementwise/operations.ts; x_where: bytes per element */
  op: i32;
  /** elements in a line */
  inner: i32;
  /** bytes from one element of a line to the next: 0 or the element's size */
  innerA: i32;
  innerB: i32;
  innerC: i32;
  /** lines in a row */
  mid: i32;
  /** bytes from one line to the next */
  midA: i32;
  midB: i32;
  midC: i32;
  /** bytes of a line of y */
  lineBytes: i32;
  /** rows: the product of the axes in `table` */
  outer: i32;
  /** axes in `table` */
  rank: i32;
  /** i32[rank][4], fastest axis first: length, bytes per index in a, b and c */
  table: usize;
  /** f32[1] each */
  aScale: usize;
  bScale: usize;
  yScale: usize;
  /** one code each; 0 = zero point 0 */
  aZero: usize;
  bZero: usize;
  yZero: usize;
  /** 1: codes are int8 */
  signed: i32;
  /** 1: the output's zero point is added before rounding */
  late: i32;
  /** least and greatest code of y: the type's bounds, or a fused clamp within them */
  lo: i32;
  hi: i32;
}

/** BroadcastParams over 8-bit codes (c unused; innerA is 1): see quantize/tables.ts. */
@unmanaged
export class TableBinaryParams {
  a: usize;
  b: usize;
  /** third operand (Where's y); 0 and steps 0 otherwise */
  c: usize;
  y: usize;
  /** which function: BinaryOp of elementwise/operations.ts; x_where: bytes per element */
  op: i32;
  /** elements in a line */
  inner: i32;
  /** bytes from one element of a line to the next: 0 or the element's size */
  innerA: i32;
  innerB: i32;
  innerC: i32;
  /** lines in a row */
  mid: i32;
  /** bytes from one line to the next */
  midA: i32;
  midB: i32;
  midC: i32;
  /** bytes of a line of y */
  lineBytes: i32;
  /** rows: the product of the axes in `table` */
  outer: i32;
  /** axes in `table` */
  rank: i32;
  /** i32[rank][4], fastest axis first: length, bytes per index in a, b and c */
  table: usize;
  /** f32[256] or i32[256] each, indexed by the code's byte */
  aTable: usize;
  bTable: usize;
  /** op 2: how far sums are shifted */
  shift: i32;
  /** zero point added after rounding */
  late: i32;
  scale: f32;
  /** added before rounding */
  early: f32;
  /** bounds before `late` is added */
  lo: f32;
  hi: f32;
}

/** y = table[c][x]; `y` may equal `x`. */
@unmanaged
export class ChannelLutParams {
  /** u8[outer, channels, inner] */
  x: usize;
  y: usize;
  /** u8[channels][256] */
  table: usize;
  outer: i32;
  channels: i32;
  inner: i32;
}

/** Sums of rows of a quantized table. */
@unmanaged
export class EmbeddingParams {
  /** u8, rowBytes a row */
  codes: usize;
  /** f32[rows][2]: scale and bias of every row */
  params: usize;
  /** i32, within the table */
  indices: usize;
  /** i32[bags + 1]: where each bag begins in indices */
  offsets: usize;
  /** f32, one per index; 0 = all 1 */
  weights: usize;
  /** f32[bags, features] */
  y: usize;
  bags: i32;
  features: i32;
  rowBytes: i32;
  /** 8 or 4 */
  bits: i32;
}

/**
 * A pool over [batch, depth, height, width, channels], channels innermost and dense. One and two spatial axes are written
 * with leading axes of size 1; a channels-first value is batch·C images of one channel.
 */
@unmanaged
export class PoolParams {
  /** elements[batch, depth, height, width, channels] */
  x: usize;
  /** elements[batch, outDepth, outHeight, outWidth, channels] */
  y: usize;
  /** i64, as y: where each maximum lies in the channels-first tensor; 0 = not asked for (any_pool only) */
  indices: usize;
  batch: i32;
  channels: i32;
  depth: i32;
  height: i32;
  width: i32;
  outDepth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelDepth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideDepth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationDepth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  /** padding before the first element of each axis */
  padDepth: i32;
  padHeight: i32;
  padWidth: i32;
  /** padding after the last one; only counted, never read */
  endDepth: i32;
  endHeight: i32;
  endWidth: i32;
  /** which pool: the constants of pool/ops.ts */
  op: i32;
  /** what an average divides by: the constants of pool/ops.ts */
  divisor: i32;
  /** any_pool: element type (DType) and whether `indices` count column-major */
  dtype: i32;
  columnMajor: i32;
  /** any_pool: exponent of LpPool */
  exponent: f32;
  /** 8-bit pools: 0 for u8, 0x80808080 for s8, which makes unsigned codes of signed ones by xor */
  flip: u32;
  /** zero point of x after `flip` (0..255), and of y as it is */
  xZeroPoint: i32;
  yZeroPoint: i32;
  xScale: f32;
  yScale: f32;
}

/** Mean of 8-bit codes over the middle axis of [outer, count, inner]. */
@unmanaged
export class GlobalAveragePoolParams {
  /** u8 or s8[outer, count, inner] */
  x: usize;
  /** u8 or s8[outer, inner] */
  y: usize;
  outer: i32;
  count: i32;
  inner: i32;
  /** 0 for u8, 0x80808080 for s8 */
  flip: u32;
  /** −count · zero point of x, the latter after `flip` (0..255) */
  bias: i32;
  /** xScale / (yScale · count) */
  scale: f32;
  /** zero point of y as it is */
  yZeroPoint: i32;
}

/** What the relaxed dot product does in this host, found by running it. */
@unmanaged
export class RelaxedProbeParams {
  /** i32[1]: the bits of gemm/qformat.ts Capability; 0 in tiers without relaxed operations */
  y: usize;
}

/**
 * Packs int8 weights into column panels (gemm/qformat.ts) and sums each column.
 * Weight (group g, column j, tap t, channel c) is w[(g·n + j)·strideN + t·strideTap + c·strideC] and lies at K = t·tapSpan + c.
 */
@unmanaged
export class QPackParams {
  /** u8 or s8 */
  w: usize;
  /** u8 or s8, 1 or groups·n of them; 0 = all zero. In Format.I8 every zero point must be 0 (s8) or 128 (u8) */
  wZeroPoint: usize;
  /** groups · panels · panel bytes */
  packed: usize;
  /** i32[groups · width·panels]: Σ over K of what was packed; 0 in the unused columns */
  sums: usize;
  groups: i32;
  /** columns per group */
  n: i32;
  taps: i32;
  /** input channels per group */
  channels: i32;
  strideN: i32;
  strideTap: i32;
  strideC: i32;
  /** 0: one zero point, 1: one per column */
  zeroPointStride: i32;
  wSigned: i32;
  /** Format.I16 or Format.I8 */
  format: i32;
  /** room for extra entries in a panel of Format.I8 */
  extras: i32;
  /** K that a tap takes, at least `channels`; what is left over holds 0 */
  tapSpan: i32;
}

/**
 * Packs int8 weights with one channel per group into chunks of 16 channels (depthwise/qformat.ts) and sums each channel's. Weight
 * (channel c, tap t) is w[c·taps + t].
 */
@unmanaged
export class QDepthwisePackParams {
  /** u8 or s8 [n, taps] */
  w: usize;
  /** u8 or s8, 1 or n of them; 0 = all zero. In Format.I8 every zero point must be 0 (s8) or 128 (u8) */
  wZeroPoint: usize;
  /** ⌈n/16⌉ chunks of 256 + 96 · taps bytes */
  packed: usize;
  /** i32[n padded to 8]: Σ of what was packed; 0 past n */
  sums: usize;
  /** channels */
  n: i32;
  taps: i32;
  /** 0: one zero point, 1: one per channel */
  zeroPointStride: i32;
  wSigned: i32;
  /** Format.I16 or Format.I8 */
  format: i32;
  /** how activations are read once flipped: 1 = −128…127, 0 = 0…255 (always 0 in Format.I16) */
  xSigned: i32;
}

/**
 * Folds zero points, bias and scales into the columns block that int8 matrix and convolution kernels end with
 * (requantize/columns.ts). Addresses are of single values or of one per column; everything may change from run to run.
 */
@unmanaged
export class QFoldParams {
  /** i32[groups · 8·panels] as q_pack left them; 0 = nothing to fold */
  sums: usize;
  /** i32[groups · n]; 0 = none */
  bias: usize;
  /** f32[groups · n]; 0 = none. Not Stage.RAW; Stage.REQUANTIZE adds it before scaling */
  floatBias: usize;
  /** f32[groups · n]: the further vector of Stage.JOINED and STEPS; 0 for the others, whose columns block has no room for it */
  rest: usize;
  /** u8 or s8 [1]; 0 = zero */
  xZeroPoint: usize;
  /** f32[1]; 0 = 1 */
  xScale: usize;
  /** f32[1 or groups · n]; 0 = 1 */
  wScale: usize;
  /** f32[1]; 0 = no division */
  yScale: usize;
  /** u8 or s8 [1]; 0 = zero */
  yZeroPoint: usize;
  /** the columns block */
  columns: usize;
  groups: i32;
  n: i32;
  /** 0: one weight scale, 1: one per column */
  wScaleStride: i32;
  /** 0: one bias for all columns, 1: one per column */
  biasStride: i32;
  /** 1: the three scales are float16, computed with as the f32 they equal */
  halfScales: i32;
  xSigned: i32;
  ySigned: i32;
  /** what was added to every activation on the way in (128, 0, −128): multiplied by the sums together with the zero point */
  shift: i32;
  /** bounds of the quantized output, activation included (0..255 or −128..127 without one) */
  yMin: i32;
  yMax: i32;
  /** multiplies the scales first (QGemm); 1 otherwise */
  alpha: f32;
  /** Stage.STEPS: what multiplies first, and what is added last; 0: x's scale multiplies first, and is not in the multiplier (Stage.SERIAL) */
  before: f32;
  early: f32;
}

/**
 * int8 convolution, channels last, and matrix product: y[r, g·n + j] = stage(Σ_k (a[r, k] − zx)·w[k, j] + bias[j]), where row r of a
 * is the window of output position r. A matrix product is a 1×1 convolution over its rows.
 *
 * q_depthwise takes the same block for a convolution with one channel per group: `n` is the number of channels and groups = channels = 1; weights are
 * q_depthwise_pack's, the zero point is folded in both formats, flip is 0x80 for signed activations in Format.I16, blockRows is how many outputs of a row
 * and lda how many rows are prepared together; direct, extras, xSigned and zeroPointStride are not used.
 */
@unmanaged
export class QConvParams {
  /** u8 or s8 [batch, depth, height, width, xStride] */
  x: usize;
  /** first element of the output: u8, s8, i32 or f32 [rows, ldc] */
  y: usize;
  /** q_pack's panels, q_depthwise_pack's chunks */
  packed: usize;
  /** q_fold's block */
  columns: usize;
  /** u8 or s8 [1 or rows]; 0 = zero */
  xZeroPoint: usize;
  /** 128 + blockRows · lda + 64 bytes; without a copy of the rows 128 bytes are enough. q_depthwise: 512 + 12 · taps
   *  + 16 · kernelD · input rows · input columns that blockRows by lda outputs read */
  scratch: usize;
  batch: i32;
  depth: i32;
  height: i32;
  width: i32;
  /** input channels per group */
  channels: i32;
  /** bytes from one input position to the next */
  xStride: i32;
  groups: i32;
  /** output channels per group */
  n: i32;
  outDepth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelD: i32;
  kernelH: i32;
  kernelW: i32;
  strideD: i32;
  strideH: i32;
  strideW: i32;
  dilationD: i32;
  dilationH: i32;
  dilationW: i32;
  padD: i32;
  padH: i32;
  padW: i32;
  /** elements from one output row to the next */
  ldc: i32;
  /** a Stage of gemm/qformat.ts */
  stage: i32;
  /** Format.I16 or Format.I8, and the room for extra entries, as the weights were packed */
  format: i32;
  extras: i32;
  xSigned: i32;
  /** 0: one activation zero point, 1: one per row (Format.I16 and 1×1 only) */
  zeroPointStride: i32;
  /** 0x80: activations are read with their top bit flipped (which operand the kernel takes), else 0 */
  flip: i32;
  /** 1: rows are read where they lie (Format.I8, flip 0, 1×1, stride 1, no padding); 0: through scratch */
  direct: i32;
  /** rows gathered at a time */
  blockRows: i32;
  /** bytes of a gathered row: at least K · (1 or 2) + 16, a multiple of 16 */
  lda: i32;
}

/**
 * Copies a matrix B[k, n] into panels of 8 columns, `[batches][⌈n/8⌉][k][8]`, columns past n zero: what f32_gemm, f32_conv,
 * f32_depthwise and the recurrent kernels read. k = kOuter·kInner and n = nOuter·nInner; strides in elements.
 */
@unmanaged
export class PackF32Params {
  /** f32, B[k, n] of batch i at i·batchStride + ⌊k / kInner⌋·kOuterStride + (k mod kInner)·kInnerStride + the same of n */
  x: usize;
  /** f32[batches][⌈n/8⌉][k][8] */
  y: usize;
  batches: i32;
  batchStride: i32;
  kOuter: i32;
  kInner: i32;
  kOuterStride: i32;
  kInnerStride: i32;
  nOuter: i32;
  nInner: i32;
  nOuterStride: i32;
  nInnerStride: i32;
  /** every element is multiplied by it (1 copies bits) */
  alpha: f32;
}

/**
 * C = clamp(start + A·B) for a batch of products; assembly/gemm/f32.ts. Row i of A is, for each of `segments`, `run` floats from
 * a + 4·i·lda + segment on: a row-major A has the one segment 0, a column-major A one segment of one float per k.
 */
@unmanaged
export class GemmF32Params {
  /** f32, 4-byte aligned */
  a: usize;
  /** panels of f32_pack */
  b: usize;
  /** f32, row i at i·lds (0: one bias row for all), 4-byte aligned; may be c; 0: start from zero */
  start: usize;
  /** f32, rows ldc floats apart, 4-byte aligned */
  c: usize;
  /** u32[256], scratch */
  rows: usize;
  /** u32[segmentCount], byte offsets */
  segments: usize;
  /** i32[batches][3]: byte offsets of each product's a, b and c */
  offsets: usize;
  segmentCount: i32;
  run: i32;
  batches: i32;
  m: i32;
  n: i32;
  lda: i32;
  lds: i32;
  ldc: i32;
  /** least and greatest result, −∞ and +∞ for no clamp; NaN passes */
  lo: f32;
  hi: f32;
}

/**
 * Convolution of one, two or three spatial axes (missing leading ones are 1), channels last; assembly/conv/f32.ts.
 * A window's taps are `segments`: byte offsets from its first element, of `run` floats each, in the order of K.
 */
@unmanaged
export class ConvF32Params {
  /** f32[batch, depth, height, width, lda], the first `channels` of each pixel; 4-byte aligned */
  x: usize;
  /** panels of f32_pack, one set of [⌈n/8⌉][segmentCount·run][8] per group */
  w: usize;
  /** f32[groups·n], or 0 */
  bias: usize;
  /** f32[batch, outDepth, outHeight, outWidth, ldc]; 4-byte aligned */
  y: usize;
  /** f32[stripDepth, stripHeight, stripWidth, channels]: padded rows for `stripRows` output rows; 0: x needs no padding and is read in place */
  strip: usize;
  /** u32[256], scratch */
  rows: usize;
  /** u32[segmentCount] */
  segments: usize;
  segmentCount: i32;
  run: i32;
  batch: i32;
  groups: i32;
  /** channels of x, all groups together */
  channels: i32;
  /** outputs per group */
  n: i32;
  depth: i32;
  height: i32;
  width: i32;
  outDepth: i32;
  outHeight: i32;
  outWidth: i32;
  strideDepth: i32;
  strideHeight: i32;
  strideWidth: i32;
  padDepth: i32;
  padHeight: i32;
  padWidth: i32;
  stripDepth: i32;
  stripHeight: i32;
  stripWidth: i32;
  /** output rows per strip, ≥ 1 */
  stripRows: i32;
  lda: i32;
  ldc: i32;
  /** least and greatest result, −∞ and +∞ for no clamp; NaN passes */
  lo: f32;
  hi: f32;
}

/** Convolution of each channel by itself, channels last; assembly/depthwise/f32.ts. Names as in ConvF32Params. */
@unmanaged
export class DepthwiseF32Params {
  /** f32[batch, depth, height, width, lda]; 4-byte aligned */
  x: usize;
  /** f32[⌈channels/8⌉][taps][8] */
  w: usize;
  /** f32[channels], or 0 */
  bias: usize;
  /** f32[batch, outDepth, outHeight, outWidth, ldc]; 4-byte aligned */
  y: usize;
  /** i32[taps]: byte offsets of the taps from the window's first element */
  offsets: usize;
  batch: i32;
  channels: i32;
  depth: i32;
  height: i32;
  width: i32;
  outDepth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelDepth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideDepth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationDepth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  padDepth: i32;
  padHeight: i32;
  padWidth: i32;
  lda: i32;
  ldc: i32;
  /** least and greatest result, −∞ and +∞ for no clamp; NaN passes */
  lo: f32;
  hi: f32;
}

/** The sum of a transposed convolution's taps, channels last; assembly/conv/f32-transpose.ts. Sizes before `out…` are those of its input. */
@unmanaged
export class ScatterF32Params {
  /** f32[depth, height, width, groups, taps, n]: each input pixel times each tap's weights */
  x: usize;
  /** f32[groups·n], or 0 */
  bias: usize;
  /** f32[outDepth, outHeight, outWidth, groups·n] */
  y: usize;
  groups: i32;
  n: i32;
  depth: i32;
  height: i32;
  width: i32;
  outDepth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelDepth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideDepth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationDepth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  padDepth: i32;
  padHeight: i32;
  padWidth: i32;
  /** least and greatest result, −∞ and +∞ for no clamp; NaN passes */
  lo: f32;
  hi: f32;
}

/** One direction of LSTM, GRU or RNN over time; assembly/rnn/recurrent.ts. Strides in elements. Gates in ONNX's order: i o f c, z r h, or one. */
@unmanaged
export class RecurrentF32Params {
  /** f32: inputs times W plus biases, `gates·hidden` floats at t·xStep + row·xRow */
  x: usize;
  xStep: i32;
  xRow: i32;
  /** panels of f32_pack: R[hidden, gates·hidden]; of GRU without linearBeforeReset z and r first, then h by itself */
  r: usize;
  /** f32[hidden]: recurrent bias of GRU's h with linearBeforeReset, or 0 */
  bias: usize;
  /** f32[3·hidden], LSTM's i o f, or 0 */
  peepholes: usize;
  /** f32, `hidden` floats at row·initialRow, or 0: zeros */
  initialH: usize;
  initialC: usize;
  initialRow: i32;
  /** i32[batch], clamped to 0…steps, or 0: all steps */
  lengths: usize;
  /** f32, `hidden` floats at t·yStep + row·yRow, or 0 */
  y: usize;
  yStep: i32;
  yRow: i32;
  /** f32, `hidden` floats at row·lastRow, or 0 */
  lastH: usize;
  lastC: usize;
  lastRow: i32;
  /** 1088 + 4·batch·hidden·(gates + 3) bytes */
  scratch: usize;
  steps: i32;
  batch: i32;
  hidden: i32;
  /** the constants of assembly/rnn/recurrent.ts */
  cell: i32;
  /** 1: from each row's last step to its first */
  reverse: i32;
  linearBeforeReset: i32;
  /** gates are clamped to ±clip before their activation; ∞ for none */
  clip: f32;
  /** UnaryOp and its parameters of ONNX's f, g and h */
  f: i32;
  fAlpha: f32;
  fBeta: f32;
  g: i32;
  gAlpha: f32;
  gBeta: f32;
  h: i32;
  hAlpha: f32;
  hBeta: f32;
}

/**
 * One direction of com.microsoft:DynamicQuantizeLSTM; assembly/rnn/dynamic-lstm.ts. Of the base, x is scratch for 4·hidden floats per step and row
 * (xStep, xRow say where), `bias` is f32[4·hidden] or 0, r and linearBeforeReset are not used, cell is LSTM. Then W and R, each as a CodedMatrix.
 */
@unmanaged
export class DynamicLstmParams extends RecurrentF32Params {
  /** f32[steps, batch, inputs], dense */
  input: usize;
  /** u8, scratch: steps·batch·inputs or batch·hidden codes, whichever is more */
  codes: usize;
  /** scratch of 512 bytes: parameter blocks */
  blocks: usize;
  /** scratch of q_conv for either matrix */
  rows: usize;
  /** q_fold's block for 4·hidden columns without bias and sums */
  columns: usize;
  wPanels: usize;
  wSums: usize;
  wScale: usize;
  wScaleStep: i32;
  wK: i32;
  wFormat: i32;
  wExtras: i32;
  wFlip: i32;
  wShift: i32;
  wLda: i32;
  wBlockRows: i32;
  rPanels: usize;
  rSums: usize;
  rScale: usize;
  rScaleStep: i32;
  rK: i32;
  rFormat: i32;
  rExtras: i32;
  rFlip: i32;
  rShift: i32;
  rLda: i32;
  rBlockRows: i32;
}

/**
 * One direction of an LSTM, GRU or RNN whose states are quantized anew in every step, as PyTorch's dynamic modules do; assembly/rnn/dynamic-recurrent.ts.
 * Gates in PyTorch's order: i f g o, r z n. The last fields are R as a CodedMatrix.
 */
@unmanaged
export class DynamicRecurrentParams {
  /** f32[steps, batch, gates·hidden]: inputs times W plus their bias */
  x: usize;
  /** f32[batch, hidden]; initialC and lastC 0 unless the cell is LSTM */
  initialH: usize;
  initialC: usize;
  /** f32[steps, batch, hidden] */
  y: usize;
  /** f32[batch, hidden]: the state while steps run, and what is left of it */
  lastH: usize;
  lastC: usize;
  /** f32[gates·hidden], or 0 */
  bias: usize;
  /** scratch: f32[batch, gates·hidden], u8[batch·hidden], 640 bytes, q_conv's, q_fold's block for gates·hidden columns */
  gates: usize;
  codes: usize;
  blocks: usize;
  rows: usize;
  columns: usize;
  steps: i32;
  batch: i32;
  hidden: i32;
  /** Cell of assembly/rnn/recurrent.ts */
  cell: i32;
  /** UnaryOp of an RNN */
  activation: i32;
  /** 1: from the last step to the first */
  reverse: i32;
  /** greatest code of a state; handed as in RangeParams */
  range: i32;
  handed: i32;
  /** Stage.FLOAT, FUSED or SERIAL */
  stage: i32;
  rPanels: usize;
  rSums: usize;
  rScale: usize;
  rScaleStep: i32;
  rK: i32;
  rFormat: i32;
  rExtras: i32;
  rFlip: i32;
  rShift: i32;
  rLda: i32;
  rBlockRows: i32;
}

/** An int8 matrix that quantized rows meet: fields of DynamicLstmParams from wPanels or rPanels on, of DynamicRecurrentParams from rPanels on. */
@unmanaged
export class CodedMatrix {
  /** q_pack's panels of [k, gates·hidden], and its sums */
  panels: usize;
  sums: usize;
  /** f32[1 or gates·hidden]; step 0 or 1 */
  scale: usize;
  scaleStep: i32;
  k: i32;
  /** as in QConvParams */
  format: i32;
  extras: i32;
  flip: i32;
  /** what the flip adds to every code */
  shift: i32;
  lda: i32;
  blockRows: i32;
}

/** Reduces the axes that `view` (see reduce/view.ts) marks. */
@unmanaged
export class ReduceParams {
  x: usize;
  /** [outer, inner] of `view`, dense; i64 for arg_reduce, x's type otherwise */
  y: usize;
  /** i32[…], a View; its counts may be 0 */
  view: usize;
  /** one element of x's type: what reducing nothing gives (any_reduce only) */
  identity: usize;
  /** which reduction: the constants of reduce/ops.ts */
  op: i32;
  /** element type of x (DType) */
  dtype: i32;
  /** arg_reduce: 1 = the last of equal elements counts */
  last: i32;
}

/** y[i·yStrides] = x[i·xStrides] for every index i: any move of elements that an affine index describes. */
@unmanaged
export class CopyParams {
  /** First source element; aligned to nothing. May lie in y's storage when the elements read and written are disjoint. */
  x: usize;
  /** First target element; aligned to nothing */
  y: usize;
  /** i32[rank][3], outermost axis first: count, byte stride in x (any sign, 0 repeats), byte stride in y (> 0, or 0 where count is 1) */
  axes: usize;
  /** ≥ 2: axes of count 1 fill up */
  rank: i32;
  /** size of one element, any number: a run that is contiguous on both sides is one element */
  bytes: i32;
}

/** y = (x − mean) / deviation · scale + bias, statistics over the reduced axes of `view`. */
@unmanaged
export class NormalizeParams {
  /** f32, as `view` says */
  x: usize;
  /** f32, the shape of x */
  y: usize;
  /** i32[…], a View (reduce/view.ts) */
  view: usize;
  /** f32[…] at (o mod groups)·groupStep + row·rowStep + place·step, where place counts along `count` (inner = 1) or `inner` */
  scale: usize;
  /** f32[…], as scale */
  bias: usize;
  /** f32[outer, inner] for the mean and for 1 / deviation; 0 = not asked for */
  mean: usize;
  invStdDev: usize;
  groups: i32;
  groupStep: i32;
  rowStep: i32;
  /** 0 or 1 */
  step: i32;
  /** 1: subtract the mean; 0: take it as 0 */
  center: i32;
  /** which deviation: the constants of normalize/f32.ts */
  deviation: i32;
  /** added to the mean square, before the root */
  epsilon: f32;
  /** added to the deviation */
  outerEpsilon: f32;
}

/** y = (x − mean) · factor + bias per channel over [outer, channels, inner]. */
@unmanaged
export class BatchNormParams {
  /** f32[outer, channels, inner]; f32[channels] of variances for f32_batchnorm_factor */
  x: usize;
  /** as x, which it may equal; f32[channels] of factors for f32_batchnorm_factor */
  y: usize;
  /** f32[channels] each; `factor` is ONNX's scale for f32_batchnorm_factor, and scale / √(variance + ε) afterwards */
  factor: usize;
  bias: usize;
  mean: usize;
  outer: i32;
  channels: i32;
  inner: i32;
  epsilon: f32;
}

/** Local response normalisation over the channels of [outer, channels, inner]. */
@unmanaged
export class LrnParams {
  x: usize;
  y: usize;
  outer: i32;
  channels: i32;
  inner: i32;
  /** channels before and after each that its window takes in */
  before: i32;
  after: i32;
  /** alpha / size */
  alpha: f32;
  beta: f32;
  bias: f32;
}

/** Softmax, LogSoftmax or Hardmax along `count` of `view`, whose `rows` is 1. */
@unmanaged
export class SoftmaxParams {
  x: usize;
  /** as x */
  y: usize;
  view: usize;
  /** q8_softmax: f32[256], what a code `255 − d` steps below the greatest stands for */
  table: usize;
  /** 1: the logarithm of it */
  log: i32;
  /** q8_softmax: 1 / y_scale rounded down, y's zero point, 1 for s8 */
  yScale: f32;
  yZeroPoint: i32;
  signed: i32;
}

/**
 * Rows of an operand found by tuples of indices, against rows that lie in order: gather reads data and writes dense, scatter
 * reads dense and writes data. An index counts from the end when negative and is clamped into its axis otherwise.
 */
@unmanaged
export class IndexedParams {
  /** the operand that the indices address */
  data: usize;
  /** i32 or i64 tuples of `depth` indices */
  indices: usize;
  /** the rows in order */
  dense: usize;
  /** i32[rank][4], outermost first: count, then byte strides in data, indices and dense */
  axes: usize;
  rank: i32;
  /** i32[depth][2]: length of the indexed axis and its byte stride in data */
  tuple: usize;
  depth: i32;
  /** 4 or 8 */
  indexBytes: i32;
  /** bytes of a row */
  bytes: i32;
  /** scatter: element type for reductions */
  dtype: i32;
  /** scatter: 0 replace, 1 add, 2 mul, 3 max, 4 min */
  reduction: i32;
}

/** y[o, indices[o, i], i] = on, for indices in [−depth, depth); the rest of y stays as it is. */
@unmanaged
export class OneHotParams {
  /** [outer, inner] of any type; fractions are cut off */
  indices: usize;
  /** one element of y */
  on: usize;
  /** [outer, depth, inner] */
  y: usize;
  outer: i32;
  inner: i32;
  depth: i32;
  /** bytes of an element of y */
  bytes: i32;
  /** of indices */
  dtype: i32;
}

/** y = x where column − row ≥ k (upper) or ≤ k (lower), zero elsewhere. */
@unmanaged
export class TriluParams {
  /** [batch, rows, columns] */
  x: usize;
  y: usize;
  batch: i32;
  rows: i32;
  columns: i32;
  /** |k| ≤ 2³⁰ */
  k: i32;
  upper: i32;
  /** of an element */
  bytes: i32;
}

/** Running sums along the middle axis, one after the other in the axis's order (or from its end), rounded at every step. */
@unmanaged
export class CumSumParams {
  /** [outer, length, inner] */
  x: usize;
  y: usize;
  outer: i32;
  length: i32;
  inner: i32;
  /** 1: a sum leaves out its own element */
  exclusive: i32;
  reverse: i32;
  dtype: i32;
}

/** The k best of every line along the middle axis, best first, equal ones by lower index; NaN counts as larger than all, −0 equals 0. */
@unmanaged
export class TopKParams {
  /** [outer, length, inner] */
  x: usize;
  /** [outer, k, inner] */
  values: usize;
  /** i64[outer, k, inner] */
  indices: usize;
  /** scratch i64[k] */
  keys: usize;
  /** scratch i32[k] */
  order: usize;
  outer: i32;
  length: i32;
  inner: i32;
  /** ≤ length */
  k: i32;
  largest: i32;
  dtype: i32;
}

/** Coordinates of the elements that are not zero, one column each in row-major order; unused columns are 0. */
@unmanaged
export class NonZeroParams {
  x: usize;
  /** i64[rank, total] */
  y: usize;
  /** i32: how many columns are used */
  count: usize;
  /** i32[rank][2]: row-major stride of each axis in elements, and its length */
  axes: usize;
  rank: i32;
  /** elements of x */
  total: i32;
  dtype: i32;
}

/** Greedy suppression of boxes, per batch and class, best score first, equal ones by lower index; unused rows are 0. */
@unmanaged
export class NmsParams {
  /** f32[batches, boxCount, 4]: two corners y, x in any order; or centre x, y and width, height */
  boxes: usize;
  /** f32[batches, classes, boxCount] */
  scores: usize;
  /** i64[bound, 3]: batch, class, box */
  y: usize;
  /** i32: how many rows are used */
  count: usize;
  /** scratch i64[boxCount] */
  keys: usize;
  /** scratch i32[boxCount] */
  order: usize;
  /** f32: a box is dropped when its intersection over union with a chosen one is larger; 0 = address of none, threshold 0 */
  iouThreshold: usize;
  /** f32: only larger scores are considered; 0 = all */
  scoreThreshold: usize;
  batches: i32;
  classes: i32;
  boxCount: i32;
  /** per batch and class; batches · classes · perClass rows in all */
  perClass: i32;
  center: i32;
}

/** y[i] = start + i·delta, multiplied and added in y's own type, float16 in float32. */
@unmanaged
export class SequenceParams {
  /** one element */
  start: usize;
  /** one element */
  delta: usize;
  y: usize;
  count: i32;
  dtype: i32;
}

/** y[o, i, j] = x[o][rows[i] + columns[j]]: nearest neighbours over two adjacent axes. */
@unmanaged
export class NearestParams {
  x: usize;
  /** [outer, height, width] of `bytes` each */
  y: usize;
  /** i32[height] byte offsets in a plane of x */
  rows: usize;
  /** i32[width] byte offsets in a row */
  columns: usize;
  outer: i32;
  height: i32;
  width: i32;
  bytes: i32;
  /** bytes of a plane of x */
  plane: i32;
}

/**
 * y = ((a·b)·x11 + (c·b)·x21 + (a·d)·x12 + (c·d)·x22) over two adjacent axes, in f32, from left to right; 8-bit results are
 * cut off towards zero. a, c are the weights of the near and far column, b, d of the near and far row; x21 is the far column.
 */
@unmanaged
export class BilinearParams {
  /** f32, u8 or i8 */
  x: usize;
  /** [outer, height, width, inner] */
  y: usize;
  /** i32[height][2] byte offsets of the near and far row in a plane of x */
  rows: usize;
  /** f32[height][2] */
  rowWeights: usize;
  /** i32[width][2] byte offsets in a row */
  columns: usize;
  /** f32[width][2] */
  columnWeights: usize;
  outer: i32;
  height: i32;
  width: i32;
  inner: i32;
  /** bytes of a plane of x */
  plane: i32;
  dtype: i32;
}

/** y[o, j, i] = Σ_t weights[j, t] · x[o, offsets[j, t] + i], from t = 0 on: any separable filter along one axis. */
@unmanaged
export class ResampleParams {
  /** f32[outer, length, inner] */
  x: usize;
  /** f32[outer, count, inner] */
  y: usize;
  /** i32[count][taps] in elements */
  offsets: usize;
  /** f32[count][taps] */
  weights: usize;
  outer: i32;
  length: i32;
  inner: i32;
  count: i32;
  taps: i32;
}

/** Samples of x at the places that a grid names; a place is turned into up to 16 taps, which all channels share. */
@unmanaged
export class GridSampleParams {
  /** f32[batch, channels, depth, height, width]; depth 1 for images */
  x: usize;
  /** f32[batch, count, axes], −1 … 1: x, y (, z) */
  grid: usize;
  /** f32[batch, channels, count] */
  y: usize;
  /** scratch, 16 × (i32 offset, f32 weight) */
  taps: usize;
  batch: i32;
  channels: i32;
  depth: i32;
  height: i32;
  width: i32;
  /** places per batch */
  count: i32;
  /** 2 or 3 */
  axes: i32;
  /** 0 nearest, 1 linear, 2 cubic (2 axes only) */
  mode: i32;
  /** 0 zeros, 1 border, 2 reflection */
  padding: i32;
  alignCorners: i32;
}

/** Places of an affinely moved grid: y[b, d, h, w] = theta[b] · (x, y(, z), 1), coordinates over −1 … 1. */
@unmanaged
export class AffineGridParams {
  /** f32[batch, axes, axes + 1] */
  theta: usize;
  /** f32[batch, depth, height, width, axes] */
  y: usize;
  batch: i32;
  depth: i32;
  height: i32;
  width: i32;
  /** 2 or 3 */
  axes: i32;
  alignCorners: i32;
}
