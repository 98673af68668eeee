import { elementCount } from '../../dtype.js'
import { NULL } from '../../runtime/operand.js'
import { walkOf } from './broadcast.js'
import { broadcastFields } from './elementwise.js'
import type { LowerRule, LowerTable } from './rule.js'

const OPS: Readonly<Record<string, number>> = { add: 0, mul: 1, fixed: 2 }

const binary: LowerRule = (l) => {
  const { dims } = l.output()
  const sources = [0, 1].map((i) => ({ dims: l.dims(i), bytes: 1 }))
  const straight = walkOf(dims, sources)
  const [a, b] = straight.innerSteps[0] === 0 && straight.inner > 1 ? [1, 0] : [0, 1]
  const walk = walkOf(dims, [sources[a]!, sources[b]!, { dims: [], bytes: 0 }])
  for (const i of [a, b]) if (elementCount(l.dims(i)) === elementCount(dims)) l.mayOverwrite(0, i)
  l.emit('q8_table_binary', {
    a: l.in(a), b: l.in(b), c: NULL, y: l.out(), op: OPS[l.string('op')]!, ...broadcastFields(l, walk, walk.inner), aTable: l.in(2 + a), bTable: l.in(2 + b),
    shift: l.int('shift', 0), late: l.int('late'), scale: l.float('scale', 1), early: l.float('early', 0), lo: l.float('lo'), hi: l.float('hi'),
  })
}

const channels: LowerRule = (l) => {
  const { dims } = l.output()
  const axis = l.axis(l.int('axis'), dims.length)
  l.mayOverwrite(0, 0)
  l.emit('x8_lut_channels', { x: l.in(0), y: l.out(), table: l.in(1), outer: elementCount(dims.slice(0, axis)), channels: dims[axis]!, inner: elementCount(dims.slice(axis + 1)) })
}

const embedding: LowerRule = (l) => {
  const [bags, features] = l.output().dims as [number, number]
  l.emit('q8_embedding', {
    codes: l.in(0), params: l.in(1), indices: l.in(2), offsets: l.in(3), weights: l.has(4) ? l.in(4) : NULL, y: l.out(), bags, features, rowBytes: l.dims(0)[1]!, bits: l.int('bits', 8),
  })
}

export const engineTables: LowerTable = { 'octavo:TableBinary': binary, 'octavo:ChannelLookup': channels, 'octavo:QEmbedding': embedding }
