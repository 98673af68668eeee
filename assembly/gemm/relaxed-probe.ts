import { RelaxedProbeParams } from "../abi";
import { RELAXED } from "../tier";
import { Capability } from "./qformat";

/** Every first operand against `x` in all lanes; `x` is held as the signed or unsigned byte that `value` names. */
function agrees(x: i32, value: i32): bool {
  if (RELAXED) {
    for (let a = -128; a < 128; a += 17) {
      for (let b = -128; b < 128; b += 51) {
        if (max(a, 0) + max(b, 0) > 128 || min(a, 0) + min(b, 0) < -128) continue;
        const pair = i16x8.splat(i16((a & 255) | (b << 8)));
        const got = i16x8.relaxed_dot_i8x16_i7x16_s(pair, i8x16.splat(i8(x)));
        if (v128.any_true(v128.xor(got, i16x8.splat(i16((a + b) * value))))) return false;
      }
    }
    return true;
  }
  return false;
}

/**
 * Writes which second operands i16x8.relaxed_dot_i8x16_i7x16_s gets right in this host (Capability bits). The
 * instruction leaves bytes of 128 and more to the implementation: x86 reads them as unsigned, others may read them as signed.
 */
export function relaxed_probe(p: usize): void {
  const q = changetype<RelaxedProbeParams>(p);
  let bits = 0;
  if (RELAXED) {
    bits = Capability.EXACT_7 | Capability.UNSIGNED_8 | Capability.SIGNED_8;
    for (let x = 0; x < 256; x = x < 120 ? x + 17 : x + 1 + (x & 12)) {
      const low = x < 128, unsigned = agrees(x, x), signed = low ? unsigned : agrees(x, x - 256);
      if (low && !unsigned) bits = 0;
      if (!unsigned) bits &= ~Capability.UNSIGNED_8;
      if (!signed) bits &= ~Capability.SIGNED_8;
    }
  }
  store<i32>(q.y, bits);
}
