/**
 * How int8 weights lie in memory. Eight columns make a panel; a step of a panel is 32 bytes and meets 4 bytes of every
 * activation row, so both formats are walked alike:
 *   I16   [K/2][8][2] i16, weight minus its zero point; activations i16, minus their zero point
 *   I8    [K/4][8][4] i8, zero point 0; activations one byte. Then 32 bytes that start with an i32 count, then up to
 *         `extras` entries of 64 bytes: 32 bytes of weights and an i32 byte offset into the activation row.
 * I8 feeds the relaxed dot product, whose pair sums must stay in i16 whatever it does beyond: positive weights of a pair
 * (K even, K odd) may add up to 128 and negative ones to −128. A step with a larger pair keeps half of it and leaves the
 * rest to an extra entry; when more steps need that than there is room for, the count is −1 and every step is
 * halved on the fly. K beyond the last channel and columns beyond n hold zeros.
 */
export namespace Format {
  // @ts-ignore: decorator
  @inline export const I16: i32 = 0;
  // @ts-ignore: decorator
  @inline export const I8: i32 = 1;
}

/** What the host's relaxed dot product has been seen to do (bits). */
export namespace Capability {
  /** exact for 7-bit second operands */
  // @ts-ignore: decorator
  @inline export const EXACT_7: i32 = 1;
  /** reads an 8-bit second operand as unsigned, exact wherever the pair sum fits i16 */
  // @ts-ignore: decorator
  @inline export const UNSIGNED_8: i32 = 2;
  /** reads it as signed, likewise */
  // @ts-ignore: decorator
  @inline export const SIGNED_8: i32 = 4;
}

/** What becomes of an accumulator. */
export namespace Stage {
  // @ts-ignore: decorator
  @inline export const REQUANTIZE: i32 = 0;
  // @ts-ignore: decorator
  @inline export const RAW: i32 = 1;
  // @ts-ignore: decorator
  @inline export const FLOAT: i32 = 2;
  // PyTorch's engines: requantize/engines.ts
  // @ts-ignore: decorator
  @inline export const FUSED: i32 = 3;
  // @ts-ignore: decorator
  @inline export const SERIAL: i32 = 4;
  // @ts-ignore: decorator
  @inline export const JOINED: i32 = 5;
  // @ts-ignore: decorator
  @inline export const STEPS: i32 = 6;
  // @ts-ignore: decorator
  @inline export const WIDE: i32 = 7;
}

/** Steps of 4 bytes that K values take. */
// @ts-ignore: decorator
@inline export function stepsOf(k: i32, format: i32): i32 {
  return format == Format.I8 ? (k + 3) >> 2 : (k + 1) >> 1;
}

/** Bytes of one panel with room for `extras` entries. */
// @ts-ignore: decorator
@inline export function panelBytes(steps: i32, format: i32, extras: i32): i32 {
  return (steps << 5) + (format == Format.I8 ? 32 + (extras << 6) : 0);
}
