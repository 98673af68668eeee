import type { Node } from '../../../graph/graph.js'
import { Tensor } from '../../../value.js'
import { transposeLast } from '../weights.js'
import type { WeightSettings } from './quantize.js'
import type { CodedWeight, Known, Scope } from './scope.js'

/** How a node is quantized: places what takes its place, and gives the weights that it reads as codes. */
export type Rewrite = () => readonly CodedWeight[]

/** Sums of 255·128 stay in int32. */
const MOST_INNER = 65793
const FLOAT32 = 1

const f32 = Math.fround

/** Why a constant cannot be the second operand of an int8 product. */
export function weightProblem(weight: Known | undefined, rank?: number): string | undefined {
  if (!weight) return 'its weights are computed'
  const { dtype, dims, size } = weight.tensor
  if (dtype !== 'float32') return `its weights are ${dtype}, not float32`
  if (dims.length < 2 || (rank !== undefined && dims.length !== rank)) return `its weights have the dims [${dims}]`
  return size === 0 ? 'its weights have no elements' : undefined
}

/** Why W and R cannot be a recurrent layer's [directions, gates · hidden, inputs] and [directions, gates · hidden, hidden]. */
export function gatesProblem(w: Known | undefined, r: Known | undefined, gates: number): string | undefined {
  const problem = weightProblem(w, 3) ?? weightProblem(r, 3)
  if (problem) return problem
  const [dw, rows, k] = w!.tensor.dims as [number, number, number], [dr, rowsR, hidden] = r!.tensor.dims as [number, number, number]
  return dw === dr && rows === rowsR && rows === gates * hidden ? innerProblem(Math.max(k, hidden)) : `its weights [${w!.tensor.dims}] and [${r!.tensor.dims}] do not go together`
}

/** Sums of this many products stay in int32. */
const innerProblem = (k: number): string | undefined => (k > MOST_INNER ? `sums of ${k} products of codes leave int32` : undefined)

/**
 * x · w in codes, as ONNX Runtime's quantizer writes it: DynamicQuantizeLinear of x, MatMulInteger, Cast, and the product of both scales.
 *
 * @param name what the nodes are named by
 */
export function placeProduct(scope: Scope, x: string, w: CodedWeight, name: string, output: string): void {
  const { codes, scale, zero } = scope.round(x)
  const sums = scope.all.fresh(`${output}_output_quantized`), cast = scope.all.fresh(`${output}_output_quantized_cast_output`)
  scope.place('MatMulInteger', `${name}_quant`, [codes, w.codes, zero, w.zero], [sums])
  scope.place('Cast', `${output}_output_quantized_cast`, [sums], [cast], { to: FLOAT32 })
  const scales = scope.made('Mul', `${name}_quant_scales_mul`, [scale, w.scale])
  scope.place('Mul', `${name}_quant_output_scale_mul`, [cast, scales], [output])
}

/** Weights [..., k, n] with a scale for each column, or [..., n, k] when `transposed`; the codes are [..., k, n]. Batched weights have one scale. */
export function codedMatrix(scope: Scope, weight: Known, { perChannel, quantize }: WeightSettings, transposed = false, alpha = 1): CodedWeight {
  return scope.weight(weight, `matrix ${transposed} ${alpha}`, (tensor) => {
    const columns = tensor.dims.length - (transposed ? 2 : 1)
    const made = quantize(tensor, perChannel && tensor.dims.length === 2 ? columns : undefined)
    const scale = alpha === 1 ? made.scale : new Tensor('float32', (made.scale.data as Float32Array).map((s) => f32(s * alpha)), made.scale.dims)
    return { ...made, scale, codes: transposed ? transposeLast(made.codes) : made.codes }
  })
}

/** @returns why it stays float, or how it is quantized */
export function matMul(scope: Scope, node: Node, settings: WeightSettings): string | Rewrite {
  const [a, b] = node.inputs as [string, string]
  const weight = scope.known(b)
  if (scope.known(a)) return weight ? 'reads constants only' : 'its constant operand is the first'
  const problem = weightProblem(weight) ?? innerProblem(weight!.tensor.dims.at(-2)!)
  if (problem) return problem
  return () => {
    const coded = codedMatrix(scope, weight!, settings)
    placeProduct(scope, a, coded, node.name, node.outputs[0]!)
    return [coded]
  }
}

/** alpha · A · B + beta · C: alpha is in the scales, the rest are nodes of their own. */
export function gemm(scope: Scope, node: Node, settings: WeightSettings): string | Rewrite {
  const [a, b, c] = node.inputs as [string, string, string | undefined]
  const { name, outputs: [output], attributes: { transA, transB, alpha = 1, beta = 1 } } = node
  const weight = scope.known(b)
  const problem = weightProblem(weight, 2) ?? innerProblem(weight!.tensor.dims[transB ? 1 : 0]!)
  if (problem) return problem
  if (scope.known(a)) return 'its first operand is constant'
  if (!(Number(alpha) > 0 && Number.isFinite(Number(alpha)))) return `its factor alpha is ${String(alpha)}`
  return () => {
    const coded = codedMatrix(scope, weight!, settings, !!transB, Number(alpha))
    const rows = transA ? scope.made('Transpose', `${name}_MatMul_transpose`, [a], { perm: [1, 0] }) : a
    if (!c || beta === 0) placeProduct(scope, rows, coded, `${name}_MatMul`, output!)
    else {
      const product = scope.all.fresh(`${output}_MatMul`)
      placeProduct(scope, rows, coded, `${name}_MatMul`, product)
      const added = beta === 1 ? c : scope.made('Mul', `${name}_beta_mul`, [c, scope.constant(`${name}_beta`, new Tensor('float32', [Number(beta)], []))])
      scope.place('Add', `${name}_Add`, [product, added], [output!])
    }
    return [coded]
  }
}
