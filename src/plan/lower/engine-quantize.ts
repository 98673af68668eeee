import { DTYPES, elementCount } from '../../dtype.js'
import type { LowerRule, LowerTable } from './rule.js'

const KERNELS = { uint8: 'f32_quantize_reciprocal_u8', int8: 'f32_quantize_reciprocal_s8', int32: 'f32_quantize_reciprocal_s32' } as const

const quantize: LowerRule = (l) => {
  const { dtype, dims } = l.output()
  const type = dtype as keyof typeof KERNELS
  const axis = l.attribute('axis') === undefined ? undefined : l.axis(l.int('axis'), dims.length)
  const [outer, length, inner] = axis === undefined ? [1, 1, elementCount(dims)] : [elementCount(dims.slice(0, axis)), dims[axis]!, elementCount(dims.slice(axis + 1))]
  l.emit(KERNELS[type], {
    x: l.in(0), y: l.out(), scale: l.in(1), zero: l.in(2), outer, axis: length, block: 1, inner, scaleRow: 0, scaleStep: 1, varied: axis === undefined ? 0 : 1, lo: DTYPES[type].min, hi: DTYPES[type].max,
  })
}

export const engineQuantize: LowerTable = { 'octavo:QuantizeLinear': quantize }
