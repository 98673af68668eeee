import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { main } from '../../src/cli/dispatch.js'
import { DATA, skipWithoutData } from '../support/data.js'

/** The report of a short quantization of a real model, scored on its whole recipe. */
async function report(name: string, ...more: string[]): Promise<{ accuracy: { set: string; float: Record<string, number | null>; int8: Record<string, number | null> }[]; worst: unknown[]; layers: { quantized: boolean }[] }> {
  const [out, err] = [[] as string[], [] as string[]]
  const status = await main(['quantize', '--recipe', join(DATA!, 'recipes', `${name}.json`), '-o', '/dev/null', '--json', ...more], { write: (t) => out.push(t) }, { write: (t) => err.push(t) })
  assert.equal(status, 0, err.join(''))
  return JSON.parse(out.join(''))
}
const skip = skipWithoutData || (existsSync('/dev/null') ? false : 'no /dev/null here')

test('boxes: what each model finds, and how alike they are', { skip }, async () => {
  for (const { float, int8 } of (await report('ultraface', '--observer', 'minmax')).accuracy) {
    assert.deepEqual(Object.keys(float), ['boxes'])
    assert.deepEqual(Object.keys(int8), ['boxes', 'matched', 'agreement', 'leastIou', 'meanIou'])
    assert.ok(int8['agreement']! > 0.9 && int8['meanIou']! > 0.9)
  }
})

test('signal to noise has a row for each output', { skip }, async () => {
  const { accuracy } = await report('yunet', '--observer', 'minmax')
  assert.deepEqual(accuracy.map((a) => a.set), ['unseen', 'all'])
  assert.deepEqual(Object.keys(accuracy[0]!.int8), ['sqnr loc', 'sqnr conf', 'sqnr iou', 'leastSqnr'])
  assert.deepEqual(accuracy[0]!.float, {})
})

test('a sound: chunks in turn, the state running through all of them', { skip }, async () => {
  const { accuracy, worst } = await report('silero', '--dynamic')
  assert.equal(accuracy[0]!.float['agreement'], 1)
  assert.ok(accuracy[0]!.int8['agreement']! > 0.99 && worst.length === 0)
})
