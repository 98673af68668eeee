import { SCALAR_TYPES, type ScalarType } from '../../../autograd/scalar-type.js'
import type { Quantizer } from '../../../autograd/quantizer.js'
import { codesOf } from '../../../autograd/quantized/operands.js'
import type { Attribute } from '../../../graph/graph.js'
import { roundEven } from '../../../quantization/qparams.js'
import { Tensor as Constant } from '../../../value.js'
import type { GraphWriter, WriteCall } from '../trace/assemble.js'
import type { TracedCall, TracedConstant, TracedOperand, TracedValue } from '../trace/recording.js'

type Form = (call: TracedCall, q: Qdq) => void

/** A call of a quantized operation in ONNX's words: DequantizeLinear, the float operator, QuantizeLinear. */
class Qdq {
  private readonly reals: Map<string, string>

  constructor(readonly g: GraphWriter, private readonly call: TracedCall, known: Map<string, string>) {
    this.reals = known
  }

  /** Scale and zero point as constants: scalars, or vectors along an axis. */
  private params(name: string, q: Quantizer, dtype: ScalarType): [scale: string, zero: string] {
    const { host } = SCALAR_TYPES[dtype]
    const single = q.qscheme === 'per_tensor_affine'
    const [scales, zeros] = single ? [[q.scale], [q.zeroPoint]] : [Array.from(q.scales), Array.from(q.zeroPoints)]
    const dims = single ? [] : [scales.length]
    return [
      this.g.constant(this.g.name(`${name}/scale`), new Constant('float32', Float32Array.from(scales), dims)),
      this.g.constant(this.g.name(`${name}/zero_point`), new Constant(host, zeros, dims)),
    ]
  }

  /** What codes stand for. */
  real(operand: TracedOperand): string {
    const { name, quantizer, kind } = operand
    if (!quantizer) return this.g.operand(operand)
    const key = `${name} ${quantizer.qscheme === 'per_tensor_affine' ? [quantizer.scale, quantizer.zeroPoint] : ''}`
    const known = this.reals.get(key)
    if (known) return known
    const axis: Record<string, Attribute> = quantizer.qscheme === 'per_tensor_affine' ? {} : { axis: quantizer.axis }
    const value = this.g.node('DequantizeLinear', [this.g.operand(operand), ...this.params(name, quantizer, kind.dtype)], this.g.name(`${name}/dequantized`), axis)
    this.reals.set(key, value)
    return value
  }

  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.g.node(op, inputs, this.g.name(`${this.call.name}/${op}`), attributes)
  }

  /** The codes of the result; relu as a node where codes below the zero point exist. */
  codes(real: string, relu: boolean, to: TracedValue = this.call.results[0]!): void {
    const quantizer = to.quantizer!
    const least = codesOf(to.kind.dtype)[0]
    const clamped = relu && !(quantizer.qscheme === 'per_tensor_affine' && quantizer.zeroPoint === least) ? this.node('Relu', [real]) : real
    this.g.node('QuantizeLinear', [clamped, ...this.params(to.name, quantizer, to.kind.dtype)], to.name)
  }

  /** A float bias in steps of x_scale · w_scale, as int32; what the rounding costs is at most half a step of a sum. */
  bias(bias: TracedConstant, x: Quantizer, w: Quantizer): string {
    const xScale = Math.fround(x.qscheme === 'per_tensor_affine' ? x.scale : 1)
    const scaleOf = (i: number): number => Math.fround(xScale * Math.fround(w.qscheme === 'per_tensor_affine' ? w.scale : w.scales[i]!))
    const values = Array.from(bias.constant.data as Float32Array)
    const steps = values.map((v, i) => Math.min(Math.max(roundEven(v / scaleOf(i)), -(2 ** 31)), 2 ** 31 - 1))
    const { g } = this
    const [codes, scale, zero] = [new Constant('int32', steps), new Constant('float32', Float32Array.from(values, (_, i) => scaleOf(i))), new Constant('int32', steps.map(() => 0))]
    const names = [g.constant(g.name(`${bias.name}/codes`), codes), g.constant(g.name(`${bias.name}/scale`), scale), g.constant(g.name(`${bias.name}/zero_point`), zero)]
    return g.node('DequantizeLinear', names, g.name(`${bias.name}/dequantized`), { axis: 0 })
  }
}

type Common = readonly [arithmetic: string, relu: boolean, scale: number, zeroPoint: number]
type Sizes = readonly number[]

/** x, weight and bias of a product as real values. */
function product({ operands }: TracedCall, q: Qdq): string[] {
  const [x, w, b] = operands as [TracedOperand, TracedConstant, TracedConstant?]
  return [q.real(x), q.real(w), ...(b ? [q.bias(b, x.quantizer!, w.quantizer!)] : [])]
}

const convolution = (op: string): Form => (call, q) => {
  const [, relu, , , strides, padding, dilations, group, output_padding] = call.attributes as unknown as readonly [...Common, Sizes, Sizes, Sizes, number, Sizes]
  q.codes(q.node(op, product(call, q), { strides, pads: [...padding, ...padding], dilations, group, ...(output_padding.length && { output_padding }) }), relu)
}

const linear: Form = (call, q) => {
  const [, relu] = call.attributes as unknown as Common
  const [x, w, b] = product(call, q) as [string, string, string?]
  if (call.operands[0]!.kind.shape.length === 2) return q.codes(q.node('Gemm', b ? [x, w, b] : [x, w], { transB: 1 }), relu)
  const rows = q.node('MatMul', [x, q.node('Transpose', [w], { perm: [1, 0] })])
  q.codes(b ? q.node('Add', [rows, b]) : rows, relu)
}

const binary = (op: string): Form => (call, q) => q.codes(q.node(op, call.operands.map((o) => q.real(o!))), call.attributes[0] as boolean)

const FORMS: Readonly<Record<string, Form>> = {
  'quantized::linear': linear, 'quantized::conv': convolution('Conv'), 'quantized::conv_transpose': convolution('ConvTranspose'),
  'quantized::add': binary('Add'), 'quantized::mul': binary('Mul'),
  'quantized::cat': (call, q) => q.codes(q.node('Concat', call.operands.map((o) => q.real(o!)), { axis: call.attributes[0] as number }), call.attributes[1] as boolean),
  'quantized::relu': (call, q) => q.codes(q.real(call.operands[0]!), true),
}

/** Writes the calls that have a form in ONNX's words; the others keep theirs. */
export function writeQdq(): WriteCall {
  const known = new Map<string, string>()
  return (call, g) => {
    const form = FORMS[call.op.name]
    if (!form) return false
    form(call, new Qdq(g, call, known))
    return true
  }
}
