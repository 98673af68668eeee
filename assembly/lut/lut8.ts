/** y[i] = table[x[i]] over bytes. */
import { Lut8Params } from "../abi";

export function x8_lut(p: usize): void {
  const q = changetype<Lut8Params>(p);
  let x = q.x, y = q.y;
  const table = q.table;
  const end = x + usize(q.count);
  for (; x + 8 <= end; x += 8, y += 8) {
    const a = load<u32>(x), b = load<u32>(x, 4);
    const low = u32(load<u8>(table + (a & 255))) | u32(load<u8>(table + (a >> 8 & 255))) << 8 | u32(load<u8>(table + (a >> 16 & 255))) << 16 | u32(load<u8>(table + (a >> 24))) << 24;
    const high = u32(load<u8>(table + (b & 255))) | u32(load<u8>(table + (b >> 8 & 255))) << 8 | u32(load<u8>(table + (b >> 16 & 255))) << 16 | u32(load<u8>(table + (b >> 24))) << 24;
    store<u32>(y, low);
    store<u32>(y, high, 4);
  }
  for (; x < end; x++, y++) store<u8>(y, load<u8>(table + load<u8>(x)));
}
