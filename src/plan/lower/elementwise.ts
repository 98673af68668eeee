import { DTYPES, elementCount, type DType } from '../../dtype.js'
import type { TensorType } from '../../graph/graph.js'
import { NULL, type Operand } from '../../runtime/operand.js'
import { BINARY, UNARY, type BinaryName, type UnaryName } from '../../runtime/op-codes.js'
import { walkOf } from './broadcast.js'
import type { LowerRule, LowerTable, Lowering } from './rule.js'

const UNARY_KERNELS = { float32: 'f32_unary', float64: 'f64_unary', int32: 'i32_unary', int64: 'i64_unary' } as const
const BINARY_KERNELS = { float32: 'f32_binary', float64: 'f64_binary', int32: 'i32_binary', int64: 'i64_binary', uint64: 'u64_binary', bool: 'u8_binary' } as const

/** What each kernel but float32's computes. */
const REAL: ReadonlySet<UnaryName> = new Set(['Abs', 'Neg', 'Sign', 'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Exp', 'Log'])
const WHOLE: ReadonlySet<UnaryName> = new Set(['Abs', 'Neg', 'Sign'])
const LOGICAL: ReadonlySet<BinaryName> = new Set(['And', 'Or', 'Xor'])

const has = (name: UnaryName, dtype: DType): boolean => dtype === 'float32' || (dtype === 'float64' ? REAL : WHOLE).has(name)

function kernelFor<K>(l: Lowering, kernels: Partial<Record<DType, K>>, dtype: DType): K {
  return kernels[dtype] ?? l.fail('KERNEL_MISSING', `no kernel computes it in ${dtype}; there are kernels for ${Object.keys(kernels).join(', ')}. Cast its inputs`, { dtype })
}

/** One element of `dtype` in the plan's static data. */
export function scalar(l: Lowering, dtype: DType, value: number): Operand {
  const array = new DTYPES[dtype].array(new ArrayBuffer(DTYPES[dtype].bytes), 0, 1)
  array[0] = (array instanceof BigInt64Array || array instanceof BigUint64Array ? BigInt(value) : value) as never
  return l.table(array)
}

/** A value of a step: where it is and what it holds. */
interface Value {
  readonly at: Operand
  readonly dims: readonly number[]
}

const input = (l: Lowering, i: number): Value => ({ at: l.in(i), dims: l.dims(i) })

function emitUnary(l: Lowering, name: UnaryName, dtype: DType, x: Operand, y: Operand, count: number, alpha = 0, beta = 0): void {
  if (!has(name, dtype)) l.fail('KERNEL_MISSING', `no kernel computes it in ${dtype}. Cast its input to float32`, { dtype })
  l.emit(kernelFor(l, UNARY_KERNELS, dtype), { x, y, count, op: UNARY[name], alpha, beta })
}

/** y (of dims `dims`) = name(a, b) in `dtype`; comparisons write bool. */
export function emitBinary(l: Lowering, name: BinaryName, dtype: DType, a: Value, b: Value, y: Operand, dims: readonly number[]): void {
  const { bytes } = DTYPES[dtype]
  const test = name === 'Equal' || name === 'Less' || name === 'LessOrEqual'
  if (dtype === 'bool' && !LOGICAL.has(name)) l.fail('KERNEL_MISSING', 'no kernel computes it on bool. Cast its inputs to int32', { dtype })
  const walk = walkOf(dims, [{ dims: a.dims, bytes }, { dims: b.dims, bytes }, { dims: [], bytes: 0 }])
  l.emit(kernelFor(l, BINARY_KERNELS, dtype), { a: a.at, b: b.at, c: NULL, y, op: BINARY[name], ...broadcastFields(l, walk, walk.inner * (test ? 1 : bytes)) })
}

/** The part of BroadcastParams that says how to walk. */
export function broadcastFields(l: Lowering, walk: ReturnType<typeof walkOf>, lineBytes: number) {
  const [innerA = 0, innerB = 0, innerC = 0] = walk.innerSteps
  const [midA = 0, midB = 0, midC = 0] = walk.midSteps
  const { inner, mid, outer, rank } = walk
  return { inner, innerA, innerB, innerC, mid, midA, midB, midC, lineBytes, outer, rank, table: l.table(walk.table) }
}

/** A function of one float32 with its parameters: what f32_unary is told. */
export interface UnaryFunction {
  readonly op: UnaryName
  readonly alpha: number
  readonly beta: number
}

const unary = (functionOf: (l: Lowering) => UnaryFunction): LowerRule => (l) => {
  const { dtype, dims } = l.output()
  const { op, alpha, beta } = functionOf(l)
  l.mayOverwrite(0, 0)
  emitUnary(l, op, dtype, l.in(0), l.out(), elementCount(dims), alpha, beta)
}

const binary = (name: BinaryName): LowerRule => (l) => {
  const { dtype } = l.input(0)
  overwriteEither(l, l.output())
  emitBinary(l, name, dtype, input(l, 0), input(l, 1), l.out(), l.output().dims)
}

/** Lets the output take the place of input 0 or 1 when it has the same type and dims. */
function overwriteEither(l: Lowering, y: TensorType): void {
  for (const i of [0, 1]) if (sameType(l.input(i), y)) l.mayOverwrite(0, i)
}

const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && a.dims.length === b.dims.length && a.dims.every((d, i) => d === b.dims[i])

/** Greater(a, b) is Less(b, a). */
const swapped = (name: BinaryName): LowerRule => (l) =>
  emitBinary(l, name, l.input(0).dtype, input(l, 1), input(l, 0), l.out(), l.output().dims)

/** Folds the inputs left to right into the output; one input alone is the output. */
const variadic = (name: BinaryName): LowerRule => (l) => {
  const y = l.output()
  if (l.inputCount === 1) return l.alias(0, 0)
  const later = l.node.inputs.slice(2)
  if (![0, 1].some((i) => later.includes(l.node.inputs[i]!))) overwriteEither(l, y)
  emitBinary(l, name, y.dtype, input(l, 0), input(l, 1), l.out(), y.dims)
  for (let i = 2; i < l.inputCount; i++) emitBinary(l, name, y.dtype, { at: l.out(), dims: y.dims }, input(l, i), l.out(), y.dims)
}

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
const bitShift: LowerRule = (l) => binary(l.string('direction') === 'LEFT' ? 'ShiftLeft' : 'ShiftRight')(l)

/** Float32 with known bounds is one step; otherwise Max, then Min, against the bounds' values. */
const clip: LowerRule = (l) => {
  const { dtype, dims } = l.output()
  const known = [1, 2].every((i) => !l.has(i) || l.constant(i))
  if (dtype === 'float32' && known) return unary(UNARY_FUNCTIONS.Clip!)(l)
  if (!l.has(1) && !l.has(2)) return l.alias(0, 0)
  l.mayOverwrite(0, 0)
  let x = l.in(0)
  for (const [i, name] of [[1, 'Max'], [2, 'Min']] as const) {
    if (!l.has(i)) continue
    emitBinary(l, name, dtype, { at: x, dims }, { at: l.in(i), dims: [] }, l.out(), dims)
    x = l.out()
  }
}

/** A bound of Clip that is known before the plan runs. */
const bound = (l: Lowering, i: number, fallback: number): number => (l.has(i) ? Number(l.constant(i)!.data[0]) : fallback)

const relu: LowerRule = (l) => {
  const { dtype, dims } = l.output()
  if (dtype === 'float32') return unary(UNARY_FUNCTIONS.Relu!)(l)
  l.mayOverwrite(0, 0)
  emitBinary(l, 'Max', dtype, input(l, 0), { at: scalar(l, dtype, 0), dims: [] }, l.out(), dims)
}

/** Exclusive or with a constant: Not with 1, BitwiseNot with −1. */
const flip = (mask: number): LowerRule => (l) => {
  const { dtype, dims } = l.output()
  l.mayOverwrite(0, 0)
  emitBinary(l, 'Xor', dtype, input(l, 0), { at: scalar(l, dtype, mask), dims: [] }, l.out(), dims)
}

const where: LowerRule = (l) => {
  const { dtype, dims } = l.output()
  const { bytes } = DTYPES[dtype]
  const walk = walkOf(dims, [{ dims: l.dims(0), bytes: 1 }, { dims: l.dims(1), bytes }, { dims: l.dims(2), bytes }])
  for (const i of [1, 2]) if (sameType(l.input(i), l.output())) l.mayOverwrite(0, i)
  l.emit('x_where', { a: l.in(0), b: l.in(1), c: l.in(2), y: l.out(), op: bytes, ...broadcastFields(l, walk, walk.inner * bytes) })
}

const identity: LowerRule = (l) => l.alias(0, 0)

/** Inference: the input itself, and a mask that keeps everything. */
const dropout: LowerRule = (l) => {
  if (l.wants(0)) l.alias(0, 0)
  if (!l.wants(1)) return
  const { dims } = l.output(1)
  const one = { at: scalar(l, 'bool', 1), dims: [] }
  emitBinary(l, 'Or', 'bool', one, one, l.out(1), dims)
}

const isInf: LowerRule = (l) => {
  const [negative, positive] = [l.int('detect_negative', 1) === 1, l.int('detect_positive', 1) === 1]
  classify(l, (negative ? 1 : 0) + (positive ? 2 : 0))
}
const isNaN: LowerRule = (l) => classify(l, 4)

function classify(l: Lowering, op: number): void {
  const kernel = kernelFor(l, { float32: 'f32_classify', float64: 'f64_classify' } as const, l.input(0).dtype)
  l.emit(kernel, { x: l.in(0), y: l.out(), count: elementCount(l.output().dims), op, alpha: 0, beta: 0 })
}

const plain = (op: UnaryName): UnaryFunction => ({ op, alpha: 0, beta: 0 })
const withAlpha = (op: UnaryName, fallback: number) => (l: Lowering): UnaryFunction => ({ op, alpha: l.float('alpha', fallback), beta: 0 })
const SELU_ALPHA = 1.67326319217681884765625
const SELU_GAMMA = 1.05070102214813232421875

/** Every function of one float32 that graphs name, with its attributes. Clip's bounds must be known. */
export const UNARY_FUNCTIONS: Readonly<Record<string, (l: Lowering) => UnaryFunction>> = {
  ...Object.fromEntries(([
    'Abs', 'Neg', 'Sign', 'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Relu', 'Softsign', 'Exp', 'Log', 'Erf', 'Sigmoid', 'Tanh', 'Mish', 'Softplus',
    'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh',
  ] as const).map((name) => [name, () => plain(name)])),
  Clip: (l) => ({ op: 'Clip', alpha: bound(l, 1, -Infinity), beta: bound(l, 2, Infinity) }),
  LeakyRelu: withAlpha('LeakyRelu', 0.01),
  ThresholdedRelu: withAlpha('ThresholdedRelu', 1),
  Elu: withAlpha('Elu', 1),
  Celu: withAlpha('Celu', 1),
  Swish: withAlpha('Swish', 1),
  Selu: (l) => ({ op: 'Selu', alpha: l.float('gamma', SELU_GAMMA) * l.float('alpha', SELU_ALPHA), beta: l.float('gamma', SELU_GAMMA) }),
  HardSigmoid: (l) => ({ op: 'HardSigmoid', alpha: l.float('alpha', 0.2), beta: l.float('beta', 0.5) }),
  HardSwish: () => ({ op: 'HardSwish', alpha: 1 / 6, beta: 0.5 }),
  Shrink: (l) => ({ op: 'Shrink', alpha: l.float('lambd', 0.5), beta: l.float('bias', 0) }),
  Gelu: (l) => plain(l.string('approximate', 'none') === 'tanh' ? 'GeluTanh' : 'Gelu'),
  'com.microsoft:Gelu': () => plain('Gelu'),
  'com.microsoft:QuickGelu': withAlpha('Swish', 1.702),
}

export const elementwise: LowerTable = {
  ...Object.fromEntries(Object.entries(UNARY_FUNCTIONS).map(([name, functionOf]) => [name, unary(functionOf)])),
  ...Object.fromEntries((['Add', 'Sub', 'Mul', 'Div', 'PRelu', 'And', 'Or', 'Xor', 'Equal', 'Less', 'LessOrEqual'] as const).map((name) => [name, binary(name)])),
  Relu: relu, Clip: clip, Pow: pow, Mod: mod, BitShift: bitShift, Where: where, Identity: identity, Dropout: dropout, IsInf: isInf, IsNaN: isNaN,
  Not: flip(1), BitwiseNot: flip(-1), BitwiseAnd: binary('And'), BitwiseOr: binary('Or'), BitwiseXor: binary('Xor'),
  Greater: swapped('Less'), GreaterOrEqual: swapped('LessOrEqual'),
  Max: variadic('Max'), Min: variadic('Min'), Sum: variadic('Add'), Mean: mean,
}
