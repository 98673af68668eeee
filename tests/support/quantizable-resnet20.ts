/** ResNet-20 as PyTorch's eager workflow quantizes it: stubs, a FloatFunctional for every sum, shortcuts padded by cat. Fields as in resnet20.ts. */
import { cat, makePerTensorQuantizedTensor, qScale, qZeroPoint, full, slice, zeros, type Tensor } from '../../src/entry/torch.js'
import * as nn from '../../src/entry/torch/nn.js'
import { FloatFunctional } from '../../src/entry/torch/nn/quantized.js'
import { DeQuantStub, QuantStub } from '../../src/entry/torch/quantization.js'

/** Channels of zeros beside those of x. */
function widened(x: Tensor, more: number): Tensor {
  const [n, , h, w] = x.shape as [number, number, number, number]
  const none = x.isQuantized ? makePerTensorQuantizedTensor(full([n, more, h, w], qZeroPoint(x), { dtype: 'uint8' }), qScale(x), qZeroPoint(x)) : zeros([n, more, h, w])
  return cat([none, x, none], 1)
}

class Block extends nn.Module<[Tensor], Tensor> {
  conv1: nn.Conv2d
  bn1: nn.BatchNorm2d
  relu1 = new nn.ReLU()
  conv2: nn.Conv2d
  bn2: nn.BatchNorm2d
  sum = new FloatFunctional()

  constructor(private readonly from: number, private readonly to: number) {
    super()
    this.conv1 = new nn.Conv2d(from, to, 3, { stride: to === from ? 1 : 2, padding: 1, bias: false })
    this.bn1 = new nn.BatchNorm2d(to)
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false })
    this.bn2 = new nn.BatchNorm2d(to)
  }

  forward(x: Tensor): Tensor {
    const more = (this.to - this.from) / 2
    const shortcut = more ? widened(slice(slice(x, 2, 0, undefined, 2), 3, 0, undefined, 2), more) : x
    return this.sum.addRelu(this.bn2(this.conv2(this.relu1(this.bn1(this.conv1(x))))), shortcut)
  }
}

export class QuantizableResNet20 extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  conv1 = new nn.Conv2d(3, 16, 3, { padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(16)
  relu1 = new nn.ReLU()
  layer1 = new nn.Sequential(new Block(16, 16), new Block(16, 16), new Block(16, 16))
  layer2 = new nn.Sequential(new Block(16, 32), new Block(32, 32), new Block(32, 32))
  layer3 = new nn.Sequential(new Block(32, 64), new Block(64, 64), new Block(64, 64))
  linear = new nn.Linear(64, 10)
  dequant = new DeQuantStub()

  forward(x: Tensor): Tensor {
    const features = this.layer3(this.layer2(this.layer1(this.relu1(this.bn1(this.conv1(this.quant(x))))))) as Tensor
    return this.dequant(this.linear(features.mean([2, 3])))
  }
}

/** Names of what fuses. */
export const RESNET20_FUSED: readonly (readonly string[])[] = [['conv1', 'bn1', 'relu1'], ...[1, 2, 3].flatMap((l) => [0, 1, 2].flatMap((b) => [[`layer${l}.${b}.conv1`, `layer${l}.${b}.bn1`, `layer${l}.${b}.relu1`], [`layer${l}.${b}.conv2`, `layer${l}.${b}.bn2`]]))]
