/** Small graphs, written by hand: what a pass makes of them, and what both compute. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { DType } from '../../../src/dtype.js'
import { opKey, type Attribute, type Graph, type Node } from '../../../src/graph/graph.js'
import { typesOf } from '../../../src/graph/infer/types.js'
import { removeDeadCode } from '../../../src/graph/passes/dead-code.js'
import type { Pass } from '../../../src/graph/passes/pass.js'
import { Executor } from '../../../src/plan/executor.js'
import { moreOperators } from '../../../src/more-operators.js'
import { addOperators } from '../../../src/operators.js'
import { prepareNode } from '../../../src/plan/prepare.js'
import { adopt } from '../../../src/runtime/load.js'
import { Tensor } from '../../../src/value.js'

addOperators(moreOperators)

/** op (with its domain as in opKey), inputs, outputs, attributes; names are separated by spaces, '-' is an input left out. */
export type NodeSpec = readonly [op: string, inputs: string, outputs: string, attributes?: Record<string, Attribute>]

export class SmallGraph {
  constructor(readonly graph: Graph, private readonly feeds: ReadonlyMap<string, Tensor>) {}

  /** Applies passes in turn, as the planner does. */
  after(...passes: Pass[]): SmallGraph {
    let { graph } = this
    for (const pass of passes) {
      const values = typesOf(graph, this.feeds)
      graph = removeDeadCode(pass(graph, (name) => values.typeOf(name)!))
    }
    return new SmallGraph(graph, this.feeds)
  }

  /** The operators, in order. */
  get ops(): string {
    return this.graph.nodes.map(opKey).join(' ')
  }

  /** The only node of this operator. */
  node(key: string): Node {
    const found = this.graph.nodes.filter((n) => opKey(n) === key)
    assert.equal(found.length, 1, `one ${key} in: ${this.ops}`)
    return found[0]!
  }

  /** Runs the graph as it is, with no pass but those that lowering needs. */
  run(): Tensor[] {
    const { graph, feeds } = this
    const executor = new Executor(tier(), 2 ** 28)
    const bound = executor.bind(prepareNode({ ...graph, inputs: [], constants: new Map([...graph.constants, ...feeds]) }, 0))
    bound.run()
    const byName = new Map(bound.plan.outputs.map((port) => [port.name, executor.read(bound, port)]))
    return graph.outputs.map((o) => byName.get(o.name)!)
  }
}

let loaded: ReturnType<typeof adopt> | undefined
const tier = (): ReturnType<typeof adopt> => (loaded ??= adopt(new WebAssembly.Module(readFileSync(`dist/${process.env.OCTAVO_TIER ?? 'simd'}.wasm`))))

export function smallGraph(inputs: Record<string, Tensor>, constants: Record<string, Tensor>, nodes: readonly NodeSpec[], ...outputs: string[]): SmallGraph {
  const info = (name: string, dtype: DType = 'float32'): Graph['inputs'][number] => ({ name, dtype, dims: null })
  const names = (list: string): string[] => list.split(' ').filter(Boolean).map((name) => (name === '-' ? '' : name))
  const graph: Graph = {
    name: 'small', inputs: Object.entries(inputs).map(([name, t]) => info(name, t.dtype)), outputs: outputs.map((name) => info(name)),
    constants: new Map(Object.entries(constants)),
    nodes: nodes.map(([key, ins, outs, attributes = {}], i) => {
      const [op, domain = ''] = key.split(':').reverse() as [string, string?]
      return { name: `${op}${i}`, op, domain, inputs: names(ins), outputs: names(outs), attributes }
    }),
  }
  return new SmallGraph(graph, new Map(Object.entries(inputs)))
}

/** Both graphs give the same bits. */
export function assertSameBits(actual: SmallGraph, expected: SmallGraph): void {
  const answers = expected.run()
  actual.run().forEach((y, i) => {
    assert.deepEqual(y.dims, answers[i]!.dims)
    assert.deepEqual(y.data, answers[i]!.data, `output ${i} of: ${actual.ops}`)
  })
}

/** Both graphs give the same up to rounding: |Δ| ≤ tolerance · max|expected|. */
export function assertClose(actual: SmallGraph, expected: SmallGraph, tolerance = 1e-5): void {
  const answers = expected.run()
  actual.run().forEach((y, o) => {
    const [a, b] = [y.data, answers[o]!.data] as [Float32Array, Float32Array]
    assert.deepEqual(y.dims, answers[o]!.dims)
    const most = Math.max(...b.map(Math.abs))
    assert.ok(most > 0, 'a test on zeros shows nothing')
    a.forEach((v, i) => assert.ok(Math.abs(v - b[i]!) <= tolerance * most, `output ${o}[${i}]: expected ${b[i]}, got ${v}`))
  })
}

/** Numbers in ±range that do not repeat. */
export const noise = (dims: readonly number[], range = 2, seed = 1): Tensor => {
  let state = seed
  const count = dims.reduce((n, d) => n * d, 1)
  return new Tensor('float32', Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 2 ** 31 - 1) * range
  }), dims)
}

/** Codes over the whole range of an 8-bit type. */
export const codes = (dtype: 'uint8' | 'int8', dims: readonly number[], seed = 1): Tensor => {
  const middle = dtype === 'int8' ? 0 : 128
  return new Tensor(dtype, Array.from(noise(dims, 128, seed).data as Float32Array, (v) => Math.floor(v) + middle), dims)
}

export const f32 = (values: readonly number[], dims: readonly number[] = [values.length]): Tensor => new Tensor('float32', values, dims)
export const scalar = (value: number): Tensor => f32([value], [])
export const ints = (...values: number[]): Tensor => new Tensor('int64', values.map(BigInt))
export const u8 = (value: number): Tensor => new Tensor('uint8', [value], [])
export const s8 = (value: number): Tensor => new Tensor('int8', [value], [])
