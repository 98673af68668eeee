import { zeros } from '../../autograd/create.js'
import { quantizedBackend } from '../../autograd/quantized/engine.js'
import type { PackedParams } from '../../autograd/quantized/products.js'
import type { Tensor } from '../../autograd/tensor.js'
import { Module } from '../module.js'

/** A layer whose weight an engine packed: the one that was set when it was made or loaded. */
export abstract class PackedLayer<P extends Pick<PackedParams, 'weight' | 'bias'>> extends Module<[x: Tensor], Tensor> {
  /** Of the result. */
  scale = 1
  zeroPoint = 0
  protected abstract packed: P

  protected abstract pack(weight: Tensor, bias: Tensor | undefined): P

  /** What a layer without bias keeps: QNNPACK packs zeros, which state dicts and prints tell. */
  protected defaultBias(outputs: number): Tensor | undefined {
    return quantizedBackend.engine === 'qnnpack' ? zeros([outputs]) : undefined
  }

  /** The weight's codes. */
  weight(): Tensor {
    return this.packed.weight
  }

  /** float32; null where there is none. */
  bias(): Tensor | null {
    return this.packed.bias ?? null
  }

  /** Packs another weight for the engine of now. @throws as the engine's packing */
  setWeightBias(weight: Tensor, bias: Tensor | null): void {
    this.packed = this.pack(weight, bias ?? undefined)
  }

  protected get qscheme(): string {
    const { qscheme } = this.packed.weight.quantizer!
    return `torch.${qscheme}`
  }
}
