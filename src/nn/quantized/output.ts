import { fromArray } from '../../autograd/create.js'
import type { Tensor } from '../../autograd/tensor.js'
import { isTensor, type LoadReport, type StateDict } from '../state-dict.js'

/** Scale and zero point of a module's result. */
export interface Output {
  scale: number
  zeroPoint: number
}

/** Their names in state dicts: float32 [] and int64 []. */
export const OUTPUT_KEYS: readonly string[] = ['scale', 'zero_point']

export const scaleTensor = (scale: number): Tensor => fromArray(Float32Array.of(scale), [])
export const zeroPointTensor = (zeroPoint: number): Tensor => fromArray(BigInt64Array.of(BigInt(zeroPoint)), [])

export function saveOutput({ scale, zeroPoint }: Output, destination: StateDict, prefix: string): void {
  destination.set(`${prefix}scale`, scaleTensor(scale))
  destination.set(`${prefix}zero_point`, zeroPointTensor(zeroPoint))
}

/** What a state dict has under `key`; into `report` where that is no tensor of this shape. */
export function tensorFrom(source: StateDict, key: string, report: LoadReport, shape?: readonly number[]): Tensor | undefined {
  const value = source.get(key)
  if (value === undefined) report.missing.push(key)
  else if (!isTensor(value)) report.mismatched.push(`${key}: expected a tensor, got ${typeof value}`)
  else if (shape && `${value.shape}` !== `${shape}`) report.mismatched.push(`${key}: expected shape [${shape}], got [${value.shape}]`)
  else return value
  return undefined
}

/** Takes scale and zero point; old files have them as vectors of one. */
export function loadOutput(output: Output, source: StateDict, prefix: string, report: LoadReport): void {
  const one = (key: string): number | undefined => {
    const value = tensorFrom(source, key, report)
    if (value?.numel() === 1) return value.item()
    if (value) report.mismatched.push(`${key}: expected one element, got [${value.shape}]`)
    return undefined
  }
  output.scale = one(`${prefix}scale`) ?? output.scale
  output.zeroPoint = one(`${prefix}zero_point`) ?? output.zeroPoint
}
