/** Traced graphs beside the modules that they were traced from. */
import assert from 'node:assert/strict'
import { SCALAR_TYPES } from '../../src/autograd/scalar-type.js'
import { Tensor } from '../../src/autograd/tensor.js'
import type { Graph } from '../../src/graph/graph.js'
import { Tensor as Value } from '../../src/value.js'
import { openGraph } from '../../src/workflow/eager/trace/open.js'
import { trace, type Traceable } from '../../src/workflow/eager/trace/trace.js'

/** A tensor as a session takes it: of a quantized one its codes. */
export const valueOf = (t: Tensor): Value => new Value(SCALAR_TYPES[t.dtype].host, t.toArray(), t.shape)

export function bitsOf(t: Tensor | Value): Uint8Array {
  const data = t instanceof Value ? t.data : t.toArray()
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Tensors in whatever lists and objects a model gives. */
export const flat = (y: unknown): Tensor[] => (y instanceof Tensor ? [y] : Object.values(y as object).flatMap(flat))

/** Traces on the first arguments, then runs module and graph on all: shapes and bits must be the same. */
export function sameBits(model: Traceable, runs: readonly (readonly unknown[])[], where: string): Graph {
  const graph = trace(model, runs[0]!)
  const session = openGraph(graph)
  for (const args of runs) {
    const given = [...new Set(flat(args))]
    const got = session.runSync(Object.fromEntries(graph.inputs.map(({ name }, i) => [name, valueOf(given[i]!)])))
    flat((model as (...args: readonly unknown[]) => unknown)(...args)).forEach((expected, i) => {
      const value = got[graph.outputs[i]!.name]!
      assert.deepEqual([value.dtype, ...value.dims], [SCALAR_TYPES[expected.dtype].host, ...expected.shape], where)
      assert.deepEqual(bitsOf(value), bitsOf(expected), where)
    })
  }
  session.release()
  return graph
}
