import { fromArray } from '../../autograd/create.js'
import type { PackedParams } from '../../autograd/quantized/products.js'
import type { Tensor } from '../../autograd/tensor.js'
import { Module } from '../module.js'
import { isTensor, type LoadReport, type StateDict } from '../state-dict.js'

/** A layer whose weight an engine packed: the one that was set when it was made or loaded. */
export abstract class PackedLayer<P extends PackedParams> extends Module<[x: Tensor], Tensor> {
  /** Of the result. */
  scale = 1
  zeroPoint = 0
  protected abstract packed: P

  protected abstract pack(weight: Tensor, bias: Tensor | undefined): P

  /** The weight's codes. */
  weight(): Tensor {
    return this.packed.weight
  }

  /** float32, null where there is none. */
  bias(): Tensor | null {
    return this.packed.bias ?? null
  }

  /** Packs another weight for the engine of now. @throws as the engine's packing */
  setWeightBias(weight: Tensor, bias: Tensor | null): void {
    this.packed = this.pack(weight, bias ?? undefined)
  }

  protected saveOutput(destination: StateDict, prefix: string): void {
    destination.set(`${prefix}scale`, fromArray(Float32Array.of(this.scale), []))
    destination.set(`${prefix}zero_point`, fromArray(BigInt64Array.of(BigInt(this.zeroPoint)), []))
  }

  /** What is there under `name`, gone from `report`'s view when it is not a tensor of this shape. */
  protected tensorFrom(source: StateDict, key: string, report: LoadReport, shape?: readonly number[]): Tensor | undefined {
    const value = source.get(key)
    if (value === undefined) report.missing.push(key)
    else if (!isTensor(value)) report.mismatched.push(`${key}: expected a tensor, got ${typeof value}`)
    else if (shape && `${value.shape}` !== `${shape}`) report.mismatched.push(`${key}: expected shape [${shape}], got [${value.shape}]`)
    else return value
    return undefined
  }

  protected loadOutput(source: StateDict, prefix: string, report: LoadReport): void {
    this.scale = this.tensorFrom(source, `${prefix}scale`, report)?.item() ?? this.scale
    this.zeroPoint = this.tensorFrom(source, `${prefix}zero_point`, report)?.item() ?? this.zeroPoint
  }

  protected get qscheme(): string {
    const { qscheme } = this.packed.weight.quantizer!
    return `torch.${qscheme}`
  }
}
