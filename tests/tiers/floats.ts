import assert from 'node:assert/strict'
import { random } from './harness.js'

/** Floats of mixed sign and size in (-2, 2), seeded. */
export function floats(count: number, seed: number): Float32Array {
  const next = random(seed)
  return Float32Array.from({ length: count }, () => next() / 2 ** 30 - 2)
}

/** Fails at the first element that is not the same float32, naming the case; NaN equals NaN, −0 is not 0. */
export function sameBits(got: Float32Array, want: Float32Array, what: string): void {
  assert.equal(got.length, want.length, what)
  for (let i = 0; i < want.length; i++) if (!Object.is(got[i], want[i])) assert.fail(`${what}: element ${i} is ${got[i]}, expected ${want[i]}`)
}
