import type { Graph } from '../../graph/graph.js'
import { elementCount, viewOf } from '../../dtype.js'
import type { LoadedTier } from '../../runtime/load.js'
import { GraphSession, type Tensors } from '../../session.js'
import { Tensor } from '../../value.js'

/** A value to look at. */
export interface Look {
  readonly name: string
  /** its elements may come in any order, then with axes in another order too: what is stored channels-last is not copied for it */
  readonly anyOrder: boolean
}

/** A session over the values of a graph that somebody looks at: they are shown where they lie. */
export class ObservingSession extends GraphSession {
  constructor(graph: Graph, private readonly looks: readonly Look[], tier: LoadedTier) {
    const outputs = looks.map(({ name, anyOrder }) => ({ name, dtype: 'float32' as const, dims: null, anyOrder }))
    super({ ...graph, outputs }, tier, [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0))
  }

  /**
   * Runs the graph and shows every value, in the order of `looks`. A tensor is a view of the session's memory: good until `look` returns.
   *
   * @throws as `runSync`, and what `look` throws
   */
  show(feeds: Tensors, look: (value: Tensor, name: string) => void): void {
    const { bound } = this.begin(feeds)
    bound.run()
    const executor = this.open()
    bound.plan.outputs.forEach((port, i) => {
      const { dtype, dims, bound: open } = port.type
      const value = open === undefined ? new Tensor(dtype, viewOf(dtype, executor.arena.bytes.buffer, bound.addressOf(port.at), elementCount(dims)), dims) : executor.read(bound, port)
      look(value, this.looks[i]!.name)
    })
  }
}
