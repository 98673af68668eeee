import { elementCount, type DType } from '../dtype.js'
import { OctavoError } from '../errors.js'
import type { Tensor } from '../value.js'

/** Named tensors, in and out of a model. */
export type Tensors = Readonly<Record<string, Tensor>>

/** An input as a model declares it. `quantization` where its integers stand for real values: real = scale · (code − zeroPoint). */
export interface InputInfo {
  readonly name: string
  readonly dtype: DType
  readonly dims: readonly (number | string | null)[] | null
  readonly quantization?: { readonly scale: number; readonly zeroPoint: number }
}

/** An output's dequantization, where its integers stand for real values. */
export interface OutputInfo {
  readonly name: string
  readonly quantization?: { readonly scale: number; readonly zeroPoint: number }
}

/** What a recipe needs of a model: an Octavo session is one, so is a peer's. */
export interface Runner {
  readonly inputs: readonly InputInfo[]
  readonly outputs: readonly OutputInfo[]
  run(feeds: Tensors): Promise<Tensors>
}

/** The input called `name`, or the model's first. */
export function inputOf(runner: Runner, name?: string): InputInfo {
  const found = name === undefined ? runner.inputs[0] : runner.inputs.find((i) => i.name === name)
  return found ?? reportMissing(`input ${name === undefined ? '' : `"${name}" `}`, runner.inputs.map((i) => i.name))
}

/** The output tensor called `name`, or the model's first. */
export function outputOf(runner: Runner, outputs: Tensors, name = runner.outputs[0]?.name ?? ''): Tensor {
  return outputs[name] ?? reportMissing(`output "${name}" `, Object.keys(outputs))
}

function reportMissing(what: string, have: readonly string[]): never {
  throw new OctavoError('INPUT_MISMATCH', `The recipe wants the ${what}of a model that has ${have.join(', ') || 'none'}. Give the recipe a model of the kind it was written for.`, { have })
}

/** The dims to feed `count` elements with: what the model declares where that is fixed and fits (a symbol counts as 1), else `natural`. */
export function feedDims(info: InputInfo, natural: readonly number[]): readonly number[] {
  const count = elementCount(natural)
  if (info.dims) {
    const declared = info.dims.map((d) => (typeof d === 'number' ? d : 1))
    if (elementCount(declared) === count) return declared
  }
  return natural
}

/** The values that a tensor stands for: codes of a quantized output become reals, everything else is as it is. */
export function reals(tensor: Tensor, quantization?: OutputInfo['quantization']): Float64Array {
  const values = Float64Array.from(tensor.data as ArrayLike<number | bigint>, Number)
  return quantization ? values.map((v) => quantization.scale * (v - quantization.zeroPoint)) : values
}
