/** ResNet-20 for CIFAR-10 with shortcuts without parameters, by the field names of its published state dict. Source: He et al. 2015, section 4.2. */
import { pad, relu, slice, type Tensor } from '../../src/entry/torch.js'
import * as nn from '../../src/entry/torch/nn.js'

class Block extends nn.Module<[Tensor], Tensor> {
  conv1: nn.Conv2d
  bn1: nn.BatchNorm2d
  conv2: nn.Conv2d
  bn2: nn.BatchNorm2d

  constructor(private readonly from: number, private readonly to: number) {
    super()
    this.conv1 = new nn.Conv2d(from, to, 3, { stride: to === from ? 1 : 2, padding: 1, bias: false })
    this.bn1 = new nn.BatchNorm2d(to)
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false })
    this.bn2 = new nn.BatchNorm2d(to)
  }

  forward(x: Tensor): Tensor {
    const more = (this.to - this.from) / 2
    const shortcut = more ? pad(slice(slice(x, 2, 0, undefined, 2), 3, 0, undefined, 2), [0, 0, 0, 0, more, more]) : x
    return relu(this.bn2(this.conv2(relu(this.bn1(this.conv1(x))))).add(shortcut))
  }
}

export class ResNet20 extends nn.Module<[Tensor], Tensor> {
  conv1 = new nn.Conv2d(3, 16, 3, { padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(16)
  layer1 = new nn.Sequential(new Block(16, 16), new Block(16, 16), new Block(16, 16))
  layer2 = new nn.Sequential(new Block(16, 32), new Block(32, 32), new Block(32, 32))
  layer3 = new nn.Sequential(new Block(32, 64), new Block(64, 64), new Block(64, 64))
  linear = new nn.Linear(64, 10)

  forward(x: Tensor): Tensor {
    const features = this.layer3(this.layer2(this.layer1(relu(this.bn1(this.conv1(x)))))) as Tensor
    return this.linear(features.mean([2, 3]))
  }
}
