import { at, type Operand } from '../../runtime/operand.js'
import { toInts } from '../../value.js'
import { extrasOf, isSigned, outlierShare, packedBytes, PACKING_I16, relaxedPacking, rowBlock, sumsBytes, type Packing } from './qpacking.js'
import type { Lowering } from './rule.js'

/** A matrix [k, n] of codes among a node's inputs, for kernels that make products themselves. */
export interface CodedWeights {
  /** Which input holds the codes, from element `offset` on, and how far neighbours along k and n are apart. */
  readonly codes: number
  readonly offset: number
  readonly strideK: number
  readonly strideN: number
  readonly k: number
  readonly n: number
  /** Which input holds zero points, where in it, and elements from one column's to the next: 0 or 1. */
  readonly zero: number
  readonly zeroAt: number
  readonly zeroStep: number
}

/** The relaxed dot product takes weights that are known and have their zero points in the middle. */
function packingFor(l: Lowering, { codes, zero, k, strideK }: CodedWeights): Packing {
  const weights = l.constant(codes), zeros = l.constant(zero)
  const centre = isSigned(l.input(codes)) ? 0 : 128
  if (!l.capabilities || !weights || !zeros || !toInts(zeros).every((z) => z === centre)) return PACKING_I16
  return (k > 1 && relaxedPacking(l.capabilities, false, outlierShare(weights, strideK))) || PACKING_I16
}

/** Panels of the matrix and their sums, packed when the plan is loaded if the weights are constants: a CodedMatrix but for its scale. `rows`: how many it meets. */
export function codedMatrix(l: Lowering, w: CodedWeights, rows: number): { readonly panels: Operand; readonly sums: Operand; readonly rowBytes: number } & Record<'k' | 'format' | 'extras' | 'flip' | 'shift' | 'lda' | 'blockRows', number> {
  const { codes, offset, strideK, strideN, k, n, zero, zeroAt, zeroStep } = w
  const packing = packingFor(l, w), { format } = packing
  const bytes = packedBytes(1, n, k, packing), extras = extrasOf(k, packing)
  const panels = l.pack(`coded matrix ${JSON.stringify([w, format, extras])}`, bytes + sumsBytes(1, n), [codes, zero], (target) => {
    l.emit('q_pack', {
      w: at(l.in(codes), offset), wZeroPoint: at(l.in(zero), zeroAt), packed: target, sums: at(target, bytes), groups: 1, n, taps: 1, channels: k, strideN, strideTap: 0, strideC: strideK,
      zeroPointStride: zeroStep, wSigned: isSigned(l.input(codes)), format, extras, tapSpan: k,
    })
  })
  const block = rowBlock(rows, k, format)
  return { panels, sums: at(panels, bytes), k, format, extras, flip: packing.flip, shift: packing.shift, lda: block.lda, blockRows: block.blockRows, rowBytes: block.bytes }
}
