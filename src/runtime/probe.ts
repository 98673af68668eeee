import type { Tier } from './tiers.js'

/*
 * One function per tier, () -> v128 or () -> nothing, that uses one instruction of the tier:
 *   simd     (func (drop (v128.const i32x4 0 0 0 0)))
 *   relaxed  (func (drop (i16x8.relaxed_dot_i8x16_i7x16_s (v128.const i64x2 0 0) (v128.const i64x2 0 0))))
 * A host that rejects these cannot run the tier's file, so that file is never fetched.
 */
const HEADER = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0]
const ZERO = [0xfd, 12, ...Array<number>(16).fill(0)]
const body = (code: number[]): Uint8Array<ArrayBuffer> => {
  const entry = [0, ...code, 0x1a, 0x0b]
  return new Uint8Array([...HEADER, 10, entry.length + 2, 1, entry.length, ...entry])
}

const PROBES: Record<Tier, Uint8Array<ArrayBuffer> | null> = {
  scalar: null,
  simd: body(ZERO),
  relaxed: body([...ZERO, ...ZERO, 0xfd, 0x92, 0x02]),
}

/** Whether this host accepts the instructions of `tier`. Acceptance alone proves nothing about answers: see load.ts. */
export const accepts = (tier: Tier): boolean => {
  const probe = PROBES[tier]
  return !probe || WebAssembly.validate(probe)
}
