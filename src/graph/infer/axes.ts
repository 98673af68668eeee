import type { NodeView } from '../node-view.js'

/** `axes` counted from the front, each once. @throws ATTRIBUTE_UNSUPPORTED */
export function axesOf(view: NodeView, axes: readonly number[], rank: number): number[] {
  const at = axes.map((a) => view.axis(a, rank))
  return new Set(at).size === at.length ? at : view.fail('ATTRIBUTE_UNSUPPORTED', `axes [${axes}] name an axis twice for a value of rank ${rank}`)
}
