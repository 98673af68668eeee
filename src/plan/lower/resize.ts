import { DTYPES, elementCount, arrayOf } from '../../dtype.js'
import { GRID_MODES, GRID_PADDINGS, isPair, resizeOf, type ResizeAxis, type Resizing } from '../../graph/infer/resize.js'
import type { Operand } from '../../runtime/operand.js'
import { emitFill, regionOf } from './copy.js'
import { bytesOf } from './movement.js'
import { filterOf, linearOf, nearestOf, outsideOf } from './resize-taps.js'
import type { Lowering, LowerTable } from './rule.js'

/** Axes that one step resizes: a pair side by side, or one alone. */
type Group = readonly ResizeAxis[]

/** Axes in groups, the shrinking ones first so that later steps have less to do. */
function groupsOf(r: Resizing): Group[] {
  if (r.mode === 'cubic' || r.antialias) return inOrder(r.axes.map((axis) => [axis]))
  const groups: Group[] = []
  for (let i = 0; i < r.axes.length; i++) {
    const pair = r.axes.slice(i, i + 2)
    groups.push(isPair(pair) ? pair : [r.axes[i]!])
    if (isPair(pair)) i++
  }
  return inOrder(groups)
}

const growth = (group: Group): number => group.reduce((n, { from, to }) => n * (to / from), 1)
const inOrder = (groups: Group[]): Group[] => groups.sort((a, b) => growth(a) - growth(b))

const ints = (l: Lowering, values: readonly number[], stride: number): Operand => l.table(Int32Array.from(values, (v) => v * stride))
const floats = (l: Lowering, values: readonly number[]): Operand => l.table(Float32Array.from(values))

/** One step: `group` of a value of `dims`, from x to y. */
function emitGroup(l: Lowering, r: Resizing, group: Group, dims: readonly number[], x: Operand, y: Operand): void {
  const first = group[0]!.axis
  const last = group.at(-1)!.axis
  const outer = elementCount(dims.slice(0, first))
  const inner = elementCount(dims.slice(last + 1))
  const bytes = bytesOf(l)
  if (r.mode === 'cubic' || r.antialias) {
    const { taps, samples, weights } = filterOf(r, group[0]!, l.float('cubic_coeff_a', -0.75), l.int('exclude_outside', 0) === 1)
    return l.emit('resample', { x, y, offsets: ints(l, samples, inner), weights: floats(l, weights), outer, length: group[0]!.from, inner, count: group[0]!.to, taps }, outer * inner * group[0]!.to * taps)
  }
  const [rows, columns] = group as readonly [ResizeAxis, ResizeAxis | undefined]
  const row = elementCount(dims.slice(first + 1)) * bytes
  const shared = { x, y, outer, height: rows.to, width: columns?.to ?? 1, plane: rows.from * row }
  if (r.mode === 'nearest') {
    // An axis alone moves whole rows of what lies inside it.
    l.emit('nearest', { ...shared, rows: ints(l, nearestOf(r, rows), row), columns: ints(l, columns ? nearestOf(r, columns) : [0], inner * bytes), bytes: inner * bytes })
  } else {
    const vertical = linearOf(r, rows)
    const horizontal = columns ? linearOf(r, columns) : { samples: [0, 0], weights: [1, 0] }
    l.emit('bilinear', {
      ...shared, rows: ints(l, vertical.samples, row), rowWeights: floats(l, vertical.weights),
      columns: ints(l, horizontal.samples, inner * bytes), columnWeights: floats(l, horizontal.weights), inner, dtype: DTYPES[l.input(0).dtype].code,
    }, 4 * outer * rows.to * shared.width * inner)
  }
}

function resizeNode(l: Lowering): void {
  const r = resizeOf(l)
  if (!r.axes.length) return l.alias(0, 0)
  const bytes = bytesOf(l)
  let dims = l.dims(0)
  let x = l.in(0)
  const groups = groupsOf(r)
  groups.forEach((group, i) => {
    const next = dims.map((d, a) => group.find((g) => g.axis === a)?.to ?? d)
    const y = i === groups.length - 1 ? l.out() : l.scratch(elementCount(next) * bytes)
    emitGroup(l, r, group, dims, x, y)
    ;[dims, x] = [next, y]
  })
  fillOutside(l, r)
}

/** Positions outside the crop get the extrapolation value, slab by slab. */
function fillOutside(l: Lowering, r: Resizing): void {
  const { dtype, dims } = l.output()
  const { bytes } = DTYPES[dtype]
  for (const axis of r.axes)
    for (const { at, count } of outsideOf(r, axis)) {
      const value = arrayOf(dtype, 1)
      const number = l.float('extrapolation_value', 0)
      value[0] = (typeof value[0] === 'bigint' ? BigInt(Math.trunc(number)) : number) as never
      emitFill(l, l.table(value), regionOf(l.out(), dims, bytes, dims.map((_, a) => (a === axis.axis ? at : 0))), dims.map((d, a) => (a === axis.axis ? count : d)), bytes)
    }
}

function gridSample(l: Lowering): void {
  const [batch, channels] = l.dims(0) as [number, number]
  const [width, height, depth] = l.dims(0).slice(2).reverse() as [number, number, number | undefined]
  const count = elementCount(l.output().dims.slice(2))
  const modes = ['nearest', 'linear', 'cubic']
  l.emit('grid_sample', {
    x: l.in(0), grid: l.in(1), y: l.out(), taps: l.scratch(16 * 8), batch, channels, depth: depth ?? 1, height, width, count,
    axes: l.dims(0).length - 2, mode: modes.indexOf(l.string('mode', GRID_MODES[0])), padding: GRID_PADDINGS.indexOf(l.string('padding_mode', 'zeros') as never), alignCorners: l.int('align_corners', 0),
  }, 4 * elementCount(l.output().dims))
}

function affineGrid(l: Lowering): void {
  const { dims } = l.output()
  const axes = dims.at(-1)!
  const [width, height, depth] = dims.slice(1, -1).reverse() as [number, number, number | undefined]
  l.emit('affine_grid', { theta: l.in(0), y: l.out(), batch: dims[0]!, depth: depth ?? 1, height, width, axes, alignCorners: l.int('align_corners', 0) })
}

export const resize: LowerTable = { Resize: resizeNode, GridSample: gridSample, AffineGrid: affineGrid }
