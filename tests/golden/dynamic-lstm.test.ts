/** DynamicQuantizeLSTM as ONNX Runtime computes it, in every tier. How dynamic-lstm.json was made: dynamic-lstm.py. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { DType } from '../../src/dtype.js'
import { viewOf } from '../../src/dtype.js'
import { Tensor } from '../../src/value.js'
import { loadedTiers, openModel } from '../support/sessions.js'

interface Stored { readonly dtype: DType; readonly dims: readonly number[]; readonly data: string }
interface Case { readonly name: string; readonly exact: boolean; readonly model: string; readonly feeds: Readonly<Record<string, Stored>>; readonly outputs: Readonly<Record<string, Stored>> }

const { cases, madeBy } = JSON.parse(readFileSync('tests/golden/dynamic-lstm.json', 'utf8')) as { cases: Case[]; madeBy: string }
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
const tensorOf = ({ dtype, dims, data }: Stored): Tensor => new Tensor(dtype, viewOf(dtype, bytesOf(data).buffer, 0, dims.reduce((n, d) => n * d, 1)), dims)

for (const [tier, loaded] of loadedTiers())
  test(`${tier}: DynamicQuantizeLSTM as ${madeBy}`, () => {
    let equal = 0, exact = 0, worst = 0
    for (const c of cases) {
      const session = openModel(bytesOf(c.model), loaded)
      const got = session.runSync(Object.fromEntries(Object.entries(c.feeds).map(([name, stored]) => [name, tensorOf(stored)])))
      session.release()
      let same = true
      for (const [name, stored] of Object.entries(c.outputs)) {
        const want = tensorOf(stored), result = got[name]!
        assert.deepEqual(result.dims, want.dims, c.name)
        want.data.forEach((v, i) => {
          const difference = Math.abs(Number(v) - Number(result.data[i]))
          if (difference) same = false
          worst = Math.max(worst, difference)
          assert.ok(difference <= 2e-6 * Math.max(1, Math.abs(Number(v))), `${c.name}, ${name}[${i}]: ${String(result.data[i])}, expected ${String(v)}`)
        })
      }
      if (!c.exact || c.name.includes("'P'")) continue // peepholes are added before the biases there, after them here
      exact++
      if (same) equal++
      else console.log(`# not to the bit: ${c.name}`)
    }
    console.log(`# ${tier}: ${cases.length} layers; of those with neither approximated functions nor peepholes ${equal}/${exact} to the bit; largest difference ${worst.toExponential(1)}`)
    assert.ok(exact >= 40)
    assert.equal(equal, exact)
  })
