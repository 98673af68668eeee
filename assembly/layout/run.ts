import { SIMD } from "../tier";

/** From here on the engine's own memory.copy beats a loop in wasm, whose call costs some 10 ns. */
// @ts-ignore: decorator
@inline const BULK: usize = 512;

/**
 * Copies n ≥ 1 bytes from x to y (both unaligned, disjoint). Tails are copied by a last, overlapping word: nothing past n is
 * read or written.
 */
export function copyRun(y: usize, x: usize, n: usize): void {
  if (n >= BULK) {
    memory.copy(y, x, n);
  } else if (n >= 16) {
    const last = n - 16;
    if (SIMD) {
      for (let i: usize = 0; i < last; i += 16) v128.store(y + i, v128.load(x + i));
      v128.store(y + last, v128.load(x + last));
    } else {
      for (let i: usize = 0; i < last + 8; i += 8) store<u64>(y + i, load<u64>(x + i));
      store<u64>(y + last + 8, load<u64>(x + last + 8));
    }
  } else if (n >= 8) {
    const tail = load<u64>(x + n - 8);
    store<u64>(y, load<u64>(x));
    store<u64>(y + n - 8, tail);
  } else if (n >= 4) {
    const tail = load<u32>(x + n - 4);
    store<u32>(y, load<u32>(x));
    store<u32>(y + n - 4, tail);
  } else {
    const last = load<u8>(x + n - 1);
    if (n >= 2) store<u16>(y, load<u16>(x));
    store<u8>(y + n - 1, last);
  }
}
