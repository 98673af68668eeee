/**
 * Writes the first `bytes` (1…15) bytes of a vector: how a loop of whole vectors ends. The operands may be read 64 bytes past
 * their end, so the last vector is computed like the others.
 */
export function storePart(at: usize, v: v128, bytes: usize): void {
  if (bytes & 8) {
    v128.store64_lane(at, v, 0);
    v = v128.shuffle<u64>(v, v, 1, 1);
    at += 8;
  }
  if (bytes & 4) {
    v128.store32_lane(at, v, 0);
    v = i64x2.shr_u(v, 32);
    at += 4;
  }
  if (bytes & 2) {
    v128.store16_lane(at, v, 0);
    v = i64x2.shr_u(v, 16);
    at += 2;
  }
  if (bytes & 1) v128.store8_lane(at, v, 0);
}
