import { allDims, binary, broadcastDims, exactly, FLOATS, INTEGERS, NUMBERS, rows, unary } from './elementwise.js'
import type { InferRule, InferTable } from './rule.js'

const test: InferRule = {
  infer(v) {
    v.expectDType(0, ...FLOATS)
    return [v.make('bool', v.dims(0))]
  },
}

const bitShift: InferRule = {
  infer(v) {
    const direction = v.string('direction')
    if (direction !== 'LEFT' && direction !== 'RIGHT') v.fail('ATTRIBUTE_UNSUPPORTED', `attribute "direction" must be LEFT or RIGHT, got "${direction}"`)
    return binary(INTEGERS).infer(v)
  },
}

const where: InferRule = {
  infer(v) {
    exactly(v, 3)
    v.expectDType(0, 'bool')
    const { dtype } = v.input(1)
    v.expectDType(2, dtype)
    return [v.make(dtype, broadcastDims(v, allDims(v)))]
  },
}

export const logic: InferTable = {
  Not: unary('bool'), BitwiseNot: unary(...INTEGERS), BitShift: bitShift, Where: where, Equal: binary([...NUMBERS, 'bool'], 'bool'),
  ...rows(['And', 'Or', 'Xor'], binary(['bool'])),
  ...rows(['BitwiseAnd', 'BitwiseOr', 'BitwiseXor'], binary(INTEGERS)),
  ...rows(['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'], binary(NUMBERS, 'bool')),
  ...rows(['IsInf', 'IsNaN'], test),
}
