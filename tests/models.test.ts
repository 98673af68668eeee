/** Whole models against ONNX Runtime's answers, in every tier, and the tiers against each other. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readNpy } from '../src/formats/npy.js'
import type { Tensors } from '../src/session.js'
import { Tensor } from '../src/value.js'
import { DATA, skipWithoutData } from './support/data.js'
import { loadedTiers, openModel } from './support/sessions.js'

/** Of max|expected|, for float arithmetic. */
const TOLERANCE = 1e-4
const INT8 = 'mobilenetv2-12-qdq'

const file = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(DATA!, ...path)))

/** Tensors kept as PREFIX.NAME.npy. */
function kept(folder: string, prefix: string): Map<string, Tensor> {
  const files = readdirSync(join(DATA!, 'refs', folder)).filter((f) => f.startsWith(`${prefix}.`) && f.endsWith('.npy'))
  return new Map(files.map((f) => [f.slice(prefix.length + 1, -4), readNpy(file('refs', folder, f), f)]))
}

/** Files name values as npz does: what a file system refuses is written '_'. */
function named(names: readonly string[], tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...tensors].map(([written, tensor]) => [names.find((n) => n === written || n.replace(/[^\w.-]/g, '_') === written) ?? written, tensor]))
}

/** Row `i` along the first axis. */
function row(t: Tensor, i: number): Tensor {
  const size = t.size / t.dims[0]!
  return new Tensor(t.dtype, t.data.slice(i * size, (i + 1) * size), [1, ...t.dims.slice(1)])
}

function assertClose(actual: Tensor, expected: Tensor, what: string): void {
  assert.deepEqual(actual.dims, expected.dims, `dims of ${what}`)
  const [a, b] = [actual.data, expected.data] as [Float32Array, Float32Array]
  let [worst, most] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!) || (Number.isNaN(a[i]!) ? Infinity : 0))
    most = Math.max(most, Math.abs(b[i]!))
  }
  assert.ok(most > 0, `${what}: the reference is all zeros`)
  assert.ok(worst <= TOLERANCE * most, `${what}: max|delta| ${worst} against max|ref| ${most}, ${(worst / most).toExponential(1)} where ${TOLERANCE} is allowed`)
}

function assertSameBits(actual: Tensors, expected: Tensors, what: string): void {
  for (const [name, tensor] of Object.entries(expected)) assert.deepEqual(actual[name]!.data, tensor.data, `${what}: ${name}`)
}

const models = DATA ? (JSON.parse(readFileSync(join(DATA, 'refs/index.json'), 'utf8')) as { models: Record<string, string> }).models : {}

test('data of whole models', { skip: skipWithoutData }, () => assert.ok(Object.keys(models).length > 0))

for (const [folder, model] of Object.entries(models).filter(([folder]) => folder !== INT8))
  test(`${model} within ${TOLERANCE} of its reference, the same bits in every tier`, async () => {
    let first: Tensors | undefined
    for (const [tier, loaded] of loadedTiers()) {
      const session = openModel(file(model), loaded)
      const outputs = await session.run(Object.fromEntries(named(session.inputNames, kept(folder, 'in'))))
      session.release()
      for (const [name, expected] of named(Object.keys(outputs), kept(folder, 'out'))) assertClose(outputs[name]!, expected, `${tier}: ${name}`)
      if (first) assertSameBits(outputs, first, tier)
      first ??= outputs
    }
  })

test(`${INT8} gives the bits of ONNX Runtime's int8 execution`, { skip: skipWithoutData }, async () => {
  const input = kept(INT8, 'in').get('input')!
  const expected = kept(INT8, 'int8').get('output')!
  for (const [tier, loaded] of loadedTiers()) {
    const session = openModel(file(models[INT8]!), loaded)
    for (let i = 0; i < input.dims[0]!; i++) {
      const { output } = await session.run({ input: row(input, i) })
      assert.deepEqual(output!.data, row(expected, i).data, `${tier}: picture ${i}`)
    }
    session.release()
  }
})
