/** The compiled modules, best first. A tier changes speed only, never a bit of the result. */
export const TIERS = ['relaxed', 'simd', 'scalar'] as const
export type Tier = (typeof TIERS)[number]

/** What the second operand of the relaxed dot product may be on this host, learned by running it (see probe.ts). */
export const enum Capability {
  /** 7-bit activations are exact: the instruction works at all. */
  SEVEN_BIT = 1,
  /** The operand is read as unsigned 8-bit, with saturating pair sums. */
  UNSIGNED = 2,
  /** The operand is read as signed 8-bit. */
  SIGNED = 4,
}
