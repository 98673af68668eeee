import { DTYPES, type DType } from '../../dtype.js'
import { opKey, type Attribute, type Graph, type Node, type TensorType } from '../graph.js'
import { MOVES_ONLY, MOVES_UNLESS_REDUCING, NATIVE_TYPES } from './native-types.js'
import type { Pass } from './pass.js'

/** What a type without a kernel is computed in: every value fits, and integers wrap again when they are cast back. */
const WIDER: Partial<Record<DType, DType>> = {
  float16: 'float32', bool: 'int32', int8: 'int32', uint8: 'int32', int16: 'int32', uint16: 'int32', int4: 'int32', uint4: 'int32', uint32: 'int64',
}

/** Inputs that take part in the computation's type; the others keep theirs (codes and zero points, counts, masks). */
const TYPED_INPUTS: Readonly<Record<string, readonly number[]>> = {
  QuantizeLinear: [0, 1], 'com.microsoft:QuantizeLinear': [0, 1], DequantizeLinear: [1], 'com.microsoft:DequantizeLinear': [1],
}

const movesOnly = (node: Node): boolean =>
  node.domain === '' && (MOVES_ONLY.has(node.op) || (MOVES_UNLESS_REDUCING.has(node.op) && (node.attributes.reduction ?? 'none') === 'none'))

/** The type that `node` computes `dtype` in: itself, wider, or float32 for integers where there are float kernels only. */
function kernelType(node: Node, dtype: DType): DType {
  const native = NATIVE_TYPES[opKey(node)]
  if (native ? native.includes(dtype) : dtype !== 'float16') return dtype
  const wider = WIDER[dtype]
  if (wider && (!native || native.includes(wider))) return wider
  return native?.includes('float32') && (DTYPES[dtype].integer || wider === 'float32') ? 'float32' : dtype
}

/**
 * Rewrites nodes that compute on float16, or on integers narrower than their kernels, to Cast → node → Cast; nodes that only
 * move elements stay. A float16 value that one rewritten node hands to another is read before it is rounded to float16, as
 * ONNX Runtime does; integers wrap at every node.
 */
export const widen: Pass = (graph, typeOf) => new Widening(graph, typeOf).run()

class Widening {
  private readonly nodes: Node[] = []
  private readonly names: Set<string>
  /** Casts that exist: "value/type" to the name of the result. */
  private readonly casts = new Map<string, string>()

  constructor(private readonly graph: Graph, private readonly typeOf: (value: string) => TensorType) {
    this.names = new Set([...graph.nodes.flatMap((n) => [n.name, ...n.outputs]), ...graph.constants.keys(), ...graph.inputs.map((i) => i.name)])
  }

  run(): Graph {
    for (const node of this.graph.nodes) this.visit(node)
    return this.nodes.length === this.graph.nodes.length ? this.graph : { ...this.graph, nodes: this.nodes }
  }

  private visit(node: Node): void {
    if (movesOnly(node)) return void this.nodes.push(node)
    const typed = TYPED_INPUTS[opKey(node)] ?? node.inputs.map((_, i) => i)
    const power = node.op === 'Pow' ? this.powerType(node) : undefined
    const inputs = node.inputs.map((name, i) => (name && typed.includes(i) ? this.as(name, power ?? kernelType(node, this.dtype(name))) : name))
    const outputs = this.results(node, inputs)
    if (outputs.every((o) => !o) && inputs.every((name, i) => name === node.inputs[i])) return void this.nodes.push(node)
    const widened = outputs.map((o, i) => o?.name ?? node.outputs[i]!)
    this.nodes.push({ ...node, inputs, outputs: widened, attributes: withoutHalf(node.attributes) })
    outputs.forEach((o, i) => { if (o) this.addCast(o.name, node.outputs[i]!, o.dtype) })
  }

  private dtype(value: string): DType {
    return this.typeOf(value).dtype
  }

  /** Pow's exponent has a type of its own: it is brought to that of the base, or both to float64 where a real power of an integer is asked for. */
  private powerType(node: Node): DType {
    const [base, exponent] = node.inputs.map((name) => this.dtype(name)) as [DType, DType]
    return DTYPES[base].integer && !DTYPES[exponent].integer ? 'float64' : kernelType(node, base)
  }

  /** For each output whose type widening changed: the name the node gives it now and the type it is cast to. */
  private results(node: Node, inputs: readonly string[]): ({ name: string; dtype: DType } | undefined)[] {
    const from = new Set(node.inputs.filter((name, i) => name && name !== inputs[i]).map((name) => this.dtype(name)))
    const halves = from.has('float16') || node.attributes.output_dtype === DTYPES.float16.code
    const first = node.inputs[0] && node.inputs[0] !== inputs[0] ? this.dtype(node.inputs[0]) : undefined
    return node.outputs.map((name) => {
      if (!name) return undefined
      const dtype = this.dtype(name)
      const changed = dtype === 'float16' ? halves : dtype === first && !FIXED_RESULT.has(opKey(node))
      if (!changed) return undefined
      const wide = this.unique(`${name}/${kernelType(node, dtype)}`)
      if (dtype === 'float16') this.casts.set(`${name}/float32`, wide)
      return { name: wide, dtype }
    })
  }

  /** `value` as `dtype`, through a Cast where that is another type. */
  private as(value: string, dtype: DType): string {
    if (this.dtype(value) === dtype) return value
    const key = `${value}/${dtype}`
    const known = this.casts.get(key)
    if (known) return known
    const result = this.unique(key)
    this.addCast(value, result, dtype)
    this.casts.set(key, result)
    return result
  }

  private addCast(from: string, to: string, dtype: DType): void {
    this.nodes.push({ name: this.unique(`${to}/Cast`), op: 'Cast', domain: '', inputs: [from], outputs: [to], attributes: { to: DTYPES[dtype].code } })
  }

  private unique(wish: string): string {
    let name = wish
    for (let i = 2; this.names.has(name); i++) name = `${wish}#${i}`
    this.names.add(name)
    return name
  }
}

/** Operators whose result has a type of its own even where it happens to be that of the first input. */
const FIXED_RESULT: ReadonlySet<string> = new Set(['Equal', 'QuantizeLinear', 'com.microsoft:QuantizeLinear'])

/** An attribute that asks for float16 results is the cast's business now. */
function withoutHalf(attributes: Readonly<Record<string, Attribute>>): Record<string, Attribute> {
  const { output_dtype, ...rest } = attributes
  return output_dtype === undefined || output_dtype === DTYPES.float16.code ? rest : { ...rest, output_dtype }
}
