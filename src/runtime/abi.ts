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

export interface QFoldParams {
  sums: Operand
  bias: Operand
  floatBias: Operand
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

/** Fields in order, each `name` + letter: p address, i int32, u uint32, f float32. Field k lies at byte 4·k. */
export const BLOCKS = {
  UnaryParams: 'x:p y:p count:i op:i alpha:f beta:f',
  BroadcastParams: 'a:p b:p c:p y:p op:i inner:i innerA:i innerB:i innerC:i mid:i midA:i midB:i midC:i lineBytes:i outer:i rank:i table:p',
  CastParams: 'x:p y:p scratch:p count:i from:i to:i fromBytes:i toBytes:i',
  QuantizeParams: 'x:p y:p scale:p zero:p outer:i axis:i block:i inner:i scaleRow:i scaleStep:i varied:i lo:i hi:i',
  RangeParams: 'x:p count:i scale:p zero:p',
  Lut8Params: 'x:p y:p table:p count:i',
  QBinaryParams: 'a:p b:p c:p y:p op:i inner:i innerA:i innerB:i innerC:i mid:i midA:i midB:i midC:i lineBytes:i outer:i rank:i table:p aScale:p bScale:p yScale:p aZero:p bZero:p yZero:p signed:i late:i lo:i hi:i',
  PoolParams: 'x:p y:p indices:p batch:i channels:i depth:i height:i width:i outDepth:i outHeight:i outWidth:i kernelDepth:i kernelHeight:i kernelWidth:i strideDepth:i strideHeight:i strideWidth:i dilationDepth:i dilationHeight:i dilationWidth:i padDepth:i padHeight:i padWidth:i endDepth:i endHeight:i endWidth:i op:i divisor:i dtype:i columnMajor:i exponent:f flip:u xZeroPoint:i yZeroPoint:i xScale:f yScale:f',
  GlobalAveragePoolParams: 'x:p y:p outer:i count:i inner:i flip:u bias:i scale:f yZeroPoint:i',
  RelaxedProbeParams: 'y:p',
  QPackParams: 'w:p wZeroPoint:p packed:p sums:p groups:i n:i taps:i channels:i strideN:i strideTap:i strideC:i zeroPointStride:i wSigned:i format:i extras:i tapSpan:i',
  QFoldParams: 'sums:p bias:p floatBias:p xZeroPoint:p xScale:p wScale:p yScale:p yZeroPoint:p columns:p groups:i n:i wScaleStride:i biasStride:i halfScales:i xSigned:i ySigned:i shift:i yMin:i yMax:i alpha:f',
  QConvParams: 'x:p y:p packed:p columns:p xZeroPoint:p scratch:p batch:i depth:i height:i width:i channels:i xStride:i groups:i n:i outDepth:i outHeight:i outWidth:i kernelD:i kernelH:i kernelW:i strideD:i strideH:i strideW:i dilationD:i dilationH:i dilationW:i padD:i padH:i padW:i ldc:i stage:i format:i extras:i xSigned:i zeroPointStride:i flip:i direct:i blockRows:i lda:i',
  PackF32Params: 'x:p y:p batches:i batchStride:i kOuter:i kInner:i kOuterStride:i kInnerStride:i nOuter:i nInner:i nOuterStride:i nInnerStride:i alpha:f',
  GemmF32Params: 'a:p b:p start:p c:p rows:p segments:p offsets:p segmentCount:i run:i batches:i m:i n:i lda:i lds:i ldc:i lo:f hi:f',
  ConvF32Params: 'x:p w:p bias:p y:p strip:p rows:p segments:p segmentCount:i run:i batch:i groups:i channels:i n:i depth:i height:i width:i outDepth:i outHeight:i outWidth:i strideDepth:i strideHeight:i strideWidth:i padDepth:i padHeight:i padWidth:i stripDepth:i stripHeight:i stripWidth:i stripRows:i lda:i ldc:i lo:f hi:f',
  DepthwiseF32Params: 'x:p w:p bias:p y:p offsets:p batch:i channels:i depth:i height:i width:i outDepth:i outHeight:i outWidth:i kernelDepth:i kernelHeight:i kernelWidth:i strideDepth:i strideHeight:i strideWidth:i dilationDepth:i dilationHeight:i dilationWidth:i padDepth:i padHeight:i padWidth:i lda:i ldc:i lo:f hi:f',
  ScatterF32Params: 'x:p bias:p y:p groups:i n:i depth:i height:i width:i outDepth:i outHeight:i outWidth:i kernelDepth:i kernelHeight:i kernelWidth:i strideDepth:i strideHeight:i strideWidth:i dilationDepth:i dilationHeight:i dilationWidth:i padDepth:i padHeight:i padWidth:i lo:f hi:f',
  RecurrentF32Params: 'x:p xStep:i xRow:i r:p bias:p peepholes:p initialH:p initialC:p initialRow:i lengths:p y:p yStep:i yRow:i lastH:p lastC:p lastRow:i scratch:p steps:i batch:i hidden:i cell:i reverse:i linearBeforeReset:i clip:f f:i fAlpha:f fBeta:f g:i gAlpha:f gBeta:f h:i hAlpha:f hBeta:f',
  ReduceParams: 'x:p y:p view:p identity:p op:i dtype:i last:i',
  CopyParams: 'x:p y:p axes:p rank:i bytes:i',
  NormalizeParams: 'x:p y:p view:p scale:p bias:p mean:p invStdDev:p groups:i groupStep:i rowStep:i step:i center:i deviation:i epsilon:f outerEpsilon:f',
  BatchNormParams: 'x:p y:p factor:p bias:p mean:p outer:i channels:i inner:i epsilon:f',
  LrnParams: 'x:p y:p outer:i channels:i inner:i before:i after:i alpha:f beta:f bias:f',
  SoftmaxParams: 'x:p y:p view:p table:p log:i yScale:f yZeroPoint:i signed:i',
  IndexedParams: 'data:p indices:p dense:p axes:p rank:i tuple:p depth:i indexBytes:i bytes:i dtype:i reduction:i',
  OneHotParams: 'indices:p on:p y:p outer:i inner:i depth:i bytes:i dtype:i',
  TriluParams: 'x:p y:p batch:i rows:i columns:i k:i upper:i bytes:i',
  CumSumParams: 'x:p y:p outer:i length:i inner:i exclusive:i reverse:i dtype:i',
  TopKParams: 'x:p values:p indices:p keys:p order:p outer:i length:i inner:i k:i largest:i dtype:i',
  NonZeroParams: 'x:p y:p count:p axes:p rank:i total:i dtype:i',
  NmsParams: 'boxes:p scores:p y:p count:p keys:p order:p iouThreshold:p scoreThreshold:p batches:i classes:i boxCount:i perClass:i center:i',
  SequenceParams: 'start:p delta:p y:p count:i dtype:i',
  NearestParams: 'x:p y:p rows:p columns:p outer:i height:i width:i bytes:i plane:i',
  BilinearParams: 'x:p y:p rows:p rowWeights:p columns:p columnWeights:p outer:i height:i width:i inner:i plane:i dtype:i',
  ResampleParams: 'x:p y:p offsets:p weights:p outer:i length:i inner:i count:i taps:i',
  GridSampleParams: 'x:p grid:p y:p taps:p batch:i channels:i depth:i height:i width:i count:i axes:i mode:i padding:i alignCorners:i',
  AffineGridParams: 'theta:p y:p batch:i depth:i height:i width:i axes:i alignCorners:i',
} as const

export interface BlockOf {
  UnaryParams: UnaryParams
  BroadcastParams: BroadcastParams
  CastParams: CastParams
  QuantizeParams: QuantizeParams
  RangeParams: RangeParams
  Lut8Params: Lut8Params
  QBinaryParams: QBinaryParams
  PoolParams: PoolParams
  GlobalAveragePoolParams: GlobalAveragePoolParams
  RelaxedProbeParams: RelaxedProbeParams
  QPackParams: QPackParams
  QFoldParams: QFoldParams
  QConvParams: QConvParams
  PackF32Params: PackF32Params
  GemmF32Params: GemmF32Params
  ConvF32Params: ConvF32Params
  DepthwiseF32Params: DepthwiseF32Params
  ScatterF32Params: ScatterF32Params
  RecurrentF32Params: RecurrentF32Params
  ReduceParams: ReduceParams
  CopyParams: CopyParams
  NormalizeParams: NormalizeParams
  BatchNormParams: BatchNormParams
  LrnParams: LrnParams
  SoftmaxParams: SoftmaxParams
  IndexedParams: IndexedParams
  OneHotParams: OneHotParams
  TriluParams: TriluParams
  CumSumParams: CumSumParams
  TopKParams: TopKParams
  NonZeroParams: NonZeroParams
  NmsParams: NmsParams
  SequenceParams: SequenceParams
  NearestParams: NearestParams
  BilinearParams: BilinearParams
  ResampleParams: ResampleParams
  GridSampleParams: GridSampleParams
  AffineGridParams: AffineGridParams
}

/** Every exported kernel and the block it takes. */
export const KERNELS = {
  f32_unary: 'UnaryParams',
  f64_unary: 'UnaryParams',
  i32_unary: 'UnaryParams',
  i64_unary: 'UnaryParams',
  f32_classify: 'UnaryParams',
  f64_classify: 'UnaryParams',
  f32_binary: 'BroadcastParams',
  f64_binary: 'BroadcastParams',
  i32_binary: 'BroadcastParams',
  i64_binary: 'BroadcastParams',
  u64_binary: 'BroadcastParams',
  u8_binary: 'BroadcastParams',
  x_where: 'BroadcastParams',
  x_cast: 'CastParams',
  f16_to_f32: 'CastParams',
  f32_to_f16: 'CastParams',
  f32_quantize_u8: 'QuantizeParams',
  f32_quantize_s8: 'QuantizeParams',
  f32_quantize_u16: 'QuantizeParams',
  f32_quantize_s16: 'QuantizeParams',
  u8_dequantize: 'QuantizeParams',
  s8_dequantize: 'QuantizeParams',
  u16_dequantize: 'QuantizeParams',
  s16_dequantize: 'QuantizeParams',
  s32_dequantize: 'QuantizeParams',
  f32_range_u8: 'RangeParams',
  q8_binary: 'QBinaryParams',
  x8_lut: 'Lut8Params',
  f32_pool: 'PoolParams',
  x8_maxpool: 'PoolParams',
  q8_avgpool: 'PoolParams',
  any_pool: 'PoolParams',
  q8_global_avgpool: 'GlobalAveragePoolParams',
  relaxed_probe: 'RelaxedProbeParams',
  q_pack: 'QPackParams',
  q_fold: 'QFoldParams',
  q_conv: 'QConvParams',
  q_depthwise: 'QConvParams',
  f32_gemm: 'GemmF32Params',
  f32_pack: 'PackF32Params',
  f32_conv: 'ConvF32Params',
  f32_depthwise: 'DepthwiseF32Params',
  f32_scatter: 'ScatterF32Params',
  f32_recurrent: 'RecurrentF32Params',
  f32_reduce: 'ReduceParams',
  any_reduce: 'ReduceParams',
  arg_reduce: 'ReduceParams',
  copy: 'CopyParams',
  f32_normalize: 'NormalizeParams',
  f32_batchnorm: 'BatchNormParams',
  f32_batchnorm_factor: 'BatchNormParams',
  f32_lrn: 'LrnParams',
  f32_softmax: 'SoftmaxParams',
  f32_hardmax: 'SoftmaxParams',
  q8_softmax: 'SoftmaxParams',
  trilu: 'TriluParams',
  gather: 'IndexedParams',
  scatter: 'IndexedParams',
  one_hot: 'OneHotParams',
  cumsum: 'CumSumParams',
  range: 'SequenceParams',
  top_k: 'TopKParams',
  non_zero: 'NonZeroParams',
  non_max_suppression: 'NmsParams',
  nearest: 'NearestParams',
  bilinear: 'BilinearParams',
  resample: 'ResampleParams',
  grid_sample: 'GridSampleParams',
  affine_grid: 'AffineGridParams',
} as const

export type KernelName = keyof typeof KERNELS
export type ParamsOf<K extends KernelName> = BlockOf[(typeof KERNELS)[K]]
