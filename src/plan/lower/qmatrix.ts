import { elementCount } from '../../dtype.js'
import type { QFoldParams } from '../../runtime/abi.js'
import { at, NULL, type Operand } from '../../runtime/operand.js'
import { toInts } from '../../value.js'
import {
  columnsBytes, depthwiseBytes, depthwisePacking, depthwiseStretch, extrasOf, FORMAT_I8, isSigned, MOST_DEPTHWISE_SINGLES, outlierShare, packedBytes, PACKING_I16, relaxedPacking, rowBlock, sumsBytes, writesCodes, type Packing,
} from './qpacking.js'
import type { Lowering } from './rule.js'

/** Which inputs of a node play which part; absent ones are left out. */
export interface QOperands {
  readonly x: number
  readonly w: number
  readonly xZero?: number
  readonly wZero?: number
  readonly xScale?: number
  readonly wScale?: number
  readonly yScale?: number
  readonly yZero?: number
  readonly bias?: number
  readonly floatBias?: number
}

/** Weights of `groups` matrices and where their elements lie, in elements: see QPackParams. */
export interface QWeights {
  readonly groups: number
  readonly n: number
  readonly taps: number
  readonly channels: number
  readonly strideN: number
  readonly strideTap: number
  readonly strideC: number
  /** K that a tap takes; `channels` when not given */
  readonly tapSpan?: number
  /** Where in input `w`, and which of its columns' parameters, this matrix starts. */
  readonly offset?: number
  readonly column?: number
}

/** Where rows come from and go to, for one call of q_conv. */
export interface QRows {
  readonly batch: number
  readonly spatial: readonly [number, number, number]
  readonly out: readonly [number, number, number]
  readonly kernel: readonly [number, number, number]
  readonly strides: readonly [number, number, number]
  readonly dilations: readonly [number, number, number]
  readonly begin: readonly [number, number, number]
  /** bytes from one input position to the next */
  readonly xStride: number
  /** the input where it is not the node's own, but a copy of it */
  readonly x?: Operand
  /** first element of the input, and of the output */
  readonly xOffset?: number
  readonly yOffset?: number
  /** which row's zero point comes first, where every row has its own */
  readonly zeroOffset?: number
  readonly zeroPerRow?: boolean
  readonly ldc: number
}

export interface QMatrix {
  readonly packing: Packing
  readonly packed: Operand
  readonly columns: Operand
  readonly weights: QWeights
  readonly stage: number
}

const given = (l: Lowering, i: number | undefined): i is number => i !== undefined && l.has(i)

/** Address of element `index` of optional input `i`. */
const optional = (l: Lowering, i: number | undefined, index = 0, bytes = 1): Operand => (given(l, i) ? at(l.in(i), index * bytes) : NULL)

/** 0 when one parameter serves all columns. */
const strideOf = (l: Lowering, i: number | undefined): number => (given(l, i) && elementCount(l.dims(i)) > 1 ? 1 : 0)

/** Weights that this host's relaxed dot product can take as they are: known, symmetric, with few pairs that must be split. */
function packingFor(l: Lowering, o: QOperands, weights: QWeights, { zeroPerRow, depthwise }: QOptions): Packing {
  const w = l.constant(o.w)
  const xSigned = isSigned(l.input(o.x)) === 1
  const plain = depthwise ? depthwisePacking(PACKING_I16, xSigned) : PACKING_I16
  if (zeroPerRow || !l.capabilities || !w) return plain
  const centre = w.dtype === 'int8' ? 0 : 128
  const zero = given(l, o.wZero) ? l.constant(o.wZero) : undefined
  const symmetric = given(l, o.wZero) ? zero !== undefined && toInts(zero).every((z) => z === centre) : centre === 0
  if (!symmetric) return plain
  const neighbour = !depthwise && weights.channels > 1 ? weights.strideC : weights.strideTap
  const relaxed = relaxedPacking(l.capabilities, xSigned, outlierShare(w, neighbour), depthwise ? MOST_DEPTHWISE_SINGLES : undefined)
  return relaxed ? (depthwise ? depthwisePacking(relaxed, xSigned) : relaxed) : plain
}

export interface QOptions {
  readonly zeroPerRow?: boolean
  /** Whether columns are channels of one group each, their weights dense. */
  readonly depthwise?: boolean
  readonly alpha?: number
  /** first element of the bias, and elements from one column's to the next */
  readonly biasOffset?: number
  readonly biasStride?: number
  /** What q_fold is told otherwise, where another arithmetic than ONNX's is asked for; `key` names it. */
  readonly engine?: { readonly key: string; fold(): Partial<QFoldParams> }
}

/** Packs the weights and folds the rest into columns: at load where all of it is known, else in every run. */
export function qmatrix(l: Lowering, o: QOperands, weights: QWeights, stage: number, options: QOptions = {}): QMatrix {
  const packing = packingFor(l, o, weights, options)
  const { format } = packing
  const { groups, n, taps, channels, offset = 0, column = 0 } = weights
  const { tapSpan = channels } = weights
  const deep = packing.kernel === 'q_depthwise'
  const bytes = deep ? depthwiseBytes(n, taps) : packedBytes(groups, n, taps * tapSpan, packing)
  const sources = (...inputs: (number | undefined)[]): number[] => inputs.filter((i): i is number => given(l, i))
  const { alpha = 1, biasOffset = 0, biasStride = 1 } = options
  const extras = extrasOf(taps * tapSpan, packing)
  const xSigned = isSigned(l.input(o.x))
  const readSigned = +((xSigned === 1) !== packing.flip > 0)
  const key = JSON.stringify([weights, format, deep ? readSigned : extras])
  const wColumn = (i: number | undefined): number => (strideOf(l, i) && elementCount(l.dims(i!)) > groups * n ? column : 0)
  const packed = l.pack(`${deep ? 'd' : 'q'} ${key}`, bytes + sumsBytes(groups, n), sources(o.w, o.wZero), (target) => {
    const common = { w: at(l.in(o.w), offset), wZeroPoint: optional(l, o.wZero, wColumn(o.wZero)), packed: target, sums: at(target, bytes), n, taps, zeroPointStride: strideOf(l, o.wZero), wSigned: isSigned(l.input(o.w)), format }
    return deep
      ? l.emit('q_depthwise_pack', { ...common, xSigned: readSigned })
      : l.emit('q_pack', { ...common, groups, channels, strideN: weights.strideN, strideTap: weights.strideTap, strideC: weights.strideC, extras, tapSpan })
  })
  const half = given(l, o.xScale) && l.input(o.xScale).dtype === 'float16'
  const quantized = writesCodes(stage)
  const ySigned = quantized ? isSigned(l.output()) : 0
  const folded = sources(o.w, o.wZero, o.bias, o.floatBias, o.xZero, o.xScale, o.wScale, o.yScale, o.yZero)
  const columns = l.pack(`c ${key} ${stage} ${ySigned} ${JSON.stringify([packing, options])}`, columnsBytes(groups, n, stage), folded, (target) =>
    l.emit('q_fold', {
      sums: format === FORMAT_I8 || deep ? at(packed, bytes) : NULL, bias: optional(l, o.bias, biasOffset, 4), floatBias: optional(l, o.floatBias),
      xZeroPoint: options.zeroPerRow ? NULL : optional(l, o.xZero), xScale: optional(l, o.xScale), wScale: optional(l, o.wScale, wColumn(o.wScale), half ? 2 : 4),
      yScale: optional(l, o.yScale), yZeroPoint: optional(l, o.yZero), columns: target, groups, n, wScaleStride: strideOf(l, o.wScale), biasStride, halfScales: +half,
      xSigned, ySigned, shift: packing.shift, yMin: ySigned ? -128 : 0, yMax: ySigned ? 127 : 255, alpha, rest: NULL, before: 1, early: 0, ...options.engine?.fold(),
    }))
  return { packing, packed, columns, weights, stage }
}

/** Multiplies rows by a packed matrix. */
export function emitRows(l: Lowering, o: QOperands, matrix: QMatrix, r: QRows): void {
  const { groups, n, taps, channels, tapSpan = channels } = matrix.weights
  const { format, flip } = matrix.packing
  const rows = r.batch * r.out[0] * r.out[1] * r.out[2]
  const { kernel } = matrix.packing
  const pointwise = taps === 1 && r.strides.every((s) => s === 1) && r.begin.every((p) => p === 0) && r.out.every((s, i) => s === r.spatial[i])
  const direct = kernel === 'q_conv' && format === FORMAT_I8 && !flip && pointwise
  const block = kernel === 'q_depthwise' ? depthwiseStretch(r) : rowBlock(rows, taps * channels, format)
  l.emit(kernel, {
    x: at(r.x ?? l.in(o.x), r.xOffset ?? 0), y: at(l.out(), (r.yOffset ?? 0) * (writesCodes(matrix.stage) ? 1 : 4)), packed: matrix.packed, columns: matrix.columns,
    xZeroPoint: optional(l, o.xZero, r.zeroOffset), scratch: l.scratch(direct ? 128 : block.bytes),
    batch: r.batch, depth: r.spatial[0], height: r.spatial[1], width: r.spatial[2], channels, xStride: r.xStride, groups, n,
    outDepth: r.out[0], outHeight: r.out[1], outWidth: r.out[2], kernelD: r.kernel[0], kernelH: r.kernel[1], kernelW: r.kernel[2],
    strideD: r.strides[0], strideH: r.strides[1], strideW: r.strides[2], dilationD: r.dilations[0], dilationH: r.dilations[1], dilationW: r.dilations[2],
    padD: r.begin[0], padH: r.begin[1], padW: r.begin[2], ldc: r.ldc, stage: matrix.stage, format, extras: extrasOf(taps * tapSpan, matrix.packing), xSigned: isSigned(l.input(o.x)),
    zeroPointStride: r.zeroPerRow ? 1 : 0, flip, direct: +direct, blockRows: block.blockRows, lda: block.lda,
  }, rows * taps * channels * groups * n)
}
