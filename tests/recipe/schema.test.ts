import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { OctavoError } from '../../src/errors.js'
import { parseRecipe, RECIPE_SCHEMA } from '../../src/recipe/schema.js'
import { DATA, skipWithoutData } from '../support/data.js'

const good = () => ({
  model: 'm.onnx', metric: 'top1', expected: { top1: 0.5 },
  data: { kind: 'images', path: 'photos', label: { from: 'filename', regex: '^(\\d+)_' } } as Record<string, unknown>,
  input: { resizeShort: 256, centerCrop: 224, filter: 'bilinear-antialias', mean: [1, 2, 3], std: [1, 1, 1] } as Record<string, unknown>,
})

/** A recipe with one value changed, at a dotted path; undefined takes the field out. */
function changed(path: string, value: unknown): string {
  const recipe = good() as Record<string, unknown>
  const keys = path.split('.')
  const parent = keys.slice(0, -1).reduce((o, k) => o[k] as Record<string, unknown>, recipe)
  if (value === undefined) delete parent[keys.at(-1)!]
  else parent[keys.at(-1)!] = value
  return JSON.stringify(recipe)
}

test('a good recipe is read as it is', () => assert.deepEqual(parseRecipe(JSON.stringify(good()), 'r.json'), good()))

const WRONG: readonly (readonly [path: string, value: unknown, field: string])[] = [
  ['model', undefined, 'model'], ['model', '', 'model'], ['metric', 'top2', 'metric'], ['surprise', 1, 'surprise'],
  ['data.kind', 'video', 'data.kind'], ['data.path', 3, 'data.path'], ['data.label', undefined, 'data.label'], ['data.label.regex', '(', 'data.label.regex'], ['data.shape', [1], 'data.shape'],
  ['input.resizeShort', 0, 'input.resizeShort'], ['input.resizeShort', 1.5, 'input.resizeShort'], ['input.filter', 'cubic', 'input.filter'], ['input.mean', ['a'], 'input.mean[0]'],
  ['input.resize', [1, 2], 'input.resize'], ['input.letterbox', [1], 'input.letterbox'], ['input.resizeshort', 3, 'input.resizeshort'], ['input.codes', 'yes', 'input.codes'],
  ['expected', { top1: 'high' }, 'expected.top1'], ['metric', 'boxes-agreement', 'decode'], ['metric', 'agreement', 'data.reference'], ['metric', 'auc-reconstruction', 'data.labels'],
  ['input', [], 'input'], ['data', { kind: 'records', path: 'x', labels: 'y', dtype: 'uint8', shape: [2] }, 'input.resizeShort'],
  ['data', { kind: 'audio', path: 'x' }, 'input.resizeShort'],
]
for (const [path, value, field] of WRONG)
  test(`${path} = ${JSON.stringify(value)}: RECIPE_INVALID names ${field}`, () => {
    assert.throws(() => parseRecipe(changed(path, value), 'r.json'), (e) => {
      assert.ok(e instanceof OctavoError && e.code === 'RECIPE_INVALID', String(e))
      assert.equal(e.details['field'], field, e.message)
      return true
    })
  })

test('sounds: frames must be a power of two, chunks need their fields', () => {
  const recipe = (input: object) => JSON.stringify({ model: 'm', data: { kind: 'audio', path: 'a.wav' }, metric: 'sqnr-per-output', input })
  const frames = { frame: 512, hop: 128, transform: 'magnitude of the real FFT, 257 bins', state: 'h fed back from the second output' }
  assert.equal(parseRecipe(recipe(frames), 'r').metric, 'sqnr-per-output')
  for (const [input, field] of [[{ ...frames, frame: 500 }, 'input.frame'], [{ ...frames, transform: 'mel' }, 'input.transform'], [{ ...frames, state: 'h' }, 'input.state'], [{ chunk: 512, context: 64, state: [2], sr: 0 }, 'input.sr']] as const)
    assert.throws(() => parseRecipe(recipe(input), 'r'), (e) => e instanceof OctavoError && e.details['field'] === field)
})

test('not JSON at all', () => assert.throws(() => parseRecipe('{', 'r.json'), (e) => e instanceof OctavoError && e.code === 'RECIPE_INVALID' && e.message.includes('r.json')))

test('docs/recipe.schema.json is the validator\'s own schema', () => {
  assert.deepEqual(JSON.parse(readFileSync('docs/recipe.schema.json', 'utf8')), JSON.parse(JSON.stringify(RECIPE_SCHEMA)))
})

test('every recipe at hand is valid', { skip: skipWithoutData }, () => {
  const files = readdirSync(join(DATA!, 'recipes')).filter((f) => f.endsWith('.json'))
  assert.ok(files.length >= 20)
  for (const file of files) parseRecipe(readFileSync(join(DATA!, 'recipes', file), 'utf8'), file)
})
