/**
 * How the weights of an int8 depthwise convolution lie in memory. Sixteen channels make a chunk of CHUNK + 96 bytes a tap:
 *   byte 0      i32 offset[16]: what the sums of all segments have been lowered by
 *   byte 64     32 i32 that only packing uses
 *   byte 192    i32 segments, i32 steps
 *   byte 256    steps, 32 bytes each. Format.I16: i16 weight[16] of one tap. Format.I8: i8 weight[16][2] of two taps, or of one and zeros
 *   + 32·taps   segments of 48 bytes: i16 start[16], i32 bytes of the segment's share of the list that follows
 *   + 80·taps   i32 tap[2] a step: where it reads; twice the same for one tap
 * A segment's steps are summed in i16, from `start` on. Whatever the activations, such a sum has at most 255·Σ|w| + 1 values, so it is
 * right as long as Σ|w| ≤ 257 in every channel: `start` puts the least of them at −32768, and wrapping on the way is harmless.
 * A step of two taps feeds the relaxed dot product, whose own sums must stay in i16: its positive weights add up to 128 at most,
 * its negative ones to −128 at least.
 */
export const WORK: usize = 64;
export const SEGMENTS: usize = 192;
export const STEPS: usize = 196;
export const CHUNK: usize = 256;

// @ts-ignore: decorator
@inline export function chunkBytes(taps: i32): usize {
  return CHUNK + usize(taps) * 96;
}

/** The first segment of a chunk. */
// @ts-ignore: decorator
@inline export function segmentsOf(chunk: usize, taps: i32): usize {
  return chunk + CHUNK + (usize(taps) << 5);
}

/** The list of taps of a chunk. */
// @ts-ignore: decorator
@inline export function tapsOf(chunk: usize, taps: i32): usize {
  return chunk + CHUNK + usize(taps) * 80;
}
