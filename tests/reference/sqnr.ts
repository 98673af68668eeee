/** Signal-to-quantization-noise ratio over any number of results, element by element. */
export function sqnr(pairs: readonly (readonly [Float32Array, Float32Array])[]): number {
  let [signal, noise] = [0, 0]
  for (const [x, y] of pairs) x.forEach((v, i) => { signal += v * v; noise += (v - y[i]!) ** 2 })
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise)
}
