// Written by tools/gen-abi.mjs from assembly/abi.train.ts and assembly/index.train.ts. Do not edit.
import type { Layouts } from './abi.js'
import type { Operand } from './operand.js'

export interface MinMaxParams {
  x: Operand
  range: Operand
  count: number
  finite: number
  absolute: number
}

export interface ChannelMinMaxParams {
  x: Operand
  low: Operand
  high: Operand
  outer: number
  channels: number
  inner: number
}

export interface HistcParams {
  x: Operand
  tables: Operand
  count: number
  bins: number
  lo: number
  hi: number
}

export interface EdgesParams {
  x: Operand
  edges: Operand
  counts: Operand
  count: number
  bins: number
  absolute: number
  stride: number
}

export interface EntropyParams {
  counts: Operand
  scratch: Operand
  p: Operand
  q: Operand
  chosen: Operand
  bins: number
  codes: number
}

export interface PercentileParams {
  counts: Operand
  shares: Operand
  chosen: Operand
  bins: number
}

export interface TallyParams {
  tables: Operand
  histogram: Operand
  bins: number
}

export interface RebinParams {
  histogram: Operand
  moved: Operand
  edges: Operand
  bins: number
  oldMin: number
  oldMax: number
  newMin: number
  newMax: number
}

export interface SearchParams {
  histogram: Operand
  sums: Operand
  density: Operand
  norms: Operand
  chosen: Operand
  bins: number
  codes: number
  min: number
  max: number
}

export interface SumParams {
  x: Operand
  y: Operand
  count: number
}

export interface LinspaceParams {
  y: Operand
  count: number
  start: number
  end: number
}

export interface ErrorParams {
  x: Operand
  y: Operand
  sums: Operand
  count: number
}

export interface ErrorChannelsParams {
  x: Operand
  y: Operand
  sums: Operand
  outer: number
  channels: number
  inner: number
}

export interface ScaleChannelsParams {
  x: Operand
  scale: Operand
  outer: number
  channels: number
  inner: number
}

export interface AbsoluteRowsParams {
  x: Operand
  y: Operand
  rows: number
  inner: number
}

export interface MatrixRangesParams {
  m: Operand
  rowScale: Operand
  columnScale: Operand
  rowRange: Operand
  columnRange: Operand
  groups: number
  rows: number
  columns: number
}

export interface SgdParams {
  param: Operand
  grad: Operand
  buffer: Operand
  count: number
  first: number
  nesterov: number
  maximize: number
  rate: number
  momentum: number
  share: number
  weightDecay: number
}

export interface CopyParams {
  x: Operand
  y: Operand
  axes: Operand
  rank: number
  bytes: number
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

/** Every exported kernel and the block it takes. */
export interface Kernels {
  f32_minmax: MinMaxParams
  f32_minmax_channels: ChannelMinMaxParams
  f32_histc: HistcParams
  histogram_tally: TallyParams
  f32_histogram_edges: EdgesParams
  histogram_entropy: EntropyParams
  histogram_percentile: PercentileParams
  histogram_rebin: RebinParams
  histogram_search: SearchParams
  f32_error: ErrorParams
  f32_error_channels: ErrorChannelsParams
  f32_absolute_rows: AbsoluteRowsParams
  f32_matrix_ranges: MatrixRangesParams
  f32_scale_channels: ScaleChannelsParams
  f32_sum: SumParams
  f32_linspace: LinspaceParams
  f32_quantize_u8: QuantizeParams
  f32_quantize_s8: QuantizeParams
  copy: CopyParams
  f32_sgd_step: SgdParams
}

export type KernelName = keyof Kernels
export type ParamsOf<K extends KernelName> = Kernels[K]

/** Of every kernel of the training module. */
export const LAYOUTS: Layouts = [
  ['f32_minmax', 'x range count finite absolute'],
  ['f32_minmax_channels', 'x low high outer channels inner'],
  ['f32_histc', 'x tables count bins lo~ hi~'],
  ['f32_histogram_edges', 'x edges counts count bins absolute stride'],
  ['histogram_entropy', 'counts scratch p q chosen bins codes'],
  ['histogram_percentile', 'counts shares chosen bins'],
  ['histogram_tally', 'tables histogram bins'],
  ['histogram_rebin', 'histogram moved edges bins oldMin~ oldMax~ newMin~ newMax~'],
  ['histogram_search', 'histogram sums density norms chosen bins codes~ min~ max~'],
  ['f32_sum', 'x y count'],
  ['f32_linspace', 'y count start~ end~'],
  ['f32_error', 'x y sums count'],
  ['f32_error_channels', 'x y sums outer channels inner'],
  ['f32_scale_channels', 'x scale outer channels inner'],
  ['f32_absolute_rows', 'x y rows inner'],
  ['f32_matrix_ranges', 'm rowScale columnScale rowRange columnRange groups rows columns'],
  ['f32_sgd_step', 'param grad buffer count first nesterov maximize rate~ momentum~ share~ weightDecay~'],
  ['copy', 'x y axes rank bytes'],
  ['f32_quantize_u8 f32_quantize_s8', 'x y scale zero outer axis block inner scaleRow scaleStep varied lo hi'],
]

/** What a module of this version exports as `abi`. */
export const ABI = 539561186
