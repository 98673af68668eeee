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

/** Fields in order, each `name` + letter: p address, i int32, u uint32, f float32. Field k lies at byte 4·k. */
export const BLOCKS = {
  UnaryParams: 'x:p y:p count:i op:i alpha:f beta:f',
} as const

export interface BlockOf {
  UnaryParams: UnaryParams
}

/** Every exported kernel and the block it takes. */
export const KERNELS = {
  f32_unary: 'UnaryParams',
} as const

export type KernelName = keyof typeof KERNELS
export type ParamsOf<K extends KernelName> = BlockOf[(typeof KERNELS)[K]]
