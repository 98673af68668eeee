import { layoutOf, type Window } from '../../graph/infer/spatial.js'
import { block, OP, spatialAxes, windowed } from './pool.js'
import { emitReduce } from './reduce.js'
import type { LowerRule, LowerTable } from './rule.js'

const windowedNorm: LowerRule = (l) => {
  const { params } = windowed(l)
  l.emit('any_pool', { ...params, op: OP.lp, exponent: l.int('p', 2) })
}

const globalNorm: LowerRule = (l) => {
  const p = l.int('p', 2)
  if (p <= 2) return emitReduce(l, p === 1 ? 'l1' : 'l2', spatialAxes(l))
  const layout = layoutOf(l, l.dims(0))
  const spatial = [layout.spatial.reduce((n, s) => n * s, 1)]
  const window: Window = { kernel: spatial, strides: [1], dilations: [1], begin: [0], end: [0], output: [1] }
  l.emit('any_pool', { ...block(l, { ...layout, spatial }, window), op: OP.lp, exponent: p })
}

export const lpPool: LowerTable = { LpPool: windowedNorm, GlobalLpPool: globalNorm }
