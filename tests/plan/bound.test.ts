import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError } from '../../src/errors.js'
import type { Graph, Node } from '../../src/graph/graph.js'
import { GraphSession } from '../../src/session.js'
import { Tensor } from '../../src/value.js'
import { loadedTiers } from '../support/sessions.js'

const node = (op: string, input: string, output: string, attributes = {}): Node => ({ name: output, op, domain: '', inputs: [input], outputs: [output], attributes })
const graph = (...nodes: Node[]): Graph => ({
  name: 'bound', nodes, constants: new Map(), inputs: [{ name: 'x', dtype: 'float32', dims: [2, 3] }], outputs: [{ name: 'y', dtype: 'int64', dims: null }],
})

test('a length that only a run tells moves with its axis, and is refused by operators that would need it', () => {
  for (const [, tier] of loadedTiers()) {
    const session = new GraphSession(graph(node('NonZero', 'x', 'n'), node('Transpose', 'n', 't'), node('Identity', 't', 'y')), tier, 0)
    for (const [x, y] of [[[0, 1, 0, 0, 0, 2], [0n, 1n, 1n, 2n]], [[0, 0, 0, 0, 0, 0], []], [[1, 0, 0, 0, 0, 0], [0n, 0n]]] as const) {
      const result = session.runSync({ x: new Tensor('float32', x, [2, 3]) }).y!
      assert.deepEqual([result.dims, [...(result.data as BigInt64Array)]], [[y.length / 2, 2], [...y]])
    }
    session.release()
    assert.throws(() => new GraphSession(graph(node('NonZero', 'x', 'n'), node('Shape', 'n', 'y')), tier, 0), (e) => e instanceof OctavoError && e.code === 'OP_UNSUPPORTED')
  }
})
