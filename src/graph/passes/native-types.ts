import { DTYPES, type DType } from '../../dtype.js'

const NUMERIC: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'uint64']
const INTEGER: readonly DType[] = ['int32', 'int64', 'uint64']
const each = (ops: readonly string[], types: readonly DType[]): Record<string, readonly DType[]> => Object.fromEntries(ops.map((op) => [op, types]))

/**
 * The element types that an operator's kernels compute in, by opKey; an operator that is absent takes every type but float16.
 * `widen` brings other types to one of these. Adding a kernel type is adding it here.
 */
export const NATIVE_TYPES: Readonly<Record<string, readonly DType[]>> = {
  ...each(['Abs', 'Neg', 'Sign'], ['float32', 'float64', 'int32', 'int64']),
  ...each(['Ceil', 'Floor', 'Round', 'Sqrt', 'Reciprocal', 'Exp', 'Log'], ['float32', 'float64']),
  ...each(['Relu', 'Clip', 'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'PRelu', 'Mod', 'Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'], NUMERIC),
  ...each(['Sum', 'Mean', 'IsInf', 'IsNaN'], ['float32', 'float64']),
  ...each(['BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitwiseNot'], INTEGER),
  ...each(['Shrink', 'QuantizeLinear', 'com.microsoft:QuantizeLinear'], ['float32']),
  ...each(['Range', 'TopK', 'NonZero'], Object.keys(DTYPES) as DType[]), // float16 included
  Pow: NUMERIC,
}

/** Operators that move elements without looking at them: every type stays as it is. */
export const MOVES_ONLY: ReadonlySet<string> = new Set([
  'Cast', 'CastLike', 'Compress', 'Concat', 'Constant', 'ConstantOfShape', 'DepthToSpace', 'Dropout', 'Expand', 'EyeLike', 'Flatten', 'Gather', 'GatherElements',
  'GatherND', 'Identity', 'If', 'OneHot', 'Pad', 'Reshape', 'ReverseSequence', 'Shape', 'Size', 'Slice', 'SpaceToDepth', 'Split', 'Squeeze', 'Tile', 'Transpose',
  'Trilu', 'Unsqueeze', 'Where',
])

/** These move elements too, unless their attribute "reduction" makes them add, multiply or compare. */
export const MOVES_UNLESS_REDUCING: ReadonlySet<string> = new Set(['ScatterElements', 'ScatterND'])
