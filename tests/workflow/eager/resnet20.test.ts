/** The published ResNet-20, with fused blocks and FloatFunctional, quantized statically: codes of every layer against PyTorch 2.13, tests/golden/resnet20.json. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import { intRepr } from '../../../src/autograd/quantized/quantize.js'
import { startEager } from '../../../src/autograd/runtime.js'
import { fromArray, load, slice, type Tensor } from '../../../src/entry/torch.js'
import * as nn from '../../../src/entry/torch/nn.js'
import { FloatFunctional, QFunctional } from '../../../src/entry/torch/nn/quantized.js'
import { convert, DeQuantStub, fuseModules, getDefaultQConfig, prepare, QuantStub } from '../../../src/entry/torch/quantization.js'
import { StateDict } from '../../../src/nn/state-dict.js'
import { eachTier } from '../../quantization/golden.js'
import { DATA, ROOT, skipWithoutData } from '../../support/data.js'
import { loadedTiers } from '../../support/sessions.js'

interface Flow { engine: QEngine; outputs: Record<string, [scale: number, zeroPoint: number]>; weights: Record<string, string>; logits: number[]; layers: { path: string; dims: number[]; sha256: string; first: number[] }[] }
const golden = JSON.parse(readFileSync(join(ROOT, 'tests/golden/resnet20.json'), 'utf8')) as { images: string; flows: Flow[] }

class Block extends nn.Module<[Tensor], Tensor> {
  conv1: nn.Conv2d
  bn1: nn.BatchNorm2d
  relu1 = new nn.ReLU()
  conv2: nn.Conv2d
  bn2: nn.BatchNorm2d
  skip = new FloatFunctional()
  widen = new FloatFunctional()

  constructor(private readonly from: number, private readonly to: number) {
    super()
    this.conv1 = new nn.Conv2d(from, to, 3, { stride: to === from ? 1 : 2, padding: 1, bias: false })
    this.bn1 = new nn.BatchNorm2d(to)
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false })
    this.bn2 = new nn.BatchNorm2d(to)
  }

  forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(this.relu1(this.bn1(this.conv1(x)))))
    return this.skip.addRelu(y, this.to === this.from ? x : this.shortcut(x))
  }

  private shortcut(x: Tensor): Tensor {
    const fewer = slice(slice(x, 2, 0, undefined, 2), 3, 0, undefined, 2)
    const half = slice(this.widen.mulScalar(fewer, 0), 1, 0, (this.to - this.from) / 2)
    return this.widen.cat([half, fewer, half], 1)
  }
}

class ResNet20 extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  dequant = new DeQuantStub()
  conv1 = new nn.Conv2d(3, 16, 3, { padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(16)
  relu1 = new nn.ReLU()
  layer1 = new nn.Sequential(new Block(16, 16), new Block(16, 16), new Block(16, 16))
  layer2 = new nn.Sequential(new Block(16, 32), new Block(32, 32), new Block(32, 32))
  layer3 = new nn.Sequential(new Block(32, 64), new Block(64, 64), new Block(64, 64))
  linear = new nn.Linear(64, 10)

  forward(x: Tensor): Tensor {
    const y = this.layer3(this.layer2(this.layer1(this.relu1(this.bn1(this.conv1(this.quant(x))))))) as Tensor
    return this.dequant(this.linear(y.mean([2, 3])))
  }
}

const BLOCKS = [1, 2, 3].flatMap((stage) => [0, 1, 2].map((i) => `layer${stage}.${i}`))
const FUSED = [['conv1', 'bn1', 'relu1'], ...BLOCKS.flatMap((b) => [[`${b}.conv1`, `${b}.bn1`, `${b}.relu1`], [`${b}.conv2`, `${b}.bn2`]])]

/** Images as PyTorch's transforms make them: [n, 3, 32, 32]. */
function images(): Tensor {
  const bytes = new Uint8Array(Buffer.from(golden.images, 'base64'))
  const column = (values: number[]): Tensor => fromArray(Float32Array.from(values), [3, 1, 1])
  return fromArray(Float32Array.from(bytes), [bytes.length / 3072, 32, 32, 3]).permute(0, 3, 1, 2).contiguous().div(255).sub(column([0.485, 0.456, 0.406])).div(column([0.229, 0.224, 0.225]))
}

const codesOf = (x: Tensor): Int8Array => intRepr(x).toArray() as Int8Array
const hash = (x: Tensor): string => createHash('sha256').update(codesOf(x)).digest('hex').slice(0, 32)

function check({ engine, outputs, weights, logits, layers }: Flow, state: StateDict): number {
  quantizedBackend.engine = engine
  const model = new ResNet20().eval()
  model.loadStateDict(state, { strict: false })
  const fused = fuseModules(model, FUSED)
  fused.qconfig = getDefaultQConfig(engine)
  const prepared = prepare(fused)
  const x = images()
  for (let at = 0; at < x.shape[0]!; at += 4) prepared(x.rows(at, 4))
  const made = convert(prepared)
  const own = made.stateDict()
  const apart: string[] = []
  for (const [key, [scale, zeroPoint]] of Object.entries(outputs)) {
    const zeroKey = key.replace(/scale$/, 'zero_point')
    const [tensor, zero] = [own.get(key) as Tensor, own.get(zeroKey) as Tensor]
    // Codes are compared from PyTorch's scales: float layers add up in another order here, and where a histogram's search has two ends
    // it may find the other: for conv1, as PyTorch does when its inputs change in their last bits.
    const off = Math.abs(tensor.item() / scale - 1)
    assert.ok(off < 5e-3 && zero.item() === zeroPoint, `${engine} ${key}: ${tensor.item()}, ${zero.item()}; PyTorch ${scale}, ${zeroPoint}`)
    if (off > 1e-5) apart.push(key)
    own.set(key, fromArray(Float32Array.of(scale), tensor.shape))
    own.set(zeroKey, fromArray(BigInt64Array.of(BigInt(zeroPoint)), zero.shape))
  }
  assert.ok(apart.length <= 1, `${engine}: other scales than PyTorch's at ${apart.join(', ')}`)
  made.loadStateDict(own)
  for (const [path, sha] of Object.entries(weights)) assert.equal(hash((made.getSubmodule(path) as unknown as { weight(): Tensor }).weight()), sha, `${engine} ${path} weight`)
  const seen: [path: string, y: Tensor][] = []
  for (const [path, module] of made.namedModules()) {
    if (module instanceof QFunctional) module.activationPostProcess.registerForwardHook((_, __, y: Tensor) => void seen.push([path, y]))
    else if ('scale' in module) module.registerForwardHook((_, __, y: Tensor) => void seen.push([path, y]))
  }
  const got = made(x.rows(0, 2))
  assert.deepEqual(seen.map(([path]) => path), layers.map(({ path }) => path))
  for (const [i, { path, dims, sha256, first }] of layers.entries()) {
    const [, y] = seen[i]!
    assert.deepEqual([[...y.shape], Array.from(codesOf(y).subarray(0, 24))], [dims, first], `${engine} ${path}`)
    assert.equal(hash(y), sha256, `${engine} ${path}`)
  }
  assert.deepEqual(Array.from(got.toArray() as Float32Array), logits)
  return layers.length
}

test('ResNet-20 quantized statically gives the codes of PyTorch, layer by layer', { skip: skipWithoutData }, async () => {
  const file = await load(join(DATA!, 'models/torch/resnet20-12fca82f.th'))
  const state = StateDict.of(new Map([...(file.get('state_dict') as StateDict)].map(([name, value]) => [name.replace(/^module\./, ''), value])))
  for (const [name, tier] of loadedTiers().filter(([tierName]) => tierName !== 'scalar')) {
    startEager(tier)
    let layers = 0
    await eachTier(() => { layers = golden.flows.reduce((sum, flow) => sum + check(flow, state), 0) })
    assert.equal(layers, 64)
    console.log(`ResNet-20, ${name}: ${layers}/${layers} layers equal PyTorch's`)
  }
})
