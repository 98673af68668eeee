const word = new DataView(new ArrayBuffer(4))

/** The float32 next to v, towards +∞ or −∞. v is finite. */
export function neighbour(v: number, up: boolean): number {
  if (v === 0) return up ? 2 ** -149 : -(2 ** -149)
  word.setFloat32(0, v)
  word.setInt32(0, word.getInt32(0) + (up === v > 0 ? 1 : -1))
  return word.getFloat32(0)
}
