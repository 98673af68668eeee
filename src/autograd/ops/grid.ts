import { OctavoError } from '../../errors.js'
import { resize as infer } from '../../graph/infer/resize.js'
import { resize as lower } from '../../plan/lower/resize.js'
import { call, Op } from '../dispatch.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { ruleSet } from './rule-set.js'

const GRID = ruleSet(infer, lower)

const AFFINE_GRID = new Op<[size: readonly number[], align: boolean]>('affineGrid', (r, [size, align]) =>
  [r.node('AffineGrid', [r.x(0), r.ints(size)], { align_corners: align ? 1 : 0 })], GRID)

/**
 * Where an affine map puts the elements of an output image.
 *
 * @param theta [N, 2, 3] or [N, 3, 4]
 * @param size N, C, H, W or N, C, D, H, W of that image
 * @returns [N, H, W, 2] or [N, D, H, W, 3]: x, y (, z) in [−1, 1]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function affineGrid(theta: Tensor, size: readonly number[], { alignCorners = false }: { readonly alignCorners?: boolean } = {}): Tensor {
  if (size.some((s) => !(Number.isInteger(s) && s > 0))) mismatch('affineGrid', 'sizes above 0', size)
  return call(AFFINE_GRID, [theta], [size, alignCorners])
}

const MODES = { bilinear: 'linear', nearest: 'nearest', bicubic: 'cubic' } as const
const PADDINGS = ['zeros', 'border', 'reflection'] as const
export type GridMode = keyof typeof MODES
export type GridPadding = (typeof PADDINGS)[number]

const GRID_SAMPLE = new Op<[mode: GridMode, padding: GridPadding, align: boolean]>('gridSample', (r, [mode, padding_mode, align]) =>
  [r.node('GridSample', [r.x(0), r.x(1)], { mode: MODES[mode], padding_mode, align_corners: align ? 1 : 0 })], GRID)

export interface GridSampleOptions {
  readonly mode?: GridMode
  /** What lies outside the image. */
  readonly paddingMode?: GridPadding
  /** Whether −1 and 1 are the centres of the corner elements, rather than the image's edges. */
  readonly alignCorners?: boolean
}

/**
 * Samples images at the places that a grid tells.
 *
 * @param x [N, C, H, W] or [N, C, D, H, W]
 * @param grid [N, Hout, Wout, 2] or [N, Dout, Hout, Wout, 3]: x, y (, z) in [−1, 1]
 * @throws OPTION_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function gridSample(x: Tensor, grid: Tensor, { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false }: GridSampleOptions = {}): Tensor {
  if (!Object.hasOwn(MODES, mode)) throw new OctavoError('OPTION_INVALID', `gridSample: mode must be ${Object.keys(MODES).join(', ')}, got ${String(mode)}.`, { mode })
  if (!PADDINGS.includes(paddingMode)) throw new OctavoError('OPTION_INVALID', `gridSample: paddingMode must be ${PADDINGS.join(', ')}, got ${String(paddingMode)}.`, { paddingMode })
  return call(GRID_SAMPLE, [x, grid], [mode, paddingMode, alignCorners])
}
