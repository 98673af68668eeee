import { call, Op } from '../dispatch.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'

const MATMUL = new Op<[]>('matmul', (r) => [r.node('MatMul', [r.x(0), r.x(1)])])

/** Matrix product with torch.matmul's rules for vectors and batches. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (!a.shape.length || !b.shape.length) mismatch('matmul', 'tensors with at least one axis', a.shape.length ? b.shape : a.shape)
  return call(MATMUL, [a, b], [])
}

const LINEAR = new Op<[]>('linear', (r) => {
  const shape = r.shape(0)
  const [n, k] = r.shape(1) as [number, number]
  const rows = shape.slice(0, -1)
  const m = rows.reduce((product, d) => product * d, 1)
  return [{ value: r.node('Gemm', [r.x(0, [m, k]), r.x(1), r.x(2)], { transB: 1 }), shape: [...rows, n] }]
})

/**
 * x · weightᵀ + bias.
 *
 * @param x [..., inFeatures]
 * @param weight [outFeatures, inFeatures]
 * @param bias [outFeatures]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (weight.shape.length === 1) {
    const y = matmul(x, weight)
    return bias ? y.add(bias) : y
  }
  if (weight.shape.length !== 2) mismatch('linear', 'a weight [outFeatures, inFeatures]', weight.shape)
  if (x.quantizer === undefined && x.shape.at(-1) !== weight.shape[1]) mismatch('linear', `inputs [..., ${weight.shape[1]}]`, x.shape)
  if (bias && bias.quantizer === undefined && `${bias.shape}` !== `${weight.shape[0]}`) mismatch('linear', `a bias [${weight.shape[0]}]`, bias.shape)
  return call(LINEAR, [x, weight, bias ?? undefined], [])
}
