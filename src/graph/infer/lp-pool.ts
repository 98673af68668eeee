import type { NodeView } from '../node-view.js'
import { floatPool, whole, windowed } from './pool.js'
import type { InferTable } from './rule.js'

const normed = (dims: (view: NodeView) => readonly number[]) => floatPool((view) => {
  if (view.int('p', 2) < 1) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "p" must be at least 1, got ${view.int('p', 2)}`)
  return dims(view)
})

export const lpPool: InferTable = { LpPool: normed(windowed), GlobalLpPool: normed(whole) }
