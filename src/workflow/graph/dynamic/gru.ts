import type { Node } from '../../../graph/graph.js'
import { Tensor } from '../../../value.js'
import { transposeLast } from '../weights.js'
import { timeFirst } from './lstm.js'
import { gatesProblem, placeProduct, type Rewrite } from './products.js'
import type { WeightSettings } from './quantize.js'
import type { CodedWeight, Known, Scope } from './scope.js'

/** A longer sequence would make a model of thousands of nodes. */
export const MOST_STEPS = 32

const DIRECTIONS: Readonly<Record<string, readonly boolean[]>> = { forward: [false], reverse: [true], bidirectional: [false, true] }

/**
 * GRU → its definition in products of codes, step by step. There is no int8 GRU in ONNX or ONNX Runtime, and no operator but a loop that repeats
 * products: so the layer is written out, which takes a known and short sequence. The inputs are rounded once for all steps, the state once in every
 * step, as PyTorch's dynamic GRU does.
 *
 * @param steps length of the sequence; undefined where it depends on the inputs of the model
 */
export function gru(scope: Scope, node: Node, settings: WeightSettings, steps: number | undefined): string | Rewrite {
  const [w, r, b] = [1, 2, 3].map((i) => scope.known(node.inputs[i] ?? ''))
  const directions = DIRECTIONS[String(node.attributes.direction ?? 'forward')]
  const problem = gatesProblem(w, r, 3) ?? formProblem(node, r!.tensor, b, directions?.length)
  if (problem) return problem
  if (steps === undefined) return 'the length of its sequence depends on the inputs of the model; a GRU of a fixed, short sequence is written out step by step'
  if (steps < 1 || steps > MOST_STEPS) return `its sequence has ${steps} steps; it would be written out step by step, which is done for 1 to ${MOST_STEPS}`
  return () => new WrittenOut(scope, node, { w: w!, r: r!, b: b?.tensor }, settings, steps).place(directions!)
}

function formProblem({ inputs, attributes: { activations, clip } }: Node, { dims: [count, rows] }: Tensor, bias: Known | undefined, directions = 0): string | undefined {
  if (directions !== count) return `its weights have ${count} directions, its attribute says ${directions || 'none that ONNX has'}`
  if (inputs[4]) return 'its rows have lengths of their own'
  if (inputs[3] && bias?.tensor.dtype !== 'float32') return 'its bias is computed'
  if (bias && bias.tensor.dims.join() !== [count, 2 * rows!].join()) return `its bias has the dims [${bias.tensor.dims}]`
  const usual = Array.from({ length: directions }, () => ['Sigmoid', 'Tanh']).flat()
  if (activations !== undefined && String(activations).toLowerCase() !== String(usual).toLowerCase()) return `its activations are ${String(activations)}`
  return clip === undefined ? undefined : 'it clips its gates'
}

interface Operands { readonly w: Known; readonly r: Known; readonly b: Tensor | undefined }

class WrittenOut {
  private readonly coded: CodedWeight[] = []
  private readonly hidden: number
  private readonly name: string

  constructor(private readonly scope: Scope, private readonly original: Node, private readonly given: Operands, private readonly settings: WeightSettings, private readonly steps: number) {
    this.hidden = given.r.tensor.dims[2]!
    this.name = original.name
  }

  place(directions: readonly boolean[]): readonly CodedWeight[] {
    const { node, after } = timeFirst(this.scope, this.original)
    const states = this.initial(node.inputs[5], directions.length)
    const runs = directions.map((reverse, d) => this.direction(node.inputs[0]!, states[d]!, d, reverse))
    const [y, last] = node.outputs
    if (y) this.stack(runs.map(({ all }) => all), y)
    if (last) this.join(runs.map((run) => this.unsqueeze(run.last, [0])), 0, last)
    after()
    return this.coded
  }

  private ints(values: readonly number[]): string {
    return this.scope.constant(`${this.name}_ints`, new Tensor('int64', values.map(BigInt), [values.length]))
  }

  private op(op: string, inputs: readonly string[], attributes: Node['attributes'] = {}): string {
    return this.scope.made(op, `${this.name}_${op}`, inputs, attributes)
  }

  private unsqueeze(x: string, axes: readonly number[]): string {
    return this.op('Unsqueeze', [x, this.ints(axes)])
  }

  /** Parts of x along an axis, of these sizes. */
  private split(x: string, axis: number, sizes: readonly number[]): string[] {
    if (sizes.length === 1) return [x]
    const parts = sizes.map((_, i) => this.scope.all.fresh(`${this.name}_Split_${i}`))
    this.scope.place('Split', `${this.name}_Split`, [x, this.ints(sizes)], parts, { axis })
    return parts
  }

  /** The parts of x along its first axis, without it. */
  private rows(x: string, count: number): string[] {
    return this.split(x, 0, Array<number>(count).fill(1)).map((part) => this.op('Squeeze', [part, this.ints([0])]))
  }

  private join(parts: readonly string[], axis: number, output: string): void {
    this.scope.place('Concat', `${this.name}_Concat`, parts, [output], { axis })
  }

  /** Y [steps, directions, batch, hidden] from states [direction][step]. */
  private stack(runs: readonly (readonly string[])[], output: string): void {
    const steps = runs[0]!.map((_, t) => {
      const step = runs.map((states) => this.unsqueeze(states[t]!, [0, 1]))
      if (step.length === 1) return step[0]!
      return this.op('Concat', step, { axis: 1 })
    })
    this.join(steps, 0, output)
  }

  /** h before the first step: zeros of one row serve all rows. */
  private initial(given: string | undefined, directions: number): string[] {
    if (given) return this.rows(given, directions)
    const zeros = this.scope.constant(`${this.name}_initial_h`, new Tensor('float32', new Float32Array(this.hidden), [1, this.hidden]))
    return Array<string>(directions).fill(zeros)
  }

  /** Rows [from, to) of a direction of W or R as codes [k, to − from]. */
  private weight(known: Known, d: number, from: number, to: number): CodedWeight {
    const { perChannel, quantize } = this.settings
    const coded = this.scope.weight(known, `rows ${d} ${from} ${to}`, (tensor) => {
      const [, rows, k] = tensor.dims as [number, number, number]
      const part = (tensor.data as Float32Array).subarray((d * rows + from) * k, (d * rows + to) * k)
      const made = quantize(new Tensor('float32', part, [to - from, k]), perChannel ? 0 : undefined)
      return { ...made, codes: transposeLast(made.codes) }
    })
    if (!this.coded.includes(coded)) this.coded.push(coded)
    return coded
  }

  /** x · rows [from, to) of W or R, plus their part of B, which begins at `bias`. */
  private linear(x: string, known: Known, d: number, [from, to]: readonly [number, number], bias: number): string {
    const product = this.scope.all.fresh(`${this.name}_MatMul`)
    placeProduct(this.scope, x, this.weight(known, d, from, to), `${this.name}_MatMul`, product)
    const { b } = this.given
    if (!b) return product
    const start = d * 6 * this.hidden + bias + from
    const part = (b.data as Float32Array).subarray(start, start + to - from)
    return this.op('Add', [product, this.scope.constant(`${this.name}_bias`, new Tensor('float32', part, [to - from]))])
  }

  private direction(x: string, state: string, d: number, reverse: boolean): { all: string[]; last: string } {
    const { w } = this.given
    const inputs = this.rows(this.linear(x, w, d, [0, 3 * this.hidden], 0), this.steps)
    const all = Array<string>(this.steps)
    let h = state
    for (let s = 0; s < this.steps; s++) {
      const t = reverse ? this.steps - 1 - s : s
      h = all[t] = this.step(inputs[t]!, h, d)
    }
    return { all, last: h }
  }

  /** h' = (h − n)·z + n with n = tanh(x + r·(h·R + b)), or tanh(x + (r·h)·R + b). */
  private step(x: string, h: string, d: number): string {
    const { r: weights } = this.given, n = this.hidden
    const late = Number(this.original.attributes.linear_before_reset ?? 0) !== 0
    const [xGates, xNew] = this.split(x, -1, [2 * n, n]) as [string, string]
    const [hGates, hNew] = late ? this.split(this.linear(h, weights, d, [0, 3 * n], 3 * n), -1, [2 * n, n]) as [string, string] : [this.linear(h, weights, d, [0, 2 * n], 3 * n), '']
    const [z, r] = this.split(this.op('Sigmoid', [this.op('Add', [xGates, hGates])]), -1, [n, n]) as [string, string]
    const recurrent = late ? this.op('Mul', [r, hNew]) : this.linear(this.op('Mul', [r, h]), weights, d, [2 * n, 3 * n], 3 * n)
    const candidate = this.op('Tanh', [this.op('Add', [xNew, recurrent])])
    return this.op('Add', [this.op('Mul', [this.op('Sub', [h, candidate]), z]), candidate])
  }
}
