import { DTYPES } from '../dtype.js'
import { fromHalf, type Tensor } from '../value.js'

/** The largest differences that the ONNX backend tests allow: |got − want| ≤ atol + rtol · |want|. Source: onnx/backend/test/case/test_case.py. */
export const RTOL = 1e-3
export const ATOL = 1e-7

/**
 * Why `got` is not `want`, or undefined when it is: element type and dims equal, integers and bools exact, floats within
 * tolerance, NaN where NaN is wanted and the same infinities.
 */
export function difference(got: Tensor | undefined, want: Tensor, rtol = RTOL, atol = ATOL): string | undefined {
  if (!got) return 'the output is missing'
  if (got.dtype !== want.dtype) return `expected ${want.dtype}, got ${got.dtype}`
  if (`${got.dims}` !== `${want.dims}`) return `expected dims [${want.dims}], got [${got.dims}]`
  const exact = DTYPES[want.dtype].integer
  const value = want.dtype === 'float16' ? (bits: number | bigint) => fromHalf(Number(bits)) : Number
  let wrong = 0
  let first = ''
  for (let i = 0; i < want.data.length; i++) {
    const same = exact ? got.data[i] === want.data[i] : close(value(got.data[i]!), value(want.data[i]!), rtol, atol)
    if (!same && !wrong++) first = `element ${i}: expected ${exact ? want.data[i] : value(want.data[i]!)}, got ${exact ? got.data[i] : value(got.data[i]!)}`
  }
  return wrong ? `${wrong} of ${want.data.length} elements differ; ${first}` : undefined
}

const close = (got: number, want: number, rtol: number, atol: number): boolean =>
  got === want || (Number.isNaN(want) ? Number.isNaN(got) : Number.isFinite(want) && Math.abs(got - want) <= atol + rtol * Math.abs(want))
