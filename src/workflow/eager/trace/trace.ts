import { recording } from '../../../autograd/recorder.js'
import type { Storage } from '../../../autograd/storage.js'
import { Tensor } from '../../../autograd/tensor.js'
import { OctavoError } from '../../../errors.js'
import type { Graph } from '../../../graph/graph.js'
import type { Module } from '../../../nn/module.js'
import { assemble, type Trace } from './assemble.js'
import { Recording } from './recording.js'

export interface TraceOptions {
  /** Of the graph's inputs: the tensors among the example arguments, in order. `input`, or `input_0`, `input_1`, … unless given. */
  readonly inputNames?: readonly string[]
  /** Of its outputs: the tensors in what the module gives, in order. `output`, or `output_0`, … unless given. */
  readonly outputNames?: readonly string[]
  /** Of the graph; the module's class unless given. */
  readonly name?: string
}

/** What can be traced: a module, or a function of tensors. */
export type Traceable = Module<any[], any> | ((...args: any[]) => unknown)

/** Tensors in lists, objects and maps, in order. */
function tensorsIn(value: unknown, found: Tensor[] = []): Tensor[] {
  if (value instanceof Tensor) found.push(value)
  else if (value instanceof Map) for (const item of value.values()) tensorsIn(item, found)
  else if (Array.isArray(value)) for (const item of value) tensorsIn(item, found)
  else if (isRecord(value)) for (const item of Object.values(value)) tensorsIn(item, found)
  return found
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value) as never)

/** The same lists and objects with `of` each tensor. */
function withTensors(value: unknown, of: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return of(value)
  if (Array.isArray(value)) return value.map((item) => withTensors(item, of))
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTensors(item, of)])) : value
}

const isModule = (model: Traceable): model is Module => 'namedModules' in model

/** What parameters, buffers and packed weights are called. */
function namesOf(model: Traceable): Map<Storage, string> {
  const names = new Map<Storage, string>()
  if (!isModule(model)) return names
  const note = (name: string, value: unknown): void => {
    if (value instanceof Tensor) names.set(value.storage, names.get(value.storage) ?? name)
    else if (Array.isArray(value)) value.forEach((item, i) => note(`${name.replace(/\.?_packed_params/g, '')}.${['weight', 'bias'][i] ?? i}`, item))
  }
  for (const [name, value] of model.stateDict()) note(name, value)
  return names
}

/** Runs `body` while the recording knows which module of `model` is running. */
function scoped<T>(model: Traceable, by: Recording, body: () => T): T {
  const handles = isModule(model) ? [...model.namedModules()].flatMap(([name, module]) => {
    const before: string[] = []
    return [
      module.registerForwardPreHook(() => { before.push(by.scope); by.scope = name }, { prepend: true }),
      module.registerForwardHook(() => { by.scope = before.pop()! }),
    ]
  }) : []
  try {
    return body()
  } finally {
    for (const handle of handles) handle.remove()
  }
}

function namesFor(what: string, given: readonly string[] | undefined, count: number): readonly string[] {
  const names = given ?? Array.from({ length: count }, (_, i) => (count === 1 ? what : `${what}_${i}`))
  if (names.length !== count || new Set(names).size !== count || names.some((n) => !n))
    throw new OctavoError('OPTION_INVALID', `trace: expected ${count} different ${what}Names, got ${JSON.stringify(names)}.`, { expected: count, got: names })
  return names
}

/** Runs a module once and writes down what it computed. */
export function record(model: Traceable, example: Tensor | readonly unknown[], options: TraceOptions = {}): Trace {
  const given = [...new Set(tensorsIn(example))]
  if (!given.length) throw new OctavoError('INPUT_MISSING', 'trace: expected example tensors, got none. Pass a tensor, or a list of the arguments that the module is called with.')
  const by = new Recording(namesOf(model))
  const names = namesFor('input', options.inputNames, given.length)
  const copies = new Map(given.map((t) => [t, t.detach().clone()]))
  const inputs = [...copies.values()].map((t, i) => by.input(t, names[i]!))
  const args = withTensors(Array.isArray(example) ? example : [example], (t) => copies.get(t)!) as unknown[]
  const result = recording(by, () => scoped(model, by, () => (model as (...args: unknown[]) => unknown)(...args)))
  const tensors = tensorsIn(result)
  if (!tensors.length) throw new OctavoError('TRACE_INVALID', 'trace: the module gives no tensor, so there is nothing to compute.', {})
  const outputNames = namesFor('output', options.outputNames, tensors.length)
  by.scope = ''
  return { name: options.name ?? model.constructor.name, inputs, steps: by.steps, outputs: tensors.map((t, i) => ({ name: outputNames[i]!, operand: by.operand(t) })) }
}

/**
 * The graph of what a module computes for tensors like these: runs it once and writes down every operation. torch.jit.trace.
 *
 * Parameters, buffers and tensors that follow from no input become initializers, copied; branches and loops of the host's are as they went for the
 * example, and shapes are the example's. Quantized inputs and outputs are their codes. The graph computes the module's bits: open it with openGraph.
 *
 * @param example the argument, or a list of arguments; tensors may lie in lists and objects
 * @throws TRACE_INVALID where elements are read that follow from the example, and for writes into parts of tensors or into parameters, random numbers and
 *   results without tensors; OPTION_INVALID, INPUT_MISSING; what the module throws
 */
export const trace = (model: Traceable, example: Tensor | readonly unknown[], options: TraceOptions = {}): Graph => assemble(record(model, example, options))
