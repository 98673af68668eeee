// Written by tools/gen-abi.mjs from assembly/abi.ts and assembly/index.ts. Do not edit.
import type { Operand } from './operand.js'

export interface UnaryParams {
  x: Operand
  y: Operand
  count: number
  op: number
  alpha: number
  beta: number
}

export interface BroadcastParams {
  a: Operand
  b: Operand
  c: Operand
  y: Operand
  op: number
  inner: number
  innerA: number
  innerB: number
  innerC: number
  mid: number
  midA: number
  midB: number
  midC: number
  lineBytes: number
  outer: number
  rank: number
  table: Operand
}

export interface CastParams {
  x: Operand
  y: Operand
  scratch: Operand
  count: number
  from: number
  to: number
  fromBytes: number
  toBytes: number
}

export interface QuantizeParams {
  x: Operand
  y: Operand
  scale: Operand
  zero: Operand
  outer: number
  axis: number
  block: number
  inner: number
  scaleRow: number
  scaleStep: number
  varied: number
  lo: number
  hi: number
}

export interface RangeParams {
  x: Operand
  count: number
  scale: Operand
  zero: Operand
  codes: number
  handed: number
}

export interface Lut8Params {
  x: Operand
  y: Operand
  table: Operand
  count: number
}

export interface QBinaryParams {
  a: Operand
  b: Operand
  c: Operand
  y: Operand
  op: number
  inner: number
  innerA: number
  innerB: number
  innerC: number
  mid: number
  midA: number
  midB: number
  midC: number
  lineBytes: number
  outer: number
  rank: number
  table: Operand
  aScale: Operand
  bScale: Operand
  yScale: Operand
  aZero: Operand
  bZero: Operand
  yZero: Operand
  signed: number
  late: number
  lo: number
  hi: number
}

export interface TableBinaryParams {
  a: Operand
  b: Operand
  c: Operand
  y: Operand
  op: number
  inner: number
  innerA: number
  innerB: number
  innerC: number
  mid: number
  midA: number
  midB: number
  midC: number
  lineBytes: number
  outer: number
  rank: number
  table: Operand
  aTable: Operand
  bTable: Operand
  shift: number
  late: number
  scale: number
  early: number
  lo: number
  hi: number
}

export interface ChannelLutParams {
  x: Operand
  y: Operand
  table: Operand
  outer: number
  channels: number
  inner: number
}

export interface EmbeddingParams {
  codes: Operand
  params: Operand
  indices: Operand
  offsets: Operand
  weights: Operand
  y: Operand
  bags: number
  features: number
  rowBytes: number
  bits: number
}

export interface PoolParams {
  x: Operand
  y: Operand
  indices: Operand
  batch: number
  channels: number
  depth: number
  height: number
  width: number
  outDepth: number
  outHeight: number
  outWidth: number
  kernelDepth: number
  kernelHeight: number
  kernelWidth: number
  strideDepth: number
  strideHeight: number
  strideWidth: number
  dilationDepth: number
  dilationHeight: number
  dilationWidth: number
  padDepth: number
  padHeight: number
  padWidth: number
  endDepth: number
  endHeight: number
  endWidth: number
  op: number
  divisor: number
  dtype: number
  columnMajor: number
  exponent: number
  flip: number
  xZeroPoint: number
  yZeroPoint: number
  xScale: number
  yScale: number
}

export interface GlobalAveragePoolParams {
  x: Operand
  y: Operand
  outer: number
  count: number
  inner: number
  flip: number
  bias: number
  scale: number
  yZeroPoint: number
}

export interface RelaxedProbeParams {
  y: Operand
}

export interface QPackParams {
  w: Operand
  wZeroPoint: Operand
  packed: Operand
  sums: Operand
  groups: number
  n: number
  taps: number
  channels: number
  strideN: number
  strideTap: number
  strideC: number
  zeroPointStride: number
  wSigned: number
  format: number
  extras: number
  tapSpan: number
}

export interface QDepthwisePackParams {
  w: Operand
  wZeroPoint: Operand
  packed: Operand
  sums: Operand
  n: number
  taps: number
  zeroPointStride: number
  wSigned: number
  format: number
  xSigned: number
}

export interface QFoldParams {
  sums: Operand
  bias: Operand
  floatBias: Operand
  rest: Operand
  xZeroPoint: Operand
  xScale: Operand
  wScale: Operand
  yScale: Operand
  yZeroPoint: Operand
  columns: Operand
  groups: number
  n: number
  wScaleStride: number
  biasStride: number
  halfScales: number
  xSigned: number
  ySigned: number
  shift: number
  yMin: number
  yMax: number
  alpha: number
  before: number
  early: number
}

export interface QConvParams {
  x: Operand
  y: Operand
  packed: Operand
  columns: Operand
  xZeroPoint: Operand
  scratch: Operand
  batch: number
  depth: number
  height: number
  width: number
  channels: number
  xStride: number
  groups: number
  n: number
  outDepth: number
  outHeight: number
  outWidth: number
  kernelD: number
  kernelH: number
  kernelW: number
  strideD: number
  strideH: number
  strideW: number
  dilationD: number
  dilationH: number
  dilationW: number
  padD: number
  padH: number
  padW: number
  ldc: number
  stage: number
  format: number
  extras: number
  xSigned: number
  zeroPointStride: number
  flip: number
  direct: number
  blockRows: number
  lda: number
}

export interface PackF32Params {
  x: Operand
  y: Operand
  batches: number
  batchStride: number
  kOuter: number
  kInner: number
  kOuterStride: number
  kInnerStride: number
  nOuter: number
  nInner: number
  nOuterStride: number
  nInnerStride: number
  alpha: number
}

export interface GemmF32Params {
  a: Operand
  b: Operand
  start: Operand
  c: Operand
  rows: Operand
  segments: Operand
  offsets: Operand
  segmentCount: number
  run: number
  batches: number
  m: number
  n: number
  lda: number
  lds: number
  ldc: number
  lo: number
  hi: number
}

export interface ConvF32Params {
  x: Operand
  w: Operand
  bias: Operand
  y: Operand
  strip: Operand
  rows: Operand
  segments: Operand
  segmentCount: number
  run: number
  batch: number
  groups: number
  channels: number
  n: number
  depth: number
  height: number
  width: number
  outDepth: number
  outHeight: number
  outWidth: number
  strideDepth: number
  strideHeight: number
  strideWidth: number
  padDepth: number
  padHeight: number
  padWidth: number
  stripDepth: number
  stripHeight: number
  stripWidth: number
  stripRows: number
  lda: number
  ldc: number
  lo: number
  hi: number
}

export interface DepthwiseF32Params {
  x: Operand
  w: Operand
  bias: Operand
  y: Operand
  offsets: Operand
  batch: number
  channels: number
  depth: number
  height: number
  width: number
  outDepth: number
  outHeight: number
  outWidth: number
  kernelDepth: number
  kernelHeight: number
  kernelWidth: number
  strideDepth: number
  strideHeight: number
  strideWidth: number
  dilationDepth: number
  dilationHeight: number
  dilationWidth: number
  padDepth: number
  padHeight: number
  padWidth: number
  lda: number
  ldc: number
  lo: number
  hi: number
}

export interface ScatterF32Params {
  x: Operand
  bias: Operand
  y: Operand
  groups: number
  n: number
  depth: number
  height: number
  width: number
  outDepth: number
  outHeight: number
  outWidth: number
  kernelDepth: number
  kernelHeight: number
  kernelWidth: number
  strideDepth: number
  strideHeight: number
  strideWidth: number
  dilationDepth: number
  dilationHeight: number
  dilationWidth: number
  padDepth: number
  padHeight: number
  padWidth: number
  lo: number
  hi: number
}

export interface RecurrentF32Params {
  x: Operand
  xStep: number
  xRow: number
  r: Operand
  bias: Operand
  peepholes: Operand
  initialH: Operand
  initialC: Operand
  initialRow: number
  lengths: Operand
  y: Operand
  yStep: number
  yRow: number
  lastH: Operand
  lastC: Operand
  lastRow: number
  scratch: Operand
  steps: number
  batch: number
  hidden: number
  cell: number
  reverse: number
  linearBeforeReset: number
  clip: number
  f: number
  fAlpha: number
  fBeta: number
  g: number
  gAlpha: number
  gBeta: number
  h: number
  hAlpha: number
  hBeta: number
}

export interface DynamicLstmParams {
  x: Operand
  xStep: number
  xRow: number
  r: Operand
  bias: Operand
  peepholes: Operand
  initialH: Operand
  initialC: Operand
  initialRow: number
  lengths: Operand
  y: Operand
  yStep: number
  yRow: number
  lastH: Operand
  lastC: Operand
  lastRow: number
  scratch: Operand
  steps: number
  batch: number
  hidden: number
  cell: number
  reverse: number
  linearBeforeReset: number
  clip: number
  f: number
  fAlpha: number
  fBeta: number
  g: number
  gAlpha: number
  gBeta: number
  h: number
  hAlpha: number
  hBeta: number
  input: Operand
  codes: Operand
  blocks: Operand
  rows: Operand
  columns: Operand
  wPanels: Operand
  wSums: Operand
  wScale: Operand
  wScaleStep: number
  wK: number
  wFormat: number
  wExtras: number
  wFlip: number
  wShift: number
  wLda: number
  wBlockRows: number
  rPanels: Operand
  rSums: Operand
  rScale: Operand
  rScaleStep: number
  rK: number
  rFormat: number
  rExtras: number
  rFlip: number
  rShift: number
  rLda: number
  rBlockRows: number
}

export interface DynamicRecurrentParams {
  x: Operand
  initialH: Operand
  initialC: Operand
  y: Operand
  lastH: Operand
  lastC: Operand
  bias: Operand
  gates: Operand
  codes: Operand
  blocks: Operand
  rows: Operand
  columns: Operand
  steps: number
  batch: number
  hidden: number
  cell: number
  activation: number
  reverse: number
  range: number
  handed: number
  stage: number
  rPanels: Operand
  rSums: Operand
  rScale: Operand
  rScaleStep: number
  rK: number
  rFormat: number
  rExtras: number
  rFlip: number
  rShift: number
  rLda: number
  rBlockRows: number
}

export interface CodedMatrix {
  panels: Operand
  sums: Operand
  scale: Operand
  scaleStep: number
  k: number
  format: number
  extras: number
  flip: number
  shift: number
  lda: number
  blockRows: number
}

export interface ReduceParams {
  x: Operand
  y: Operand
  view: Operand
  identity: Operand
  op: number
  dtype: number
  last: number
}

export interface CopyParams {
  x: Operand
  y: Operand
  axes: Operand
  rank: number
  bytes: number
}

export interface NormalizeParams {
  x: Operand
  y: Operand
  view: Operand
  scale: Operand
  bias: Operand
  mean: Operand
  invStdDev: Operand
  groups: number
  groupStep: number
  rowStep: number
  step: number
  center: number
  deviation: number
  epsilon: number
  outerEpsilon: number
}

export interface BatchNormParams {
  x: Operand
  y: Operand
  factor: Operand
  bias: Operand
  mean: Operand
  outer: number
  channels: number
  inner: number
  epsilon: number
}

export interface LrnParams {
  x: Operand
  y: Operand
  outer: number
  channels: number
  inner: number
  before: number
  after: number
  alpha: number
  beta: number
  bias: number
}

export interface SoftmaxParams {
  x: Operand
  y: Operand
  view: Operand
  table: Operand
  log: number
  yScale: number
  yZeroPoint: number
  signed: number
}

export interface IndexedParams {
  data: Operand
  indices: Operand
  dense: Operand
  axes: Operand
  rank: number
  tuple: Operand
  depth: number
  indexBytes: number
  bytes: number
  dtype: number
  reduction: number
}

export interface OneHotParams {
  indices: Operand
  on: Operand
  y: Operand
  outer: number
  inner: number
  depth: number
  bytes: number
  dtype: number
}

export interface TriluParams {
  x: Operand
  y: Operand
  batch: number
  rows: number
  columns: number
  k: number
  upper: number
  bytes: number
}

export interface CumSumParams {
  x: Operand
  y: Operand
  outer: number
  length: number
  inner: number
  exclusive: number
  reverse: number
  dtype: number
}

export interface TopKParams {
  x: Operand
  values: Operand
  indices: Operand
  keys: Operand
  order: Operand
  outer: number
  length: number
  inner: number
  k: number
  largest: number
  dtype: number
}

export interface NonZeroParams {
  x: Operand
  y: Operand
  count: Operand
  axes: Operand
  rank: number
  total: number
  dtype: number
}

export interface NmsParams {
  boxes: Operand
  scores: Operand
  y: Operand
  count: Operand
  keys: Operand
  order: Operand
  iouThreshold: Operand
  scoreThreshold: Operand
  batches: number
  classes: number
  boxCount: number
  perClass: number
  center: number
}

export interface SequenceParams {
  start: Operand
  delta: Operand
  y: Operand
  count: number
  dtype: number
}

export interface NearestParams {
  x: Operand
  y: Operand
  rows: Operand
  columns: Operand
  outer: number
  height: number
  width: number
  bytes: number
  plane: number
}

export interface BilinearParams {
  x: Operand
  y: Operand
  rows: Operand
  rowWeights: Operand
  columns: Operand
  columnWeights: Operand
  outer: number
  height: number
  width: number
  inner: number
  plane: number
  dtype: number
}

export interface ResampleParams {
  x: Operand
  y: Operand
  offsets: Operand
  weights: Operand
  outer: number
  length: number
  inner: number
  count: number
  taps: number
}

export interface GridSampleParams {
  x: Operand
  grid: Operand
  y: Operand
  taps: Operand
  batch: number
  channels: number
  depth: number
  height: number
  width: number
  count: number
  axes: number
  mode: number
  padding: number
  alignCorners: number
}

export interface AffineGridParams {
  theta: Operand
  y: Operand
  batch: number
  depth: number
  height: number
  width: number
  axes: number
  alignCorners: number
}

/** Every exported kernel and the block it takes. */
export interface Kernels {
  f32_unary: UnaryParams
  f64_unary: UnaryParams
  i32_unary: UnaryParams
  i64_unary: UnaryParams
  f32_classify: UnaryParams
  f64_classify: UnaryParams
  f32_binary: BroadcastParams
  f64_binary: BroadcastParams
  i32_binary: BroadcastParams
  i64_binary: BroadcastParams
  u64_binary: BroadcastParams
  u8_binary: BroadcastParams
  x_where: BroadcastParams
  x_cast: CastParams
  f16_to_f32: CastParams
  f32_to_f16: CastParams
  f32_quantize_u8: QuantizeParams
  f32_quantize_s8: QuantizeParams
  f32_quantize_u16: QuantizeParams
  f32_quantize_s16: QuantizeParams
  u8_dequantize: QuantizeParams
  s8_dequantize: QuantizeParams
  u16_dequantize: QuantizeParams
  s16_dequantize: QuantizeParams
  s32_dequantize: QuantizeParams
  f32_quantize_reciprocal_u8: QuantizeParams
  f32_quantize_reciprocal_s8: QuantizeParams
  f32_quantize_reciprocal_s32: QuantizeParams
  f32_range_u8: RangeParams
  q8_binary: QBinaryParams
  x8_lut: Lut8Params
  q8_table_binary: TableBinaryParams
  x8_lut_channels: ChannelLutParams
  q8_embedding: EmbeddingParams
  f32_pool: PoolParams
  x8_maxpool: PoolParams
  q8_avgpool: PoolParams
  any_pool: PoolParams
  q8_global_avgpool: GlobalAveragePoolParams
  relaxed_probe: RelaxedProbeParams
  q_pack: QPackParams
  q_fold: QFoldParams
  q_conv: QConvParams
  q_depthwise_pack: QDepthwisePackParams
  q_depthwise: QConvParams
  f32_gemm: GemmF32Params
  f32_pack: PackF32Params
  f32_conv: ConvF32Params
  f32_depthwise: DepthwiseF32Params
  f32_scatter: ScatterF32Params
  f32_recurrent: RecurrentF32Params
  q8_lstm: DynamicLstmParams
  q8_recurrent: DynamicRecurrentParams
  f32_reduce: ReduceParams
  any_reduce: ReduceParams
  arg_reduce: ReduceParams
  copy: CopyParams
  f32_normalize: NormalizeParams
  f32_batchnorm: BatchNormParams
  f32_batchnorm_factor: BatchNormParams
  f32_lrn: LrnParams
  f32_softmax: SoftmaxParams
  f32_hardmax: SoftmaxParams
  q8_softmax: SoftmaxParams
  trilu: TriluParams
  gather: IndexedParams
  scatter: IndexedParams
  one_hot: OneHotParams
  cumsum: CumSumParams
  range: SequenceParams
  top_k: TopKParams
  non_zero: NonZeroParams
  non_max_suppression: NmsParams
  nearest: NearestParams
  bilinear: BilinearParams
  resample: ResampleParams
  grid_sample: GridSampleParams
  affine_grid: AffineGridParams
}

export type KernelName = keyof Kernels
export type ParamsOf<K extends KernelName> = Kernels[K]

/** Kernels that take the same block, and its fields in order: field k lies at byte 4·k, `~` follows the name of a float32. */
export type Layouts = readonly (readonly [kernels: string, fields: string])[]

/** Of the kernels that the rules of every session name. */
export const LAYOUTS: Layouts = [
  ['f32_unary f64_unary i32_unary i64_unary f32_classify f64_classify', 'x y count op alpha~ beta~'],
  ['f32_binary f64_binary i32_binary i64_binary u64_binary u8_binary x_where', 'a b c y op inner innerA innerB innerC mid midA midB midC lineBytes outer rank table'],
  ['x_cast f16_to_f32 f32_to_f16', 'x y scratch count from to fromBytes toBytes'],
  ['f32_quantize_u8 f32_quantize_s8 f32_quantize_u16 f32_quantize_s16 u8_dequantize s8_dequantize u16_dequantize s16_dequantize s32_dequantize f32_quantize_reciprocal_u8 f32_quantize_reciprocal_s8 f32_quantize_reciprocal_s32', 'x y scale zero outer axis block inner scaleRow scaleStep varied lo hi'],
  ['x8_lut', 'x y table count'],
  ['q8_binary', 'a b c y op inner innerA innerB innerC mid midA midB midC lineBytes outer rank table aScale bScale yScale aZero bZero yZero signed late lo hi'],
  ['f32_pool x8_maxpool q8_avgpool any_pool', 'x y indices batch channels depth height width outDepth outHeight outWidth kernelDepth kernelHeight kernelWidth strideDepth strideHeight strideWidth dilationDepth dilationHeight dilationWidth padDepth padHeight padWidth endDepth endHeight endWidth op divisor dtype columnMajor exponent~ flip xZeroPoint yZeroPoint xScale~ yScale~'],
  ['q8_global_avgpool', 'x y outer count inner flip bias scale~ yZeroPoint'],
  ['q_pack', 'w wZeroPoint packed sums groups n taps channels strideN strideTap strideC zeroPointStride wSigned format extras tapSpan'],
  ['q_depthwise_pack', 'w wZeroPoint packed sums n taps zeroPointStride wSigned format xSigned'],
  ['q_fold', 'sums bias floatBias rest xZeroPoint xScale wScale yScale yZeroPoint columns groups n wScaleStride biasStride halfScales xSigned ySigned shift yMin yMax alpha~ before~ early~'],
  ['q_conv q_depthwise', 'x y packed columns xZeroPoint scratch batch depth height width channels xStride groups n outDepth outHeight outWidth kernelD kernelH kernelW strideD strideH strideW dilationD dilationH dilationW padD padH padW ldc stage format extras xSigned zeroPointStride flip direct blockRows lda'],
  ['f32_pack', 'x y batches batchStride kOuter kInner kOuterStride kInnerStride nOuter nInner nOuterStride nInnerStride alpha~'],
  ['f32_gemm', 'a b start c rows segments offsets segmentCount run batches m n lda lds ldc lo~ hi~'],
  ['f32_conv', 'x w bias y strip rows segments segmentCount run batch groups channels n depth height width outDepth outHeight outWidth strideDepth strideHeight strideWidth padDepth padHeight padWidth stripDepth stripHeight stripWidth stripRows lda ldc lo~ hi~'],
  ['f32_depthwise', 'x w bias y offsets batch channels depth height width outDepth outHeight outWidth kernelDepth kernelHeight kernelWidth strideDepth strideHeight strideWidth dilationDepth dilationHeight dilationWidth padDepth padHeight padWidth lda ldc lo~ hi~'],
  ['f32_reduce any_reduce arg_reduce', 'x y view identity op dtype last'],
  ['copy', 'x y axes rank bytes'],
  ['gather scatter', 'data indices dense axes rank tuple depth indexBytes bytes dtype reduction'],
]

/** What a module of this version exports as `abi`. */
export const ABI = -275633043
