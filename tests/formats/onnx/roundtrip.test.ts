/** decode → encode → decode gives the same Graph, on every model at hand that can be read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addForms } from '../../../src/formats/onnx/forms.js'
import { moreForms } from '../../../src/formats/onnx/more-forms.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { encodeModel } from '../../../src/formats/onnx/encode.js'
import { OctavoError } from '../../../src/errors.js'
import type { Graph } from '../../../src/graph/graph.js'
import { conformanceFiles, realModels, skipWithoutData } from '../../support/data.js'

addForms(moreForms)

function assertRoundTrip(graph: Graph): void {
  const again = decodeModel(encodeModel(graph))
  assert.deepStrictEqual({ ...again, name: '' }, { ...graph, name: '' })
}

test('real models', { skip: skipWithoutData }, () => {
  let count = 0
  for (const [name, bytes] of realModels()) {
    const graph = decodeModel(bytes)
    assert.ok(graph.nodes.length > 0 && graph.outputs.length > 0, name)
    assertRoundTrip(graph)
    count++
  }
  assert.ok(count >= 14, `${count} models`)
})

test('conformance models: each is read or refused with a code, and comes back as it was', { skip: skipWithoutData }, () => {
  const counts: Record<string, number> = { read: 0 }
  for (const [path, bytes] of conformanceFiles()) {
    if (!path.endsWith('model.onnx')) continue
    try {
      assertRoundTrip(decodeModel(bytes))
      counts['read']!++
    } catch (error) {
      if (!(error instanceof OctavoError)) throw new Error(path, { cause: error })
      counts[error.code] = (counts[error.code] ?? 0) + 1
    }
  }
  assert.deepEqual(counts, { read: 1655, DTYPE_UNSUPPORTED: 198, ATTRIBUTE_UNSUPPORTED: 2, OP_UNSUPPORTED: 50 })
})
