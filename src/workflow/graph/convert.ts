import { OctavoError, invariant } from '../../errors.js'
import type { Graph, Node } from '../../graph/graph.js'
import { Tensor } from '../../value.js'
import { activationCodes, type Settings } from './settings.js'
import type { ActivationQParams } from './activation-qparams.js'
import { withoutDeadCode } from './fold-constants.js'
import { boundsOf } from './operators.js'
import type { Layer, PreparedGraph } from './prepare.js'
import { columnBias, quantizeProduct } from './quantize-constants.js'
import { quantizeWeight } from './weights.js'
import { roundEven } from '../../quantization/qparams.js'

/**
 * The prepared graph with QuantizeLinear and DequantizeLinear around its activations and codes in the place of weights, as ONNX Runtime's quantizer
 * writes it. A value `v` of the float graph is `v` in the result too, after it was rounded to `v/codes`; a value that floats make (an input of the
 * graph) stays as it is, and what codes make of it is `v/dequantized`.
 *
 * @param qparams for every value of every group, by name
 * @throws QPARAMS_INVALID a value has none, or a weight holds NaN or infinities
 */
export function convertGraph(prepared: PreparedGraph, qparams: ReadonlyMap<string, ActivationQParams>, settings: Settings): Graph {
  return new Converter(prepared, qparams, settings).graph()
}

/** The name that the rounded form of a quantized value has in the converted graph. */
export const roundedName = ({ graph, selected }: PreparedGraph, value: string): string => (graph.nodes.some((n) => selected.has(n) && n.outputs.includes(value)) ? value : `${value}/dequantized`)

class Converter {
  private readonly nodes: Node[] = []
  private readonly constants: Map<string, Tensor>
  /** the group of every value that becomes codes */
  private readonly groups = new Map<string, string>()
  /** values that nodes on codes make */
  private readonly made: ReadonlySet<string>
  private readonly layers: ReadonlyMap<Node, Layer>
  private readonly tails: ReadonlySet<Node>
  private readonly taken: Set<string>
  /** dequantized constants, by what they were made from */
  private readonly shared = new Map<string, string>()

  constructor(private readonly prepared: PreparedGraph, private readonly qparams: ReadonlyMap<string, ActivationQParams>, private readonly settings: Settings) {
    const { graph, selected, groups, layers } = prepared
    this.constants = new Map(graph.constants)
    for (const { values } of groups) for (const name of values) this.groups.set(name, values[0]!)
    this.made = new Set(graph.nodes.filter((n) => selected.has(n)).flatMap((n) => n.outputs))
    this.layers = new Map(layers.map((layer) => [layer.node, layer]))
    this.tails = new Set(layers.flatMap((layer) => (layer.quantized ? layer.tail : [])))
    this.taken = new Set([...graph.constants.keys(), ...graph.inputs.map((i) => i.name), ...graph.nodes.flatMap((n) => [...n.outputs, n.name])])
  }

  graph(): Graph {
    const { graph } = this.prepared
    for (const { name } of graph.inputs) if (this.groups.has(name)) this.round(name, name, this.rounded(name))
    for (const node of graph.nodes) this.node(node)
    return withoutDeadCode({ ...graph, nodes: this.nodes, constants: this.constants, metadata: this.metadata() })
  }

  private metadata(): Map<string, string> {
    const { engine, calibrateMethod, weightType, perChannel, reduceRange } = this.settings
    return new Map([
      ...(this.prepared.graph.metadata ?? []), ['octavo.engine', engine.name], ['octavo.activations', activationCodes(this.settings)],
      ['octavo.weights', `${weightType}${reduceRange ? ', 7 bits' : ''}, ${perChannel ? 'per channel' : 'per tensor'}`], ['octavo.calibration', calibrateMethod],
    ])
  }

  private name(hint: string): string {
    let name = hint
    for (let i = 1; this.taken.has(name); i++) name = `${hint}#${i}`
    this.taken.add(name)
    return name
  }

  private add(hint: string, tensor: Tensor): string {
    const name = this.name(hint)
    this.constants.set(name, tensor)
    return name
  }

  /** What reads codes reads a quantized value by this name. */
  private rounded(value: string): string {
    return this.made.has(value) || !this.groups.has(value) ? value : this.once(`${value}/dequantized`, () => this.name(`${value}/dequantized`))
  }

  private once(key: string, make: () => string): string {
    let name = this.shared.get(key)
    if (name === undefined) this.shared.set(key, (name = make()))
    return name
  }

  private qparamsOf(value: string): ActivationQParams {
    return this.qparams.get(value) ?? invalid(`value "${value}" has no qparams. Observe it before converting`, { value })
  }

  /** QuantizeLinear and DequantizeLinear from one name to another, with the qparams of `value`. */
  private round(value: string, from: string, to: string): void {
    const { dtype, scale, zeroPoint } = this.qparamsOf(value)
    const group = this.groups.get(value)!
    const params = [this.once(`${group}/scale`, () => this.add(`${group}/scale`, new Tensor('float32', [scale], []))), this.once(`${group}/zero_point`, () => this.add(`${group}/zero_point`, new Tensor(dtype, [zeroPoint], [])))]
    const codes = this.name(`${to}/codes`)
    this.place('QuantizeLinear', `${to}/quantize`, [from, ...params], codes)
    this.place('DequantizeLinear', `${to}/dequantize`, [codes, ...params], to)
  }

  private place(op: string, name: string, inputs: readonly string[], output: string, attributes: Node['attributes'] = {}): void {
    this.nodes.push({ name: this.name(name), op, domain: '', inputs, outputs: [output], attributes })
  }

  private node(node: Node): void {
    if (this.tails.has(node)) return
    if (!this.prepared.selected.has(node)) {
      this.nodes.push(node)
      for (const name of node.outputs) if (this.groups.has(name)) this.round(name, name, this.rounded(name))
      return
    }
    const layer = this.layers.get(node)
    const inner = layer?.tail.length ? node.outputs[0]! : undefined
    if (inner === undefined) return this.emit(this.onCodes(node))
    this.end(this.onCodes(node), layer!)
  }

  /** Places a node whose results are rounded where they become codes. */
  private emit(node: Node): void {
    const outputs = node.outputs.map((name) => (this.groups.has(name) ? this.name(`${name}/real`) : name))
    this.nodes.push({ ...node, outputs })
    node.outputs.forEach((name, i) => { if (this.groups.has(name)) this.round(name, outputs[i]!, name) })
  }

  /**
   * A product and what ends it. A clamp that the codes of its result do by themselves goes; another is done on codes that have the same qparams,
   * which gives the same: rounding and clamping are monotonic.
   */
  private end(product: Node, { tail, output }: Layer): void {
    const chain = [product, ...tail]
    const last = chain.at(-1)!
    const bounds = boundsOf(last, this.prepared)
    if (!this.groups.has(output) || !bounds) return chain.forEach((node) => this.emit(node))
    const before = chain.at(-2)!
    this.nodes.push(...chain.slice(0, -2))
    if (saturates(bounds, this.qparamsOf(output))) return this.emit({ ...before, outputs: [output] })
    const real = this.name(`${before.outputs[0]!}/real`)
    this.nodes.push({ ...before, outputs: [real] })
    this.round(output, real, before.outputs[0]!)
    this.emit(last)
  }

  /** A node with what it reads replaced by what was rounded. */
  private onCodes(node: Node): Node {
    const kind = this.prepared.selected.get(node)!
    if (kind === 'product' && this.weightOf(node)) return this.product(node)
    const codesOfConstants = kind === 'product' || kind === 'pair'
    return { ...node, inputs: node.inputs.map((name) => (codesOfConstants && this.constants.get(name)?.dtype === 'float32' ? this.constant(name, kind === 'product') : this.rounded(name))) }
  }

  /** The constant second operand of a product. */
  private weightOf({ inputs }: Node): Tensor | undefined {
    return this.prepared.constantOf(inputs[1]!)
  }

  private product(node: Node): Node {
    const [x, w, b] = node.inputs as [string, string, string | undefined]
    const weight = this.weightOf(node)!
    const bias = b ? this.biasOf(node, b) : undefined
    const quantized = this.named(node, () => quantizeProduct(node, weight, bias, this.qparamsOf(x).scale, this.settings))
    const { codes, scale, zeroPoint } = quantized.weight
    const key = `${w}:${quantized.axis}:${scale.data.join()}`
    const dequantized = this.once(key, () => this.dequantize(w, codes, scale, zeroPoint, quantized.axis))
    const inputs = [this.rounded(x), dequantized]
    if (quantized.bias) {
      const { codes: steps, scale: sizes } = quantized.bias
      inputs.push(this.dequantize(b!, steps, sizes, new Tensor('int32', new Int32Array(sizes.size), sizes.dims), sizes.dims.length ? 0 : undefined))
    }
    const { alpha: _, beta: __, ...others } = node.attributes
    return { ...node, inputs, attributes: node.op === 'Gemm' ? others : node.attributes }
  }

  private biasOf(node: Node, name: string): Tensor {
    const bias = this.prepared.constantOf(name)!
    return node.op === 'Gemm' ? columnBias(bias, this.prepared.typeOf(node.outputs[0]!)!.dims[1]!) : bias
  }

  /** A constant among the activations, as codes of their type. */
  private constant(name: string, multiplied: boolean): string {
    return this.once(`${name}:${multiplied}`, () => {
      const { activationType, activationSymmetric, activationReduceRange } = this.settings
      const { codes, scale, zeroPoint } = quantizeWeight(this.constants.get(name)!, { dtype: activationType, reduceRange: multiplied && activationReduceRange, symmetric: activationSymmetric })
      return this.dequantize(name, codes, scale, zeroPoint)
    })
  }

  private dequantize(hint: string, codes: Tensor, scale: Tensor, zeroPoint: Tensor, axis?: number): string {
    const inputs = [this.add(`${hint}/codes`, codes), this.add(`${hint}/scale`, scale), this.add(`${hint}/zero_point`, zeroPoint)]
    const output = this.name(`${hint}/dequantized`)
    this.place('DequantizeLinear', `${hint}/dequantize`, inputs, output, axis === undefined || !scale.dims.length ? {} : { axis })
    return output
  }

  /** Errors of constants name their node. */
  private named<T>({ op, name }: Node, make: () => T): T {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error
      throw new OctavoError(error.code, `${op} "${name}": ${error.message.slice(error.code.length + 2)}`, { ...error.details, node: name }, error.cause)
    }
  }
}

function invalid(what: string, details: Record<string, unknown>): never {
  throw new OctavoError('QPARAMS_INVALID', `${what}.`, details)
}

const CODES = { uint8: [0, 255], int8: [-128, 127] } as const

/** Whether codes end at or before both ends of a clamp, so that they do it by themselves. */
export function saturates([low, high]: readonly [number, number], { dtype, scale, zeroPoint }: ActivationQParams): boolean {
  const code = (real: number): number => roundEven(Math.fround(Math.fround(real) / scale)) + zeroPoint
  const [min, max] = CODES[dtype]
  invariant(min <= zeroPoint && zeroPoint <= max, `zero point ${zeroPoint} of ${dtype}`)
  return code(low) <= min && code(high) >= max
}
