import { elementCount } from '../../dtype.js'
import { fusedShape, gemmShape } from '../../graph/infer/gemm.js'
import { matmulShape, type MatmulShape } from '../../graph/infer/matmul-shape.js'
import type { Operand } from '../../runtime/operand.js'
import { activationBounds, axis, emitProduct, packed, packedBytes, type Product } from './f32-product.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

function requireFloat32(l: Lowering): void {
  const { dtype } = l.input(0)
  if (dtype !== 'float32') l.fail('KERNEL_MISSING', `no kernel multiplies ${dtype} matrices; float32 is supported`)
}

/** Products of a[.., m, k] and b[.., k, n], the stored axes swapped where `transA` or `transB` says so. */
function multiply(l: Lowering, { m, n, k, pairs }: MatmulShape, transA: boolean, transB: boolean, alpha: number): void {
  requireFloat32(l)
  const batches = elementCount(l.dims(1)) / (k * n) || 1
  const matrix = { batches, batchStride: k * n, k: axis(k, transB ? 1 : n), n: axis(n, transB ? k : 1), alpha }
  const one = { a: l.in(0), b: k ? packed(l, 1, matrix) : l.in(1), c: l.out(), n, k, ...activationBounds(l) }
  const rows: Pick<Product, 'lda' | 'kStride'> = transA ? { lda: 1, kStride: m } : { lda: k }
  // one right-hand matrix takes the rows of all left-hand ones at once
  if (batches === 1 && !transA) emitProduct(l, { ...one, ...rows, m: m * pairs.length })
  else emitProduct(l, { ...one, ...rows, m, offsets: pairs.map(([a, b], i) => [4 * a * m * k, b * packedBytes(matrix), 4 * i * m * n]) })
}

const matMul: LowerRule = (l) => multiply(l, matmulShape(l, 0, 1), false, false, 1)

const fusedMatMul: LowerRule = (l) =>
  multiply(l, fusedShape(l), l.int('transA', 0) === 1 && l.dims(0).length > 1, l.int('transB', 0) === 1 && l.dims(1).length > 1, l.float('alpha', 1))

/** beta·C as the start of the sums: C itself where nothing is to be done, else scaled and spread over the columns by the packing kernel. */
function startOf(l: Lowering, n: number): { start?: Operand; lds?: number } {
  const beta = l.float('beta', 1)
  if (!l.has(2) || beta === 0) return {}
  const [rows, columns] = [1, 1, ...l.dims(2)].slice(-2) as [number, number]
  if (beta === 1 && columns === n) return { start: l.in(2), lds: rows === 1 ? 0 : n }
  const matrix = { batches: rows, batchStride: columns, k: axis(1, 0), n: axis(n, columns === 1 ? 0 : 1), alpha: beta }
  return { start: packed(l, 2, matrix), lds: rows === 1 ? 0 : packedBytes(matrix) / 4 }
}

const gemmRule: LowerRule = (l) => {
  requireFloat32(l)
  const { m, n, k } = gemmShape(l)
  const matrix = { k: axis(k, l.int('transB', 0) ? 1 : n), n: axis(n, l.int('transB', 0) ? k : 1), alpha: l.float('alpha', 1) }
  const rows = l.int('transA', 0) ? { lda: 1, kStride: m } : { lda: k }
  emitProduct(l, { a: l.in(0), ...rows, b: k ? packed(l, 1, matrix) : l.in(1), c: l.out(), m, n, k, ...startOf(l, n), ...activationBounds(l) })
}

export const gemm: LowerTable = {
  MatMul: matMul,
  Gemm: gemmRule,
  'com.microsoft:FusedMatMul': fusedMatMul,
}
