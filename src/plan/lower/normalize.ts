import { elementCount } from '../../dtype.js'
import { firstAxis, momentAxes, qlinearSoftmaxAxes, softmaxAxis } from '../../graph/infer/normalize.js'
import { scalarQParams } from '../../graph/infer/scalar-qparams.js'
import { layoutOf } from '../../graph/infer/spatial.js'
import type { NormalizeParams } from '../../runtime/abi.js'
import { NULL, type Operand } from '../../runtime/operand.js'
import { reducedView, viewOf, type ReducedView } from './reduced-view.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

/** Deviation of assembly/normalize/f32.ts. */
const DEVIATION = { rootMeanSquare: 0, l2: 1, l1: 2 } as const

/** Normalises input 0 over `view`; without scale and bias unless `more` names them. */
function emitNormalize(l: Lowering, view: ReducedView, more: Partial<NormalizeParams>): void {
  l.emit('f32_normalize', {
    x: l.in(0), y: l.out(), view: l.table(view.words),
    scale: more.scale ?? l.table(Float32Array.of(1)), bias: more.bias ?? l.table(Float32Array.of(0)),
    mean: NULL, invStdDev: NULL, groups: 1, groupStep: 0, rowStep: 0, step: 0, center: 1, deviation: DEVIATION.rootMeanSquare, epsilon: 0, outerEpsilon: 0, ...more,
  })
}

/** One axis of `size` blocks of `stride` elements. */
const blocks = (size: number, stride: number) => [{ size, stride, reduced: false }]

const instance: LowerRule = (l) => {
  const { channelsLast, batch, channels, spatial } = layoutOf(l, l.dims(0))
  const area = elementCount(spatial)
  const inner = channelsLast ? channels : 1
  const outer = channelsLast ? batch : batch * channels
  emitNormalize(l, viewOf(blocks(outer, area * inner), [], area, inner), {
    scale: l.in(1), bias: l.in(2), epsilon: l.float('epsilon', 1e-5),
    ...(inner > 1 ? { step: 1 } : { groups: channels, groupStep: 1 }),
  })
}

const grouped: LowerRule = (l) => {
  const [batch, channels, ...spatial] = l.dims(0) as [number, number, ...number[]]
  const groups = l.int('num_groups')
  const each = channels / groups
  const area = elementCount(spatial)
  const perChannel = l.dims(1)[0] === channels
  emitNormalize(l, viewOf(blocks(batch * groups, each * area), [{ size: each, stride: area, reduced: true }], area, 1), {
    scale: l.in(1), bias: l.in(2), epsilon: l.float('epsilon', 1e-5), groups, groupStep: perChannel ? each : 1, rowStep: perChannel ? 1 : 0,
  })
}

const layer = (center: 0 | 1): LowerRule => (l) => {
  const dims = l.dims(0)
  const size = elementCount(dims.slice(firstAxis(l)))
  const bias: Operand = center && l.has(2) ? l.in(2) : l.table(new Float32Array(size))
  emitNormalize(l, viewOf(blocks(elementCount(dims) / size, size), [], size, 1), {
    scale: l.in(1), bias, center, step: 1, epsilon: l.float('epsilon', 1e-5), mean: l.wants(1) ? l.out(1) : NULL, invStdDev: l.wants(2) ? l.out(2) : NULL,
  })
}

const moments: LowerRule = (l) => emitNormalize(l, reducedView(l.dims(0), momentAxes(l)), { outerEpsilon: 1e-9 })

const lp: LowerRule = (l) => {
  const axis = l.axis(l.int('axis', -1), l.dims(0).length)
  emitNormalize(l, reducedView(l.dims(0), [axis]), { center: 0, deviation: l.int('p', 2) === 1 ? DEVIATION.l1 : DEVIATION.l2 })
}

/** [outer, channels, inner] of an image in either order. */
function planes(l: Lowering): { outer: number; channels: number; inner: number } {
  const { channelsLast, batch, channels, spatial } = layoutOf(l, l.dims(0))
  const area = elementCount(spatial)
  return channelsLast ? { outer: batch * area, channels, inner: 1 } : { outer: batch, channels, inner: area }
}

const batch: LowerRule = (l) => {
  l.mayOverwrite(0, 0)
  const shape = planes(l)
  const epsilon = l.float('epsilon', 1e-5)
  const factor = l.pack(`BatchNormalization ${epsilon}`, shape.channels * 4, [1, 4], (target) =>
    l.emit('f32_batchnorm_factor', { x: l.in(4), y: target, factor: l.in(1), bias: NULL, mean: NULL, ...shape, epsilon }))
  l.emit('f32_batchnorm', { x: l.in(0), y: l.out(), factor, bias: l.in(2), mean: l.in(3), ...shape, epsilon })
}

const lrn: LowerRule = (l) => {
  const size = l.int('size')
  l.emit('f32_lrn', {
    x: l.in(0), y: l.out(), ...planes(l), before: Math.floor((size - 1) / 2), after: Math.ceil((size - 1) / 2),
    alpha: l.float('alpha', 1e-4) / size, beta: l.float('beta', 0.75), bias: l.float('bias', 1),
  })
}

const along = (kernel: 'f32_softmax' | 'f32_hardmax', log: 0 | 1): LowerRule => (l) => {
  const view = l.table(reducedView(l.dims(0), [softmaxAxis(l)]).words)
  l.emit(kernel, { x: l.in(0), y: l.out(), view, table: NULL, log, yScale: 0, yZeroPoint: 0, signed: 0 })
}

/**
 * What each code stands for, as ONNX Runtime tabulates it: e^((i − 255)·scale), times a constant that keeps `count` of the
 * largest below float32's greatest value with e⁵ to spare.
 */
function exponentials(scale: number, count: number): Float32Array {
  const shift = Math.max(0, Math.fround(Math.log(Math.fround(3.4028234663852886e38 / count))) - 5) / scale
  return Float32Array.from({ length: 256 }, (_, i) => Math.exp((i - 255 + shift) * scale))
}

const qlinearSoftmax: LowerRule = (l) => {
  const { dtype } = l.input(0)
  const view = reducedView(l.dims(0), qlinearSoftmaxAxes(l))
  const x = scalarQParams(l, 1, 2, dtype)
  const y = scalarQParams(l, 3, 4, dtype)
  l.emit('q8_softmax', {
    x: l.in(0), y: l.out(), view: l.table(view.words), table: l.table(exponentials(x.scale, view.count)), log: 0,
    yScale: Math.floor(Math.fround(1 / y.scale)), yZeroPoint: y.zeroPoint, signed: dtype === 'int8' ? 1 : 0,
  })
}

export const normalize: LowerTable = {
  BatchNormalization: batch,
  InstanceNormalization: instance,
  GroupNormalization: grouped,
  LayerNormalization: layer(1),
  RMSNormalization: layer(0),
  MeanVarianceNormalization: moments,
  LpNormalization: lp,
  LRN: lrn,
  Softmax: along('f32_softmax', 0),
  LogSoftmax: along('f32_softmax', 1),
  Hardmax: along('f32_hardmax', 0),
  'com.microsoft:QLinearSoftmax': qlinearSoftmax,
}
