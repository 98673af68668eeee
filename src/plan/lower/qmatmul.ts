import { elementCount } from '../../dtype.js'
import { matmulShape } from '../../graph/infer/matmul-shape.js'
import { qgemmShape } from '../../graph/infer/qmatrix.js'
import { emitRows, qmatrix, type QMatrix, type QOperands, type QRows } from './qmatrix.js'
import { STAGE_FLOAT, STAGE_REQUANTIZE } from './qpacking.js'
import type { Lowering, LowerTable } from './rule.js'

const ONE = [1, 1, 1] as const
const NONE = [0, 0, 0] as const

/** `m` dense rows of `k`: a 1×1 convolution over a line. */
export const line = (m: number, k: number, n: number): QRows =>
  ({ batch: 1, spatial: [1, 1, m], out: [1, 1, m], kernel: ONE, strides: ONE, dilations: ONE, begin: NONE, xStride: k, ldc: n })

/** The columns of a dense [k, m] matrix as rows: a k×1 window sliding over a k×m image of one channel. */
const transposedLine = (m: number, k: number, n: number): QRows =>
  ({ batch: 1, spatial: [1, k, m], out: [1, 1, m], kernel: [1, k, 1], strides: ONE, dilations: ONE, begin: NONE, xStride: 1, ldc: n })

/** numpy's matmul. One right-hand matrix takes all rows at once, otherwise every product is a step of its own. */
export function product(l: Lowering, o: QOperands, stage: number): void {
  const { m, n, k, pairs } = matmulShape(l, o.x, o.w)
  const zeros = o.xZero !== undefined && l.has(o.xZero) ? elementCount(l.dims(o.xZero)) : 1
  const perRow = zeros > 1
  const matrices = new Map<number, QMatrix>()
  const matrixOf = (b: number): QMatrix => {
    let matrix = matrices.get(b)
    if (!matrix) matrices.set(b, (matrix = qmatrix(l, o, { groups: 1, n, taps: 1, channels: k, strideN: 1, strideTap: 0, strideC: n, offset: b * k * n, column: b * n }, stage, { zeroPerRow: perRow })))
    return matrix
  }
  const rows = elementCount(l.dims(o.x)) / k
  if (pairs.every(([a, b], i) => a === i && b === 0) && (!perRow || zeros === rows)) {
    emitRows(l, o, matrixOf(0), { ...line(rows, k, n), zeroPerRow: perRow })
    return
  }
  pairs.forEach(([a, b], i) =>
    emitRows(l, o, matrixOf(b), { ...line(m, k, n), xOffset: a * m * k, yOffset: i * m * n, zeroPerRow: perRow, zeroOffset: perRow && zeros > m ? a * m : 0 }))
}

/**
 * alpha · (A − a_zero)(B − b_zero) scaled, C added to the accumulators; an operand C with a value per row makes every row a step.
 */
function qgemm(l: Lowering): void {
  const { m, n, k, transA, transB } = qgemmShape(l)
  const o: QOperands = { x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, bias: 6, yScale: 7, yZero: 8 }
  const stage = l.has(8) ? STAGE_REQUANTIZE : STAGE_FLOAT
  const axis = transA ? { taps: k, channels: 1, strideTap: transB ? 1 : n, strideC: 0 } : { taps: 1, channels: k, strideTap: 0, strideC: transB ? 1 : n }
  const weights = { groups: 1, n, strideN: transB ? k : 1, ...axis }
  const c = l.has(6) ? l.dims(6) : []
  const perRow = c.length === 2 && c[0] !== 1
  const biasStride = c[c.length - 1] === n && n > 1 ? 1 : 0
  const base = transA ? transposedLine(m, k, n) : line(m, k, n)
  const alpha = l.float('alpha', 1)
  if (!perRow) return emitRows(l, o, qmatrix(l, o, weights, stage, { alpha, biasStride }), base)
  for (let r = 0; r < m; r++)
    emitRows(l, o, qmatrix(l, o, weights, stage, { alpha, biasStride, biasOffset: r * c[1]! }), {
      ...base, spatial: transA ? base.spatial : [1, 1, 1], out: ONE, xOffset: transA ? r : r * k, yOffset: r * n,
    })
}

export const qmatmul: LowerTable = {
  QLinearMatMul: (l) => product(l, { x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, yScale: 6, yZero: 7 }, STAGE_REQUANTIZE),
  'com.microsoft:MatMulIntegerToFloat': (l) => product(l, { x: 0, w: 1, xScale: 2, wScale: 3, xZero: 4, wZero: 5, floatBias: 6 }, STAGE_FLOAT),
  'com.microsoft:QGemm': qgemm,
}
