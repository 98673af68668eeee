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

/** Fields in order, each `name` + letter: p address, i int32, u uint32, f float32. Field k lies at byte 4·k. */
export const BLOCKS = {
  UnaryParams: 'x:p y:p count:i op:i alpha:f beta:f',
  PoolParams: 'x:p y:p indices:p batch:i channels:i depth:i height:i width:i outDepth:i outHeight:i outWidth:i kernelDepth:i kernelHeight:i kernelWidth:i strideDepth:i strideHeight:i strideWidth:i dilationDepth:i dilationHeight:i dilationWidth:i padDepth:i padHeight:i padWidth:i endDepth:i endHeight:i endWidth:i op:i divisor:i dtype:i columnMajor:i exponent:f flip:u xZeroPoint:i yZeroPoint:i xScale:f yScale:f',
  GlobalAveragePoolParams: 'x:p y:p outer:i count:i inner:i flip:u bias:i scale:f yZeroPoint:i',
} as const

export interface BlockOf {
  UnaryParams: UnaryParams
  PoolParams: PoolParams
  GlobalAveragePoolParams: GlobalAveragePoolParams
}

/** Every exported kernel and the block it takes. */
export const KERNELS = {
  f32_unary: 'UnaryParams',
  f32_pool: 'PoolParams',
  x8_maxpool: 'PoolParams',
  q8_avgpool: 'PoolParams',
  any_pool: 'PoolParams',
  q8_global_avgpool: 'GlobalAveragePoolParams',
} as const

export type KernelName = keyof typeof KERNELS
export type ParamsOf<K extends KernelName> = BlockOf[(typeof KERNELS)[K]]
