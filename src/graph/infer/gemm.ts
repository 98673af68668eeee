import type { DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import { matmulShape, type MatmulShape } from './matmul-shape.js'
import type { InferRule, InferTable } from './rule.js'

/** Element types of ONNX's MatMul and Gemm; kernels exist for float32, float64 and the integers, float16 is widened before lowering. */
const MATRIX: readonly DType[] = ['float32', 'float16', 'float64', 'int32', 'uint32', 'int64', 'uint64']

function sameType(view: NodeView, ...others: number[]): DType {
  const dtype = view.expectDType(0, ...MATRIX)
  for (const i of others) if (view.has(i)) view.expectDType(i, dtype)
  return dtype
}

const matMul: InferRule = {
  infer(view) {
    return [view.make(sameType(view, 1), matmulShape(view, 0, 1).dims)]
  },
}

/** Sizes of Gemm's operands after its transpositions. @throws SHAPE_MISMATCH */
export function gemmShape(view: NodeView): { m: number; n: number; k: number } {
  const [a, b] = [view.expectRank(0, 2), view.expectRank(1, 2)]
  const [m, k] = view.int('transA', 0) ? [a[1]!, a[0]!] : [a[0]!, a[1]!]
  const [n, inner] = view.int('transB', 0) ? [b[0]!, b[1]!] : [b[1]!, b[0]!]
  if (k !== inner) view.fail('SHAPE_MISMATCH', `inputs 0 [${a}] and 1 [${b}] cannot be multiplied: ${k} columns against ${inner} rows. Check transA and transB`)
  return { m, n, k }
}

const gemmRule: InferRule = {
  infer(view) {
    const dtype = sameType(view, 1, 2)
    const { m, n } = gemmShape(view)
    if (view.has(2)) {
      const c = view.dims(2)
      const [rows, columns] = [1, 1, ...c].slice(-2) as [number, number]
      if (c.length > 2 || ![1, m].includes(rows) || ![1, n].includes(columns)) view.fail('SHAPE_MISMATCH', `input 2 [${c}] does not broadcast to [${m}, ${n}]`)
    }
    return [view.make(dtype, [m, n])]
  },
}

/** FusedMatMul's product: the last two axes of a transposed operand change places first. @throws ATTRIBUTE_UNSUPPORTED for transBatchA, transBatchB */
export function fusedShape(view: NodeView): MatmulShape {
  for (const name of ['transBatchA', 'transBatchB'])
    if (view.int(name, 0)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "${name}" must be 0, got ${view.int(name)}`)
  return matmulShape(view, 0, 1, maybeSwapped(view, 0, 'transA'), maybeSwapped(view, 1, 'transB'))
}

function maybeSwapped(view: NodeView, i: number, attribute: string): readonly number[] {
  const dims = view.dims(i)
  return view.int(attribute, 0) && dims.length > 1 ? [...dims.slice(0, -2), dims[dims.length - 1]!, dims[dims.length - 2]!] : dims
}

const fusedMatMul: InferRule = {
  infer(view) {
    return [view.make(sameType(view, 1), fusedShape(view).dims)]
  },
}

export const gemm: InferTable = {
  MatMul: matMul,
  Gemm: gemmRule,
  'com.microsoft:FusedMatMul': fusedMatMul,
}
