import { arithmetic as inferArithmetic } from '../../graph/infer/arithmetic.js'
import { logic as inferLogic } from '../../graph/infer/logic.js'
import { normalize as inferNormalize } from '../../graph/infer/normalize.js'
import { arithmetic as lowerArithmetic } from '../../plan/lower/arithmetic.js'
import { logic as lowerLogic } from '../../plan/lower/logic.js'
import { normalize as lowerNormalize } from '../../plan/lower/normalize.js'
import { call, Op } from '../dispatch.js'
import { lastAxis } from '../../graph/passes/layout-rules.js'
import { axisOf, mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { clamp, unaryOp } from './elementwise.js'
import { ruleSet } from './rule-set.js'

const ARITHMETIC = ruleSet(inferArithmetic, lowerArithmetic)
const NORMALIZE = ruleSet(inferNormalize, lowerNormalize)

type Number1 = readonly [a: number]
type Number2 = readonly [a: number, b: number]

const withAlpha = (name: string, op: string, rules?: Op['rules']) => {
  const unary = unaryOp<Number1>(name, (r, x, [alpha]) => r.node(op, [x], { alpha }), true, rules)
  return (x: Tensor, alpha: number): Tensor => call(unary, [x], [alpha])
}
const plain = (name: string, op: string) => {
  const unary = unaryOp(name, (r, x) => r.node(op, [x]))
  return (x: Tensor): Tensor => call(unary, [x], [])
}

/** x where x > 0, slope · x elsewhere. */
export const leakyRelu = withAlpha('leakyRelu', 'LeakyRelu')
/** x where x > 0, alpha (eˣ − 1) elsewhere. */
export const elu = withAlpha('elu', 'Elu')
/** max(0, x) + min(0, alpha (exp(x / alpha) − 1)). */
export const celu = withAlpha('celu', 'Celu', ARITHMETIC)
export const selu = plain('selu', 'Selu')
export const mish = plain('mish', 'Mish')
export const softsign = plain('softsign', 'Softsign')
/** x · min(max(x + 3, 0), 6) / 6. */
export const hardswish = plain('hardswish', 'HardSwish')
/** x · sigmoid(x). */
export const silu = plain('silu', 'Swish')

const HARDSIGMOID = unaryOp('hardsigmoid', (r, x) => r.node('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 }))
/** min(max(x + 3, 0), 6) / 6. */
export const hardsigmoid = (x: Tensor): Tensor => call(HARDSIGMOID, [x], [])

const HARDTANH = unaryOp<Number2>('hardtanh', (r, x, [min, max]) => r.node('Clip', [x, r.scalar('float32', min), r.scalar('float32', max)]))
export const hardtanh = (x: Tensor, min: number, max: number): Tensor => (x.isFloatingPoint() || x.isQuantized ? call(HARDTANH, [x], [min, max]) : clamp(x, min, max))

const RELU6 = unaryOp('relu6', (r, x) => r.node('Clip', [x, r.scalar('float32', 0), r.scalar('float32', 6)]))
export const relu6 = (x: Tensor): Tensor => call(RELU6, [x], [])

const GELU = unaryOp<readonly [form: string]>('gelu', (r, x, [approximate]) => r.node('Gelu', [x], { approximate }), true, ARITHMETIC)
/** x · Φ(x), Φ exact or by tanh. */
export const gelu = (x: Tensor, approximate: 'none' | 'tanh'): Tensor => call(GELU, [x], [approximate])

const SOFTPLUS = unaryOp<Number2>('softplus', (r, x, [beta, threshold]) => {
  const scaled = beta === 1 ? x : r.node('Mul', [x, r.scalar('float32', beta)])
  const log = r.node('Softplus', [scaled])
  return r.node('Where', [r.node('Greater', [scaled, r.scalar('float32', threshold)]), x, beta === 1 ? log : r.node('Div', [log, r.scalar('float32', beta)])])
}, true, ruleSet(inferLogic, lowerLogic))
/** log(1 + exp(beta · x)) / beta; x itself where beta · x is above the threshold. */
export const softplus = (x: Tensor, beta: number, threshold: number): Tensor => call(SOFTPLUS, [x], [beta, threshold])

const PRELU = new Op<[]>('prelu', (r) => {
  const shape = r.shape(0)
  const [count] = r.shape(1)
  const last = r.isLast(0)
  const channels = !shape.length ? [] : count === 1 || shape.length < 2 ? [1] : last ? [count!] : [count!, ...shape.slice(2).map(() => 1)]
  return [{ value: r.node('PRelu', [r.stored(0), r.x(1, channels)]), format: r.operand(0).kind.format }]
}, ARITHMETIC)
/**
 * x where x > 0, weight · x elsewhere.
 *
 * @param weight one slope, or one for each channel (axis 1; a vector is one channel's)
 * @throws SHAPE_MISMATCH
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = x.shape.length < 2 ? 1 : x.shape[1]!
  if (weight.numel() !== 1 && weight.numel() !== channels) mismatch('prelu', `1 or ${channels} slopes`, weight.numel())
  return call(PRELU, [x, weight], [])
}

const alongAxis = (name: string, op: string) => {
  const softmax = new Op<[axis: number]>(name, (r, [axis]) => {
    const at = r.isLast(0) ? lastAxis(axis, r.shape(0).length) : axis
    return r.shape(0).length ? [{ value: r.node(op, [r.stored(0)], { axis: at }), format: r.operand(0).kind.format }] : [{ value: r.node(op, [r.x(0, [1])]), shape: [] }]
  }, NORMALIZE)
  return (x: Tensor, dim: number): Tensor => call(softmax, [x], [axisOf(dim, x.shape.length, name)])
}
/** exp(x) / Σ exp(x) along an axis. */
export const softmax = alongAxis('softmax', 'Softmax')
export const logSoftmax = alongAxis('logSoftmax', 'LogSoftmax')
