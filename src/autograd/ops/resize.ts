import { resize as infer } from '../../graph/infer/resize.js'
import { moreLayoutRules } from '../../graph/passes/more-layout-rules.js'
import { resize as lower } from '../../plan/lower/resize.js'
import { OctavoError } from '../../errors.js'
import { call, Op } from '../dispatch.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { perAxis } from './conv.js'
import { adaptiveAvgPool } from './pool.js'
import { ruleSet } from './rule-set.js'

const RESIZE = ruleSet(infer, lower, { Resize: moreLayoutRules['Resize']! })

export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area'
type Sizes = readonly number[]

const f = Math.fround

/**
 * Which element each place of a resized axis takes, in float32 as PyTorch counts.
 *
 * @param scale the factor that the caller gave, if any: it decides rather than the sizes do
 */
export function nearestIndices(from: number, to: number, scale: number | undefined, exact: boolean): number[] {
  const step = scale === undefined ? f(from / to) : f(1 / scale)
  return Array.from({ length: to }, (_, i) => Math.min(Math.floor(exact ? f(f(i + 0.5) * step) : f(i * step)), from - 1))
}

const NEAREST = new Op<[sizes: Sizes, scales: Sizes | null, exact: boolean]>('interpolateNearest', (r, [sizes, scales, exact]) => {
  const shape = r.shape(0)
  const last = r.isLast(0)
  const value = sizes.reduce((v, to, i) => {
    const indices = nearestIndices(shape[i + 2]!, to, scales?.[i], exact)
    return indices.length === shape[i + 2] && indices.every((at, o) => at === o) ? v : r.node('Gather', [v, r.ints(indices)], { axis: i + (last ? 1 : 2) })
  }, r.stored(0))
  const { dtype, kind, quantizer } = { ...r.operand(0), dtype: r.dtype(0) }
  return [{ value, dtype, quantizer, format: kind.format }]
}, undefined, true)

const CUBIC = -0.75
const LINEAR = new Op<[sizes: Sizes, scales: Sizes | null, mode: 'linear' | 'cubic', align: boolean]>('interpolate', (r, [sizes, scales, mode, align]) => {
  const shape = r.shape(0)
  const axes = sizes.map((_, i) => i + 2)
  const byScale = scales && sizes.every((to, i) => Math.floor(f(shape[i + 2]! * f(scales[i]!))) === to)
  const size = byScale ? [r.floats(scales), ''] : ['', r.ints(sizes)]
  return [r.node('Resize', [r.x(0), '', ...size], { mode, axes, coordinate_transformation_mode: align ? 'align_corners' : 'half_pixel', cubic_coeff_a: CUBIC })]
}, RESIZE)

export interface InterpolateOptions {
  /** Sizes of the spatial axes, or … */
  readonly size?: number | Sizes | null
  /** … what they are multiplied by. */
  readonly scaleFactor?: number | Sizes | null
  readonly mode?: InterpolateMode
  /** Whether corner elements' centres stay in the corners; linear modes and bicubic only. */
  readonly alignCorners?: boolean | null
  /** Whether places are counted by the sizes that come out rather than by the factor. */
  readonly recomputeScaleFactor?: boolean | null
}

const AXES: Partial<Record<InterpolateMode, number>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 }

/**
 * Images of another size.
 *
 * @param x [N, C, D1…Dr]
 * @throws OPTION_INVALID (both or neither of size and scaleFactor; alignCorners with a nearest mode; a mode for other ranks), SHAPE_MISMATCH
 */
export function interpolate(x: Tensor, { size, scaleFactor, mode = 'nearest', alignCorners, recomputeScaleFactor }: InterpolateOptions): Tensor {
  const axes = x.shape.length - 2
  const invalid = (why: string): never => { throw new OctavoError('OPTION_INVALID', `interpolate: ${why}.`, { size, scaleFactor, mode, alignCorners }) }
  const bySize = size !== undefined && size !== null
  if (axes < 1 || axes > 3) mismatch('interpolate', 'an input [N, C, …] with 1 to 3 spatial axes', x.shape)
  if (bySize === (scaleFactor !== undefined && scaleFactor !== null)) invalid('expected either size or scaleFactor')
  const nearest = mode === 'nearest' || mode === 'nearest-exact'
  if ((nearest || mode === 'area') && typeof alignCorners === 'boolean') invalid(`alignCorners is for linear, bilinear, bicubic and trilinear, not ${mode}`)
  if (!nearest && mode !== 'area' && AXES[mode] !== axes) invalid(AXES[mode] ? `mode ${mode} needs ${AXES[mode]} spatial axes, got ${axes}` : `mode must be nearest, nearest-exact, linear, bilinear, bicubic, trilinear or area, got ${String(mode)}`)
  if (recomputeScaleFactor && bySize) invalid('recomputeScaleFactor needs scaleFactor')
  const factors = bySize ? undefined : perAxis(scaleFactor!, axes, 'scaleFactor')
  const sizes = bySize ? perAxis(size, axes, 'size') : factors!.map((s, i) => Math.floor(x.shape[i + 2]! * s))
  if (sizes.some((s) => !(s > 0)) || x.shape.slice(1).includes(0)) mismatch('interpolate', 'input and output sizes above 0', [...x.shape, ...sizes])
  const scales = recomputeScaleFactor ? null : factors ?? null
  if (mode === 'area') return adaptiveAvgPool(axes, x, sizes)
  if (nearest) return call(NEAREST, [x], [sizes, scales, mode === 'nearest-exact'])
  return call(LINEAR, [x], [sizes, scales, mode === 'bicubic' ? 'cubic' : 'linear', alignCorners ?? false])
}
