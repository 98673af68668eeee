import { invariant } from '../../errors.js'
import { qconvShape } from '../../graph/infer/qmatrix.js'
import { lift } from './conv-geometry.js'
import { emitRows, qmatrix, type QMatrix, type QOperands, type QOptions } from './qmatrix.js'
import { STAGE_REQUANTIZE } from './qpacking.js'
import type { Lowering, LowerTable } from './rule.js'

/** One channel per group on both sides: the groups become columns of one matrix whose K is the window. */
function depthwise(l: Lowering, o: QOperands, n: number, kernel: readonly number[], stage: number, options: QOptions): QMatrix {
  const taps = kernel.reduce((product, size) => product * size, 1)
  return qmatrix(l, o, { groups: 1, n, taps, channels: 1, strideN: taps, strideTap: 1, strideC: 0 }, stage, { ...options, depthwise: true })
}

export function convolve(l: Lowering, o: QOperands, stage: number, options: QOptions = {}): void {
  const { layout, window, groups, channels, n } = qconvShape(l, o.x, o.w)
  invariant(layout.channelsLast, `${l.op} "${l.node.name}" reached the planner channels first`)
  const taps = window.kernel.reduce((product, size) => product * size, 1)
  const matrix = channels === 1 && n === 1 && groups > 1
    ? depthwise(l, o, groups, window.kernel, stage, options)
    : qmatrix(l, o, { groups, n, taps, channels, strideN: channels * taps, strideTap: 1, strideC: taps }, stage, options)
  emitRows(l, o, matrix, {
    batch: layout.batch, spatial: lift(layout.spatial, 1), out: lift(window.output, 1), kernel: lift(window.kernel, 1),
    strides: lift(window.strides, 1), dilations: lift(window.dilations, 1), begin: lift(window.begin, 0), xStride: groups * channels, ldc: groups * n,
  })
}

export const qconv: LowerTable = {
  QLinearConv: (l) => convolve(l, { x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, yScale: 6, yZero: 7, bias: 8 }, STAGE_REQUANTIZE),
}
