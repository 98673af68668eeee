/** Small QDQ graphs give ONNX Runtime's bits in every tier. How qdq.json was made: qdq.mjs. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Tensor } from '../../src/value.js'
import { loadedTiers, openModel } from '../support/sessions.js'

interface Case {
  readonly seed: number
  readonly name: string
  readonly dims: readonly number[]
  readonly outputDims: readonly number[]
  readonly model: string
  readonly input: string
  readonly output: string
}

const { cases, madeBy } = JSON.parse(readFileSync('tests/golden/qdq.json', 'utf8')) as { cases: Case[]; madeBy: string }
const floats = (base64: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)

for (const [name, tier] of loadedTiers())
  for (const c of cases)
    test(`${name}: ${c.name} (seed ${c.seed}) as ${madeBy}`, async () => {
      const session = openModel(Uint8Array.from(Buffer.from(c.model, 'base64')), tier)
      const { y } = await session.run({ x: new Tensor('float32', floats(c.input), c.dims) })
      session.release()
      assert.deepEqual(y!.dims, c.outputDims)
      assert.deepEqual(y!.data, floats(c.output))
    })
