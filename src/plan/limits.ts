/** Limits against models that ask for far more than they bring; see docs/errors.md. */
export interface Limits {
  /** Bytes of wasm memory. */
  readonly memory: number
  /** Multiply-accumulates, or elements written, of one plan. */
  readonly work: number
}

/**
 * What a graph may take when the caller sets no limit: a fixed allowance plus a share for every byte that the caller
 * brought (model and feeds), so that a file of a kilobyte cannot ask for a gigabyte.
 */
export const defaultLimits = (bytesBrought: number): Limits => ({
  memory: Math.min(2 ** 32 - 65536, 256 * 2 ** 20 + 64 * bytesBrought),
  work: 2 ** 33 + 2 ** 16 * bytesBrought,
})
