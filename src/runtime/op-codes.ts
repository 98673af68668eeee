/** Op codes that kernels switch on, in the order of assembly/elementwise/functions.ts and operations.ts. */
const codes = <const N extends readonly string[]>(...names: N): Readonly<Record<N[number], number>> =>
  Object.fromEntries(names.map((name, code) => [name, code])) as Record<N[number], number>

/** UnaryParams.op */
export const UNARY = codes(
  'Abs', 'Neg', 'Sign', 'Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Cube', 'Relu', 'LeakyRelu', 'ThresholdedRelu', 'Clip', 'Shrink',
  'HardSigmoid', 'HardSwish', 'Softsign', 'Exp', 'Log', 'Erf', 'Sigmoid', 'Tanh', 'Elu', 'Celu', 'Selu', 'Gelu', 'GeluTanh', 'Mish', 'Softplus',
  'Swish', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh',
)

/** BroadcastParams.op */
export const BINARY = codes(
  'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'PRelu', 'Pow', 'Mod', 'FMod', 'And', 'Or', 'Xor', 'ShiftLeft', 'ShiftRight', 'Equal', 'Less', 'LessOrEqual',
)

export type UnaryName = keyof typeof UNARY
export type BinaryName = keyof typeof BINARY
