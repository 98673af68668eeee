import { NULL, type Operand } from '../../runtime/operand.js'
import type { Lowering } from './rule.js'

/** Columns of a packed panel (NR of assembly/gemm/f32-tile.ts). */
const PANEL = 8
const ROW_TABLE_BYTES = 4 * 256

/** A matrix B[k, n] inside an operand, strides in elements; either axis may be split in two (see PackF32Params). */
export interface PackedMatrix {
  readonly batches?: number
  readonly batchStride?: number
  readonly k: readonly [outer: number, outerStride: number, inner: number, innerStride: number]
  readonly n: readonly [outer: number, outerStride: number, inner: number, innerStride: number]
  readonly alpha?: number
}

/** One axis that is not split. */
export const axis = (size: number, stride: number): readonly [number, number, number, number] => [1, 0, size, stride]

const sizeOf = (a: readonly number[]): number => a[0]! * a[2]!

/** Bytes of one packed matrix. */
export const packedBytes = (m: Pick<PackedMatrix, 'k' | 'n'>): number => 4 * PANEL * Math.ceil(sizeOf(m.n) / PANEL) * sizeOf(m.k)

/** Emits the step that packs `x` into `target`. */
export function emitPack(l: Lowering, x: Operand, target: Operand, m: PackedMatrix): void {
  const [kOuter, kOuterStride, kInner, kInnerStride] = m.k
  const [nOuter, nOuterStride, nInner, nInnerStride] = m.n
  const { batches = 1, batchStride = 0, alpha = 1 } = m
  l.emit('f32_pack', { x, y: target, batches, batchStride, kOuter, kInner, kOuterStride, kInnerStride, nOuter, nInner, nOuterStride, nInnerStride, alpha })
}

/** Input `i` as packed panels, packed when the plan is loaded if it is a constant. */
export function packed(l: Lowering, i: number, m: PackedMatrix): Operand {
  return l.pack(`f32_pack ${JSON.stringify(m)}`, packedBytes(m) * (m.batches ?? 1), [i], (target) => emitPack(l, l.in(i), target, m))
}

/** Bounds that a fused Relu or Clip left on the node; infinite without one. */
export const activationBounds = (l: Lowering): { lo: number; hi: number } =>
  ({ lo: l.float('activation_min', -Infinity), hi: l.float('activation_max', Infinity) })

export interface Product {
  readonly a: Operand
  /** Elements from one row of A to the next, and from one k to the next. */
  readonly lda: number
  readonly kStride?: number
  readonly b: Operand
  readonly c: Operand
  readonly m: number
  readonly n: number
  readonly k: number
  /** Elements from one row of C to the next; n when absent. */
  readonly ldc?: number
  /** Where sums start: a row (lds 0) or a matrix. */
  readonly start?: Operand
  readonly lds?: number
  /** Byte offsets of each product's a, b and c; one product at 0 when absent. */
  readonly offsets?: readonly (readonly [number, number, number])[]
  readonly lo?: number
  readonly hi?: number
}

/** Emits C = clamp(start + A·B) of packed B; with k = 0, C = clamp(start). */
export function emitProduct(l: Lowering, p: Product): void {
  const { m, n, k, kStride = 1, start = NULL, lds = 0, ldc = n, offsets = [[0, 0, 0]], lo = -Infinity, hi = Infinity } = p
  const strided = kStride !== 1
  const segments = l.table(strided ? Uint32Array.from({ length: k }, (_, i) => 4 * i * kStride) : Uint32Array.of(0))
  const common = {
    start, c: p.c, rows: l.scratch(ROW_TABLE_BYTES), segments, offsets: l.table(Int32Array.from(offsets.flat())),
    batches: offsets.length, m, n, lds, ldc, lo, hi,
  }
  if (k === 0) {
    const zeros = l.table(new Float32Array(packedBytes({ k: axis(1, 0), n: axis(n, 0) }) / 4))
    l.emit('f32_gemm', { ...common, offsets: l.table(Int32Array.from(offsets.flatMap((o) => [0, 0, o[2]]))), a: zeros, b: zeros, segments: l.table(Uint32Array.of(0)), segmentCount: 1, run: 1, lda: 0 })
  } else l.emit('f32_gemm', { ...common, a: p.a, b: p.b, segmentCount: strided ? k : 1, run: strided ? 1 : k, lda: p.lda }, m * n * k * offsets.length)
}
