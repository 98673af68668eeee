import { elementCount } from '../../dtype.js'
import { UNARY } from '../../runtime/op-codes.js'
import type { Operand } from '../../runtime/operand.js'
import { UNARY_FUNCTIONS, type UnaryFunction } from './elementwise.js'
import { convolve } from './qconv.js'
import { product } from './qmatmul.js'
import { STAGE_RAW } from './qpacking.js'
import { DEQUANTIZE, emitDequantize, emitQuantize, oneScale, optional, pick, QUANTIZE } from './quantize.js'
import type { LowerRule, LowerTable, Lowering } from './rule.js'

const EVERY_CODE = Uint8Array.from({ length: 256 }, (_, code) => code)

const dynamicQuantizeLinear: LowerRule = (l) => {
  const count = elementCount(l.dims(0))
  const scale = l.wants(1) ? l.out(1) : l.scratch(4)
  const zero = l.wants(2) ? l.out(2) : l.scratch(1)
  l.emit('f32_range_u8', { x: l.in(0), count, scale, zero, codes: 0, handed: 0 })
  if (l.wants(0)) emitQuantize(l, 'uint8', l.in(0), l.out(), scale, zero, oneScale(count))
}

/**
 * The 256 results of a function between quantized values, computed when the plan is loaded by the float kernels themselves:
 * dequantize every code, apply, quantize. Indexed by the code's byte.
 */
function tableOf(l: Lowering, { op, alpha, beta }: UnaryFunction): Operand {
  const from = pick(l, DEQUANTIZE, l.input(0).dtype)
  const to = pick(l, QUANTIZE, l.output().dtype)
  const sources = [1, 2, 3, 4].filter((i) => l.has(i))
  return l.pack(`lut8 ${op} ${alpha} ${beta} ${from} ${to} ${sources}`, 256, sources, (target) => {
    const real = l.scratch(1024)
    emitDequantize(l, from, l.table(EVERY_CODE), real, l.in(1), optional(l, 2), oneScale(256))
    l.emit('f32_unary', { x: real, y: real, count: 256, op: UNARY[op], alpha, beta })
    emitQuantize(l, to, real, target, l.in(3), optional(l, 4), oneScale(256))
  })
}

const qlinearUnary = (name: 'Sigmoid' | 'LeakyRelu'): LowerRule => (l) => {
  const table = tableOf(l, UNARY_FUNCTIONS[name]!(l))
  l.mayOverwrite(0, 0)
  l.emit('x8_lut', { x: l.in(0), y: l.out(), table, count: elementCount(l.output().dims) })
}

export const dynamic: LowerTable = {
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  ConvInteger: (l) => convolve(l, { x: 0, w: 1, xZero: 2, wZero: 3 }, STAGE_RAW),
  MatMulInteger: (l) => product(l, { x: 0, w: 1, xZero: 2, wZero: 3 }, STAGE_RAW),
  'com.microsoft:QLinearSigmoid': qlinearUnary('Sigmoid'), 'com.microsoft:QLinearLeakyRelu': qlinearUnary('LeakyRelu'),
}
