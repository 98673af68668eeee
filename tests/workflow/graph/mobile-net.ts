/** A small network of depthwise separable blocks whose channels' scales differ by orders of magnitude, as BatchNormalization leaves them when it is folded. */
import { Tensor } from '../../../src/value.js'
import { noise, type NodeSpec } from '../../graph/passes/small-graph.js'
import { random } from '../../tiers/harness.js'
import { smallModel, type SmallModel } from './small-model.js'

/** @param decades channels' weights differ by up to this many powers of ten, without a change of what the network computes */
export function mobileNet(blocks: number, channels: number, decades: number, activation: 'Relu' | 'LeakyRelu' = 'Relu'): SmallModel {
  const next = random(7)
  const factors = (): Float32Array => Float32Array.from({ length: channels }, () => 10 ** ((next() / 2 ** 32 - 0.5) * decades))
  const constants: Record<string, Tensor> = {}
  const nodes: NodeSpec[] = []
  let x = 'x', read: Float32Array = new Float32Array(3).fill(1)
  const layer = (name: string, inputs: number, group: number, kernel: number): void => {
    const made = factors(), size = kernel * kernel * inputs
    const scale = Math.sqrt(2 / size)
    const { data } = noise([channels, inputs, kernel, kernel], scale * 1.7, nodes.length + 2)
    const weights = (data as Float32Array).map((v, i) => (v * made[Math.floor(i / size)]!) / read[group > 1 ? Math.floor(i / size) : Math.floor(i / kernel / kernel) % inputs]!)
    constants[`${name}.w`] = new Tensor('float32', weights, [channels, inputs, kernel, kernel])
    constants[`${name}.b`] = new Tensor('float32', (noise([channels], 0.2, nodes.length + 90).data as Float32Array).map((v, c) => v * made[c]!), [channels])
    nodes.push(['Conv', `${x} ${name}.w ${name}.b`, `${name}.y`, kernel > 1 ? { group, pads: [1, 1, 1, 1] } : {}], [activation, `${name}.y`, `${name}.r`])
    ;[x, read] = [`${name}.r`, made]
  }
  layer('stem', 3, 1, 3)
  for (let i = 0; i < blocks; i++) {
    layer(`depthwise${i}`, 1, channels, 3)
    layer(`pointwise${i}`, channels, 1, 1)
  }
  constants['head'] = new Tensor('float32', (noise([channels, 5], 1, 99).data as Float32Array).map((v, i) => v / read[Math.floor(i / 5)]!), [channels, 5])
  nodes.push(['GlobalAveragePool', x, 'pool'], ['Flatten', 'pool', 'flat'], ['Gemm', 'flat head', 'out'])
  return smallModel({ x: ['N', 3, 12, 12] }, constants, nodes, 'out')
}
