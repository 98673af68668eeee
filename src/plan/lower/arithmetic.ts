import { binary, emitBinary, input, plain, sameType, scalar, unary, variadic, withAlpha } from './elementwise.js'
import type { LowerRule, LowerTable } from './rule.js'

const mean: LowerRule = (l) => {
  variadic('Add')(l)
  const { dtype, dims } = l.output()
  if (l.inputCount > 1) emitBinary(l, 'Div', dtype, { at: l.out(), dims }, { at: scalar(l, dtype, l.inputCount), dims: [] }, l.out(), dims)
}

/** x² is x·x and x³ is x·x·x, as ONNX Runtime has them; the rest goes through the kernel's pow. */
const pow: LowerRule = (l) => {
  const { dtype, dims } = l.output()
  if (l.input(1).dtype !== dtype) l.fail('KERNEL_MISSING', `no kernel raises ${dtype} to ${l.input(1).dtype}. Cast the exponent`)
  const exponent = l.constant(1)
  const value = exponent?.size === 1 && sameType(l.input(0), l.output()) ? Number(exponent.data[0]) : NaN
  if (value === 2) {
    l.mayOverwrite(0, 0)
    return emitBinary(l, 'Mul', dtype, input(l, 0), input(l, 0), l.out(), dims)
  }
  if (value === 3 && dtype === 'float32') return unary(() => plain('Cube'))(l)
  binary('Pow')(l)
}

const mod: LowerRule = (l) => binary(l.int('fmod', 0) === 1 ? 'FMod' : 'Mod')(l)

export const arithmetic: LowerTable = {
  Pow: pow, Mod: mod, PRelu: binary('PRelu'), Mean: mean,
  Celu: unary(withAlpha('Celu', 1)),
  Shrink: unary((l) => ({ op: 'Shrink', alpha: l.float('lambd', 0.5), beta: l.float('bias', 0) })),
  Gelu: unary((l) => plain(l.string('approximate', 'none') === 'tanh' ? 'GeluTanh' : 'Gelu')),
  'com.microsoft:Gelu': unary(() => plain('Gelu')),
  'com.microsoft:QuickGelu': unary(withAlpha('Swish', 1.702)),
}
