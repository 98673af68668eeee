import type { TensorType } from '../../graph/graph.js'
import type { Tensor } from '../../value.js'

/**
 * Sizes and choices of the int8 kernels, as assembly/gemm/qformat.ts, requantize/columns.ts and conv/qconv.ts lay them out.
 */
export const FORMAT_I16 = 0
export const FORMAT_I8 = 1

export const STAGE_REQUANTIZE = 0
export const STAGE_RAW = 1
export const STAGE_FLOAT = 2
/** From here on: assembly/requantize/engines.ts. */
export const STAGE_FUSED = 3
export const STAGE_SERIAL = 4
export const STAGE_JOINED = 5
export const STAGE_STEPS = 6
export const STAGE_WIDE = 7

/** Whether a stage writes codes. */
export const writesCodes = (stage: number): boolean => stage === STAGE_REQUANTIZE || stage > STAGE_SERIAL

/** What relaxed_probe reports. */
export const CAPABILITY_EXACT_7 = 1
export const CAPABILITY_UNSIGNED_8 = 2
export const CAPABILITY_SIGNED_8 = 4

/** How a node's weights are packed and its activations read. `flip` is applied to every byte, `shift` is what that adds. */
export interface Packing {
  readonly format: number
  readonly flip: number
  readonly shift: number
  /** Share of a panel's steps for which FORMAT_I8 keeps room to split them. */
  readonly extras: number
  /** What reads it. */
  readonly kernel: 'q_conv' | 'q_depthwise'
}

export const PACKING_I16: Packing = { format: FORMAT_I16, flip: 0, shift: 0, extras: 0, kernel: 'q_conv' }

/** The same for one channel per group, where FORMAT_I16 too reads signed activations with their top bit flipped. */
export function depthwisePacking(packing: Packing, xSigned: boolean): Packing {
  const flipped = packing.format === FORMAT_I16 && xSigned ? { flip: 0x80, shift: 128 } : {}
  return { ...packing, ...flipped, extras: 0, kernel: 'q_depthwise' }
}

/** Beyond this share of steps that must be split, FORMAT_I16 is the faster one. */
const MOST_EXTRAS = 0.1
export const MOST_DEPTHWISE_SINGLES = 0.5

/**
 * The packing for the relaxed dot product, when this host's reads 8-bit second operands in one definite way and few steps must be split:
 * `outliers` is the share of them.
 */
export function relaxedPacking(capabilities: number, xSigned: boolean, outliers: number, most = MOST_EXTRAS): Packing | undefined {
  if (outliers > most) return undefined
  const extras = outliers * 1.5
  if (capabilities & CAPABILITY_UNSIGNED_8) return { format: FORMAT_I8, flip: xSigned ? 0x80 : 0, shift: xSigned ? 128 : 0, extras, kernel: 'q_conv' }
  if (capabilities & CAPABILITY_SIGNED_8) return { format: FORMAT_I8, flip: xSigned ? 0 : 0x80, shift: xSigned ? 0 : -128, extras, kernel: 'q_conv' }
  return undefined
}

/** Extra entries that a panel of `k` has room for. */
export const extrasOf = (k: number, { format, extras }: Packing): number =>
  format === FORMAT_I8 ? Math.min(stepsOf(k, format), Math.ceil(stepsOf(k, format) * extras) + 2) : 0

const SAMPLES = 4096

/**
 * The share of steps (8 columns by 4 weights) that would need an extra entry, from at most 4096 weights drawn evenly: which format is
 * faster, never which is right. `strideK` separates neighbours along K.
 */
export function outlierShare(weights: Tensor, strideK: number): number {
  const data = weights.data as ArrayLike<number>
  const offset = weights.dtype === 'uint8' ? 128 : 0
  const room = data.length - strideK
  if (room <= 0) return 0
  const step = Math.max(1, Math.floor(room / SAMPLES)) | 1
  let pairs = 0
  let large = 0
  for (let i = 0; i < room && pairs < SAMPLES; i += step, pairs++) {
    const a = data[i]! - offset
    const b = data[i + strideK]! - offset
    if (Math.max(a, 0) + Math.max(b, 0) > 128 || Math.min(a, 0) + Math.min(b, 0) < -128) large++
  }
  return 1 - (1 - large / pairs) ** 16
}

/** Columns per group, padded to whole panels. */
export const paddedColumns = (n: number): number => Math.ceil(n / 8) * 8

export const stepsOf = (k: number, format: number): number => Math.ceil(k / (format === FORMAT_I8 ? 4 : 2))

/** Bytes of the panels of `groups` matrices [k, n]. */
export function packedBytes(groups: number, n: number, k: number, packing: Packing): number {
  const { format } = packing
  const steps = stepsOf(k, format)
  return groups * (paddedColumns(n) / 8) * (steps * 32 + (format === FORMAT_I8 ? 32 + extrasOf(k, packing) * 64 : 0))
}

/** Bytes of q_pack's column sums. */
export const sumsBytes = (groups: number, n: number): number => groups * paddedColumns(n) * 4

/** Bytes of the columns block; stages from JOINED on have a vector more. */
export const columnsBytes = (groups: number, n: number, stage = STAGE_REQUANTIZE): number => 128 + (stage >= STAGE_JOINED ? 4 : 3) * sumsBytes(groups, n)

const BLOCK_BYTES = 48 * 1024

/** How many rows are gathered at a time, how long each is, and the scratch that takes. Rows come in whole tiles of 4 and 5. */
export function rowBlock(rows: number, k: number, format: number): { lda: number; blockRows: number; bytes: number } {
  const lda = Math.ceil((k * (format === FORMAT_I8 ? 1 : 2) + 16) / 16) * 16
  const blockRows = Math.min(rows, Math.max(20, Math.floor(BLOCK_BYTES / lda / 20) * 20))
  return { lda, blockRows, bytes: 128 + blockRows * lda + 64 }
}

/** Bytes of q_depthwise_pack's chunks. */
export const depthwiseBytes = (n: number, taps: number): number => Math.ceil(n / 16) * (256 + 96 * taps)

export interface DepthwiseShape {
  readonly out: readonly number[]
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
}

/** How many outputs of a row, and how many rows, q_depthwise prepares together, and the scratch that takes. Axes are depth, height, width. */
export function depthwiseStretch({ out, kernel, strides, dilations }: DepthwiseShape): { blockRows: number; lda: number; bytes: number } {
  const span = (axis: number, outputs: number): number => (outputs - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1
  const most = (axis: number, inputs: number): number =>
    Math.min(out[axis]!, Math.max(1, Math.floor((inputs - (kernel[axis]! - 1) * dilations[axis]! - 1) / strides[axis]!) + 1))
  const room = BLOCK_BYTES / 32 / kernel[0]!
  const blockRows = most(2, Math.max(8, Math.floor(room / span(1, 1))))
  const lda = most(1, Math.floor(room / span(2, blockRows)))
  const taps = kernel.reduce((product, size) => product * size, 1)
  return { blockRows, lda, bytes: 512 + taps * 12 + 16 * kernel[0]! * span(1, lda) * span(2, blockRows) }
}

export const isSigned = (type: TensorType): number => (type.dtype === 'int8' ? 1 : 0)
