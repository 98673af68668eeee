/** How real values map to codes: PyTorch's names. */
export type QScheme = 'per_tensor_affine' | 'per_tensor_symmetric' | 'per_channel_affine' | 'per_channel_symmetric' | 'per_channel_affine_float_qparams'

/** Types of codes that an observer can choose qparams for: PyTorch's names. */
export type QDType = 'quint8' | 'qint8' | 'quint4x2' | 'qint32' | 'uint8' | 'int8' | 'int16' | 'int32' | 'uint16' | 'float8_e5m2' | 'float8_e4m3fn'

/** Bits of a code as torch.iinfo has them (a quint4x2 code counts as a byte there); undefined for floating types. */
export const BITS: Readonly<Record<QDType, number | undefined>> = {
  quint8: 8, qint8: 8, quint4x2: 8, qint32: 32, uint8: 8, int8: 8, int16: 16, int32: 32, uint16: 16, float8_e5m2: undefined, float8_e4m3fn: undefined,
}

export const isPerTensor = (qscheme: QScheme): boolean => qscheme.startsWith('per_tensor')
export const isPerChannel = (qscheme: QScheme): boolean => qscheme.startsWith('per_channel')
export const isSymmetric = (qscheme: QScheme): boolean => qscheme.endsWith('_symmetric')

export const QSCHEMES: readonly QScheme[] = ['per_tensor_affine', 'per_tensor_symmetric', 'per_channel_affine', 'per_channel_symmetric', 'per_channel_affine_float_qparams']
