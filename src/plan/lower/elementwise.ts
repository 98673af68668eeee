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

export function kernelFor<K>(l: Lowering, kernels: Partial<Record<DType, K>>, dtype: DType): K {
  return kernels[dtype] ?? l.fail('KERNEL_MISSING', `no kernel computes it in ${dtype}; there are kernels for ${Object.keys(kernels).join(', ')}. Cast its inputs`, { dtype })
}

/** One element of `dtype` in the plan's static data. */
export function scalar(l: Lowering, dtype: DType, value: number): Operand {
  const array = new DTYPES[dtype].array(new ArrayBuffer(DTYPES[dtype].bytes), 0, 1)
  array[0] = (array instanceof BigInt64Array || array instanceof BigUint64Array ? BigInt(value) : value) as never
  return l.table(array)
}

/** A value of a step: where it is and what it holds. */
export interface Value {
  readonly at: Operand
  readonly dims: readonly number[]
}

export const input = (l: Lowering, i: number): Value => ({ at: l.in(i), dims: l.dims(i) })

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

export const unary = (functionOf: (l: Lowering) => UnaryFunction): LowerRule => (l) => {
  const { dtype, dims } = l.output()
  const { op, alpha, beta } = functionOf(l)
  l.mayOverwrite(0, 0)
  emitUnary(l, op, dtype, l.in(0), l.out(), elementCount(dims), alpha, beta)
}

export const binary = (name: BinaryName): LowerRule => (l) => {
  const { dtype } = l.input(0)
  overwriteEither(l, l.output())
  emitBinary(l, name, dtype, input(l, 0), input(l, 1), l.out(), l.output().dims)
}

/** Lets the output take the place of input 0 or 1 when it has the same type and dims. */
export function overwriteEither(l: Lowering, y: TensorType): void {
  for (const i of [0, 1]) if (sameType(l.input(i), y)) l.mayOverwrite(0, i)
}

export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && a.dims.length === b.dims.length && a.dims.every((d, i) => d === b.dims[i])

/** Folds the inputs left to right into the output; one input alone is the output. */
export const variadic = (name: BinaryName): LowerRule => (l) => {
  const y = l.output()
  if (l.inputCount === 1) return l.alias(0, 0)
  const later = l.node.inputs.slice(2)
  if (![0, 1].some((i) => later.includes(l.node.inputs[i]!))) overwriteEither(l, y)
  emitBinary(l, name, y.dtype, input(l, 0), input(l, 1), l.out(), y.dims)
  for (let i = 2; i < l.inputCount; i++) emitBinary(l, name, y.dtype, { at: l.out(), dims: y.dims }, input(l, i), l.out(), y.dims)
}

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

const identity: LowerRule = (l) => l.alias(0, 0)

/** Inference: the input itself, and a mask that keeps everything. */
const dropout: LowerRule = (l) => {
  if (l.wants(0)) l.alias(0, 0)
  if (!l.wants(1)) return
  const { dims } = l.output(1)
  const one = { at: scalar(l, 'bool', 1), dims: [] }
  emitBinary(l, 'Or', 'bool', one, one, l.out(1), dims)
}

export const plain = (op: UnaryName): UnaryFunction => ({ op, alpha: 0, beta: 0 })
export const withAlpha = (op: UnaryName, fallback: number) => (l: Lowering): UnaryFunction => ({ op, alpha: l.float('alpha', fallback), beta: 0 })
const SELU_ALPHA = 1.67326319217681884765625
const SELU_GAMMA = 1.05070102214813232421875

/** Functions of one float32, by the operator that names them, with its attributes. Clip's bounds must be known. */
export const UNARY_FUNCTIONS: Readonly<Record<string, (l: Lowering) => UnaryFunction>> = {
  ...Object.fromEntries(([
    'Abs', 'Neg', 'Sign', 'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Relu', 'Softsign', 'Exp', 'Log', 'Erf', 'Sigmoid', 'Tanh', 'Mish', 'Softplus',
    'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh',
  ] as const).map((name) => [name, () => plain(name)])),
  Clip: (l) => ({ op: 'Clip', alpha: bound(l, 1, -Infinity), beta: bound(l, 2, Infinity) }),
  LeakyRelu: withAlpha('LeakyRelu', 0.01),
  ThresholdedRelu: withAlpha('ThresholdedRelu', 1),
  Elu: withAlpha('Elu', 1),
  Swish: withAlpha('Swish', 1),
  Selu: (l) => ({ op: 'Selu', alpha: l.float('gamma', SELU_GAMMA) * l.float('alpha', SELU_ALPHA), beta: l.float('gamma', SELU_GAMMA) }),
  HardSigmoid: (l) => ({ op: 'HardSigmoid', alpha: l.float('alpha', 0.2), beta: l.float('beta', 0.5) }),
  HardSwish: () => ({ op: 'HardSwish', alpha: 1 / 6, beta: 0.5 }),
}

export const elementwise: LowerTable = {
  ...Object.fromEntries(Object.entries(UNARY_FUNCTIONS).map(([name, functionOf]) => [name, unary(functionOf)])),
  ...Object.fromEntries((['Add', 'Sub', 'Mul', 'Div'] as const).map((name) => [name, binary(name)])),
  Relu: relu, Clip: clip, Identity: identity, Dropout: dropout, Max: variadic('Max'), Min: variadic('Min'), Sum: variadic('Add'),
}
