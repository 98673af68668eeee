/** The published ResNet-20 state dict in a module of the same names gives what its ONNX export gives. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEager } from '../../src/autograd/runtime.js'
import { load, manualSeed, randn } from '../../src/entry/torch.js'
import { StateDict } from '../../src/nn/state-dict.js'
import { Tensor as Value } from '../../src/value.js'
import { DATA, skipWithoutData } from '../support/data.js'
import { ResNet20 } from '../support/resnet20.js'
import { loadedTiers, openModel } from '../support/sessions.js'

test('ResNet-20 from its .th file', { skip: skipWithoutData }, async () => {
  const file = await load(join(DATA!, 'models/torch/resnet20-12fca82f.th'))
  const state = StateDict.of(new Map([...(file.get('state_dict') as StateDict)].map(([name, value]) => [name.replace(/^module\./, ''), value])))
  const onnx = new Uint8Array(readFileSync(join(DATA!, 'models/onnx-float/resnet20-cifar10.onnx')))
  for (const [name, tier] of loadedTiers().filter(([tierName]) => tierName !== 'scalar')) {
    startEager(tier)
    manualSeed(3)
    const model = new ResNet20().eval()
    const { missingKeys, unexpectedKeys } = model.loadStateDict(state, { strict: false })
    // Saved before batch norms counted their batches.
    assert.deepEqual([missingKeys.filter((key) => !key.endsWith('num_batches_tracked')), unexpectedKeys], [[], []])
    const x = randn([4, 3, 32, 32])
    const got = model(x).toArray() as Float32Array
    const want = openModel(onnx, tier).runSync({ input: new Value('float32', x.toArray(), [4, 3, 32, 32]) })['logits']!.data as Float32Array
    assert.equal(got.length, 40)
    const worst = Math.max(...got.map((v, i) => Math.abs(v - want[i]!)))
    assert.ok(worst < 1e-3 && Math.max(...want.map(Math.abs)) > 1, `${name}: logits differ by ${worst}`)
    console.log(`ResNet-20, ${name}: logits within ${worst.toExponential(1)} of the ONNX export's`)
  }
})
