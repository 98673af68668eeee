/** Cases written by tests/golden/qat.py, and what turns them into modules and batches. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromArray } from '../../src/autograd/create.js'
import type { QEngine } from '../../src/autograd/quantized/engine.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import * as nn from '../../src/entry/torch/nn.js'
import * as presets from '../../src/nn/observing/qat-qconfig.js'
import type { QConfig } from '../../src/quantization/qconfig.js'
import { dataOf } from '../quantization/golden.js'
import { arrayOf, tensorOf, type Plain } from '../support/plain.js'

export type Spec = [name: string, args: unknown[], options: Record<string, unknown>]
export interface Batch { seed: number; dims: number[] }
type State = Record<string, Plain>

export interface ModuleCase {
  name: string; layers: Spec[]; qconfig: string; float: State; initial: string; repr: string; state: State; training: string[]
  steps: { mode: string; x?: (Batch | Plain)[]; y?: Plain }[]
  toFloat: { repr: string; state: State }
}

export interface FlowCase {
  layers: Spec[]; fuse: string[][]; options: { slow?: boolean; mapping?: '1d' }; qconfig: string; engine: QEngine; float: State; fused: string; repr: string; prepared: State; converted?: string
  steps: { mode: 'train' | 'eval'; x: Batch; y: Plain }[]
  x: Batch; seen: { path: string; y: Plain }[]; weights?: State; biases?: State; made?: string[]
}

export interface ArticleCase {
  engine: QEngine; float: State; batches: Batch[]; outputs: Plain[]; prepared: State; fresh: string; repr: string; converted: string; weight: Plain; bias: Plain; codes: Plain; y: Plain
}

export interface EmbeddingCase { name: 'Embedding' | 'EmbeddingBag'; size: number; float: State; repr: string; ids: Plain; y: Plain; converted: string; z: Plain; weight: Plain; scales: number[]; zeros: number[] }
export interface DynamicCase { engine: QEngine; float: State; steps: { x: Batch; y: Plain }[]; repr: string; prepared: State; x: Batch; y: Plain; converted: string }

export const golden = JSON.parse(readFileSync('tests/golden/qat.json', 'utf8')) as {
  torch: string; modules: ModuleCase[]; flows: FlowCase[]; article: ArticleCase[]; embeddings: EmbeddingCase[]; dynamic: DynamicCase[]
  texts: { values: string[]; dtype: string; text: string }[]; mappings: Record<string, Record<string, [activation: number, weight: number]>>; shown: string[]; tables: { qat: string[] }
}

export const batchOf = (batch: Batch | Plain): Tensor => ('seed' in batch ? fromArray(dataOf({ seed: batch.seed, count: batch.dims.reduce((n, d) => n * d, 1), scale: 1, shift: 0 }), batch.dims) : tensorOf(batch))

export const layerOf = ([name, args, options]: Spec): nn.Module => new (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[name]!(...args, options)

/** The QAT config that qat.py names: a preset, or an engine and a version. */
export function qconfigOf(name: string): QConfig<unknown> {
  const [engine, version] = name.split(' v')
  if (version) return presets.getDefaultQatQConfig(engine, Number(version))
  return { default_dynamic_qat_qconfig: presets.defaultDynamicQatQConfig, default_embedding_qat_qconfig: presets.defaultEmbeddingQatQConfig, default_embedding_qat_qconfig_4bit: presets.defaultEmbeddingQatQConfig4Bit }[name]!
}

/** Same shape, and every element within `bound` of the largest one. */
export function close(t: Tensor, expected: Plain, where: string, bound = 1e-6): void {
  assert.deepEqual([...t.shape], expected.dims, where)
  const [got, wanted] = [t.toArray() as Float32Array, arrayOf(expected) as Float32Array]
  const most = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
  got.forEach((v, i) => assert.ok(v === wanted[i] || Math.abs(v - wanted[i]!) <= bound * most, `${where}: element ${i} is ${v}, not ${wanted[i]} (largest ${most})`))
}

/** The same names in the same order; whole numbers equal, floats close. */
export function closeState(state: ReadonlyMap<string, unknown>, expected: State, where: string, bound?: number): void {
  assert.deepEqual([...state.keys()], Object.keys(expected), where)
  for (const [key, value] of state) {
    const t = value as Tensor, plain = expected[key]!
    assert.equal(t.dtype, plain.dtype, `${where} ${key}`)
    if (t.dtype === 'float32') close(t, plain, `${where} ${key}`, bound)
    else assert.deepEqual([[...t.shape], t.toArray()], [plain.dims, arrayOf(plain)], `${where} ${key}`)
  }
}

/** Prints as PyTorch's, but for numbers that observed floats gave, which agree within the bound of close(). */
export function sameText(ours: string, theirs: string, where: string): void {
  const number = /-?\d+\.\d*(?:e[+-]\d+)?/g
  const [a, b] = [ours, theirs].map((text) => text.replace(number, '#').replace(/\s+/g, ' ')) as [string, string]
  assert.equal(a, b, where)
  const [x, y] = [ours, theirs].map((text) => [...text.matchAll(number)].map(([m]) => Number(m))) as [number[], number[]]
  x.forEach((v, i) => assert.ok(Math.abs(v - y[i]!) <= 1.1e-4 * Math.max(1, Math.abs(y[i]!)), `${where}: ${v} for ${y[i]}`))
}
