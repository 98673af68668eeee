/** The eager door as it is installed: what it runs, and what a bundler takes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import type * as Torch from '../src/entry/torch.js'
import type * as NN from '../src/entry/torch/nn.js'
import { ROOT } from './support/data.js'

const dist = new URL('../../dist/', import.meta.url)
const torch = (await import(new URL('torch.js', dist).href)) as typeof Torch
const nn = (await import(new URL('torch/nn.js', dist).href)) as typeof NN

/** What a page that imports this becomes. */
async function bundled(source: string): Promise<string> {
  const { outputFiles } = await build({ stdin: { contents: source, resolveDir: ROOT }, bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', logLevel: 'error', external: ['node:*'] })
  return outputFiles[0]!.text
}

test('the built modules run, and keep their names', async () => {
  assert.throws(() => torch.ones([1]).add(1), { code: 'NOT_INITIALIZED' })
  const { tier } = await torch.init()
  assert.deepEqual(await torch.init(), await torch.init({ tier }))
  await assert.rejects(torch.init({ tier: tier === 'scalar' ? 'simd' : 'scalar' }), { code: 'OPTION_INVALID' })
  class M extends nn.Module<[Torch.Tensor], Torch.Tensor> {
    conv = new nn.Conv2d(1, 1, 1)
    relu = new nn.ReLU()
    forward(x: Torch.Tensor): Torch.Tensor { return this.relu(this.conv(x)) }
  }
  const m = new M()
  m.conv.weight.fill_(-2)
  m.conv.bias!.fill_(1)
  assert.deepEqual(m(torch.tensor([[[[0, 1]]]])).toList(), [[[[1, 0]]]])
  assert.equal(String(m), 'M(\n  (conv): Conv2d(1, 1, kernel_size=(1, 1), stride=(1, 1))\n  (relu): ReLU()\n)')
})

test('one layer imported bundles one layer', async () => {
  const text = await bundled(`import { init } from 'octavo/torch'; import { Linear } from 'octavo/torch/nn'; globalThis.go = { init, Linear }`)
  const layers = [...text.matchAll(/typeName ?= ?"(\w+)"/g)].map(([, name]) => name)
  assert.deepEqual(layers, ['Linear'])
  for (const operation of ['gridSample', 'recurrentLayer', 'embeddingBag', 'interpolate', 'softmax', 'batchNorm']) assert.ok(!text.includes(`"${operation}"`), `${operation} came along with Linear`)
  const conv = await bundled(`import { conv2d } from 'octavo/torch/nn/functional'; globalThis.go = conv2d`)
  for (const operation of ['gridSample', 'recurrentLayer', 'embeddingBag', 'interpolate', 'softmax', 'batchNorm', 'maxPool']) assert.ok(!conv.includes(`"${operation}"`), `${operation} came along with conv2d`)
  const everything = await bundled(`import * as torch from 'octavo/torch'; import * as nn from 'octavo/torch/nn'; globalThis.go = { torch, nn }`)
  const [one, all] = [text, everything].map((t) => gzipSync(t).length)
  console.log(`Linear alone: ${one} bytes gzip; everything: ${all}`)
  assert.ok(one! < all! - 20_000, `Linear alone is ${one} bytes gzip, everything ${all}`)
})
