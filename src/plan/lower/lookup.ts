import { elementCount } from '../../dtype.js'
import type { LowerTable } from './rule.js'

export const lookup: LowerTable = {
  'octavo:Lookup': (l) => {
    l.mayOverwrite(0, 0)
    l.emit('x8_lut', { x: l.in(0), y: l.out(), table: l.in(1), count: elementCount(l.dims(0)) })
  },
}
