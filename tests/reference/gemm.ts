const f = Math.fround

/** What every float32 product adds up to: one sum per output, k ascending, a product and a sum rounded each. NaN passes the clamp. */
export const multiplyAdd = (sum: number, a: number, b: number): number => f(sum + f(a * b))

export const clamp = (x: number, lo: number, hi: number): number => (x < lo ? lo : x > hi ? hi : x)

export interface Product { readonly m: number; readonly n: number; readonly k: number; readonly lda?: number; readonly ldc?: number; readonly lo?: number; readonly hi?: number }

/** C[i, j] = clamp(start[i, j] + Σ_k A[i, k]·B[k, j]); elements of C between n and ldc keep what `c` holds. */
export function gemm(a: ArrayLike<number>, b: ArrayLike<number>, start: (i: number, j: number) => number, c: Float32Array, p: Product): Float32Array {
  const { m, n, k, lda = k, ldc = n, lo = -Infinity, hi = Infinity } = p
  const y = c.slice()
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = start(i, j)
      for (let l = 0; l < k; l++) sum = multiplyAdd(sum, a[i * lda + l]!, b[l * n + j]!)
      y[i * ldc + j] = clamp(sum, lo, hi)
    }
  return y
}

/** Panels of eight columns, [⌈n/8⌉][k][8], from any view of B. */
export function pack(b: (k: number, n: number) => number, k: number, n: number, alpha = 1): Float32Array {
  const y = new Float32Array(Math.ceil(n / 8) * k * 8)
  for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) y[(Math.floor(j / 8) * k + l) * 8 + (j % 8)] = f(b(l, j) * alpha)
  return y
}
