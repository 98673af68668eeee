import { OctavoError } from '../errors.js'
import { addRules, type RuleSet } from '../plan/operators.js'
import type { Recipe, Result } from './recipe.js'
import { quantizerKey } from './quantizer.js'
import { recorder } from './recorder.js'
import { eager } from './runtime.js'
import type { Tensor } from './tensor.js'

/** What an operation is told beside its tensors; part of the key of its plan. */
export type Attribute = number | string | boolean | null | undefined | readonly Attribute[]

let nextId = 0

/**
 * An operation of eager tensors: how its graph is written for operands of given types and given attributes. It is planned when
 * it is first called with such operands, and the plan is kept.
 */
export class Op<A extends readonly Attribute[] = readonly []> {
  readonly id = nextId++

  /**
   * @param describe writes the graph; returns its results. Called while planning only: what it depends on is in the key (kinds and
   *   quantizers of the operands, attributes).
   * @param rules of operators that are not among those which every session has
   * @param quantized whether operands may have quantizers; without it they go to the kernels given by `quantizedKernel`
   */
  constructor(readonly name: string, readonly describe: (r: Recipe, attributes: A) => readonly (Result | string)[], readonly rules?: RuleSet, readonly quantized = false) {}
}

/** Takes the place of an operation when an operand is quantized. */
export type QuantizedKernel = (inputs: readonly (Tensor | undefined)[], attributes: readonly Attribute[]) => Tensor[]

const quantizedKernels = new Map<string, QuantizedKernel>()

/** Says what the operation called `name` does with quantized operands. Called once, where quantized tensors are made. */
export function addQuantizedKernel(name: string, kernel: QuantizedKernel): void {
  quantizedKernels.set(name, kernel)
}

/**
 * Runs an operation.
 *
 * @throws NOT_INITIALIZED before init(); OP_UNSUPPORTED for quantized operands without a kernel; every import and plan code (SHAPE_MISMATCH,
 *   DTYPE_MISMATCH, KERNEL_MISSING, …) the first time operands of these types are seen
 */
export function callAll<A extends readonly Attribute[]>(op: Op<A>, inputs: readonly (Tensor | undefined)[], attributes: A): Tensor[] {
  const runtime = eager()
  let key = `${op.id}|${keyOf(attributes)}`
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]
    if (input === undefined) {
      key += ';'
      continue
    }
    if (input.quantizer !== undefined) {
      if (!op.quantized) return callQuantized(op, inputs, attributes)
      key += quantizerKey(input.quantizer)
    }
    key += input.storage.held ? input.heldKey : input.kind.key
  }
  if (op.rules) addOnce(op.rules)
  const results = runtime.calls.call(key, op, inputs, attributes)
  recorder?.operation(op, attributes, inputs, results)
  return results
}

/** callAll for operations with one result. */
export const call = <A extends readonly Attribute[]>(op: Op<A>, inputs: readonly (Tensor | undefined)[], attributes: A): Tensor => callAll(op, inputs, attributes)[0]!

const added = new WeakSet<RuleSet>()
function addOnce(rules: RuleSet): void {
  if (added.has(rules)) return
  added.add(rules)
  addRules(rules)
}

function callQuantized(op: Op<never>, inputs: readonly (Tensor | undefined)[], attributes: readonly Attribute[]): Tensor[] {
  const kernel = quantizedKernels.get(op.name)
  if (!kernel) throw new OctavoError('OP_UNSUPPORTED', `${op.name}: there is no kernel for quantized tensors (got ${inputs.map((t) => t?.dtype ?? 'none').join(', ')}). Dequantize first.`, { op: op.name })
  return kernel(inputs, attributes)
}

/** Attributes as text; different ones never give the same. */
export function keyOf(value: Attribute): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  let key = '['
  for (const item of value as readonly Attribute[]) key += keyOf(item) + ','
  return key + ']'
}
