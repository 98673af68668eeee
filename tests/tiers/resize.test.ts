import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tensor } from '../../src/value.js'
import { build, ints, painted } from '../reference/build.js'
import * as reference from '../reference/resize.js'
import { random } from './harness.js'
import { refuses, runOpEverywhere, same, type OpCase } from './op.js'

/** All tiers agree to the bit (runOpEverywhere); the reference works in doubles, so it is met within float32's error. */
function near(c: OpCase, expected: Tensor, label: string): void {
  const [y] = runOpEverywhere(c)
  assert.deepEqual([y!.dtype, y!.dims], [expected.dtype, expected.dims], label)
  expected.data.forEach((v, i) => assert.ok(Math.abs(Number(y!.data[i]) - Number(v)) <= 1e-5 * (1 + Math.abs(Number(v))), `${label}: element ${i}: expected ${v}, got ${y!.data[i]}`))
}

const noise = (dims: readonly number[], seed: number): Tensor => {
  const next = random(seed)
  return build('float32', dims, () => (next() % 2001) / 1000 - 1)
}
const floats = (...v: number[]): Tensor => new Tensor('float32', v)
const COORDINATES = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'tf_half_pixel_for_nn']

function scaled(x: Tensor, scales: readonly number[], attributes: Record<string, string | number>): { c: OpCase; axes: reference.ReferenceAxis[] } {
  return { c: { op: 'Resize', attributes, inputs: [x, null, floats(...scales)] }, axes: scales.map((scale, axis) => ({ axis, to: Math.floor(x.dims[axis]! * scale), scale })).filter(({ scale }) => scale !== 1) }
}

test('Resize nearest: every coordinate and rounding mode, every element size, any axes', () => {
  for (const coordinates of COORDINATES)
    for (const nearest of ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'])
      for (const dtype of ['uint8', 'float32', 'int64'] as const)
        // powers of two: coordinates are the same in float32 and in doubles
        for (const scales of [[1, 1, 2, 4], [1, 2, 0.5, 1], [2, 1, 1, 2], [1, 1, 0.25, 0.5]]) {
          const x = painted(dtype, [2, 4, 8, 6])
          const { c, axes } = scaled(x, scales, { mode: 'nearest', coordinate_transformation_mode: coordinates, nearest_mode: nearest })
          const expected = reference.resize(new Tensor('float64', Array.from(x.data as ArrayLike<number>, Number), x.dims), axes, { mode: 'nearest', coordinates, nearest })
          same(c, new Tensor(dtype, Array.from(expected.data as Float64Array, (v) => (dtype === 'int64' ? BigInt(v) : v)) as number[], expected.dims))
        }
})

test('Resize linear and cubic: every coordinate mode, one to four axes, with and without antialias', () => {
  for (const coordinates of COORDINATES.slice(0, 5))
    for (const mode of ['linear', 'cubic'])
      for (const antialias of [0, 1])
        for (const [dims, scales] of [[[1, 2, 5, 6], [1, 1, 2, 2]], [[1, 2, 8, 9], [1, 1, 0.5, 1.5]], [[2, 5, 7, 4], [1, 1.7, 1.3, 1]], [[3, 8, 4, 8], [2, 0.5, 1, 0.25]], [[1, 3, 1, 16], [1, 1, 3, 0.3]], [[9], [2.5]]] as const) {
          const x = noise(dims, dims.length)
          const { c, axes } = scaled(x, scales, { mode, antialias, coordinate_transformation_mode: coordinates })
          if (coordinates === 'align_corners' && scales.some((s, i) => (s * dims[i]!) % 1)) continue // spread over the uncut length: the conformance suite's case
          near(c, reference.resize(x, axes, { mode, coordinates, antialias: antialias === 1 }), `${mode} ${coordinates} antialias ${antialias} [${dims}] × [${scales}]`)
        }
})

test('Resize cubic: coefficient and exclude_outside', () => {
  const x = noise([1, 2, 6, 7], 4)
  for (const antialias of [0, 1])
    for (const scales of [[1, 1, 2, 0.5], [1, 1, 0.5, 0.5]]) {
      const { c, axes } = scaled(x, scales, { mode: 'cubic', cubic_coeff_a: -0.5, exclude_outside: 1, antialias })
      near(c, reference.resize(x, axes, { mode: 'cubic', coordinates: 'half_pixel', a: -0.5, excludeOutside: true, antialias: antialias === 1 }), `exclude_outside ${scales}`)
    }
})

test('Resize linear of 8-bit codes is cut off towards zero', () => {
  for (const dtype of ['uint8', 'int8'] as const)
    for (const [dims, scales] of [[[1, 3, 5, 6], [1, 1, 2, 4]], [[1, 5, 6, 19], [1, 2, 2, 1]], [[2, 7], [1, 4]]] as const) {
      const next = random(3)
      const x = build(dtype, dims, () => next() % 256)
      const { c, axes } = scaled(x, scales, { mode: 'linear' })
      const exact = reference.resize(new Tensor('float64', Array.from(x.data as ArrayLike<number>, Number), x.dims), axes, { mode: 'linear', coordinates: 'half_pixel' })
      same(c, new Tensor(dtype, Array.from(exact.data as Float64Array, Math.trunc), exact.dims))
    }
  refuses({ op: 'Resize', attributes: { mode: 'cubic' }, inputs: [painted('uint8', [1, 1, 4, 4]), null, floats(1, 1, 2, 2)] }, 'DTYPE_MISMATCH')
})

test('Resize tf_crop_and_resize: crops, flips and the extrapolation value', () => {
  for (const mode of ['nearest', 'linear', 'cubic'])
    for (const [h, w] of [[[0.25, 0.75], [0, 1]], [[-0.25, 0.5], [0.5, 1.5]], [[1, 0], [0.75, 0.25]]] as const) {
      const x = noise([1, 2, 5, 9], 8)
      const axes = [{ axis: 2, to: 5, scale: 1, roi: h }, { axis: 3, to: 5, scale: 5 / 9, roi: w }]
      near({ op: 'Resize', attributes: { mode, coordinate_transformation_mode: 'tf_crop_and_resize', extrapolation_value: 9.5, axes: [2, 3] }, inputs: [x, floats(h[0], w[0], h[1], w[1]), null, ints(5, 5)] },
        reference.resize(x, axes, { mode, coordinates: 'tf_crop_and_resize', extrapolation: 9.5 }), `${mode} crop ${h} ${w}`)
    }
})

test('Resize: sizes under each policy, axes in any order, channels last', () => {
  const dims = (attributes: Record<string, unknown>, sizes: number[]): readonly number[] =>
    runOpEverywhere({ op: 'Resize', attributes: attributes as never, inputs: [noise([1, 2, 4, 6], 1), null, null, ints(...sizes)] })[0]!.dims
  assert.deepEqual(dims({ axes: [2, 3] }, [8, 3]), [1, 2, 8, 3])
  assert.deepEqual(dims({ axes: [3, 2] }, [8, 3]), [1, 2, 3, 8])
  assert.deepEqual(dims({ axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }, [8, 8]), [1, 2, 5, 8])
  assert.deepEqual(dims({ axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller' }, [8, 8]), [1, 2, 8, 12])
  const nchw = noise([1, 24, 5, 6], 2)
  for (const mode of ['nearest', 'linear']) {
    const move = (x: Tensor, perm: number[]): Tensor => runOpEverywhere({ op: 'Transpose', attributes: { perm }, inputs: [x] })[0]!
    const [y] = runOpEverywhere({ op: 'Resize', attributes: { mode, axes: [2, 3] }, inputs: [nchw, null, floats(2, 2.5)] })
    same({ op: 'Resize', attributes: { mode, axes: [1, 2] }, inputs: [move(nchw, [0, 2, 3, 1]), null, floats(2, 2.5)] }, move(y!, [0, 2, 3, 1]))
  }
  const x = noise([1, 1, 4, 4], 1)
  refuses({ op: 'Resize', inputs: [x, null, floats(1, 1)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Resize', inputs: [x] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Resize', inputs: [x, null, floats(1, 1, -1, 2)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Resize', inputs: [x, null, null, ints(1, 1, 2 ** 30, 1)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Resize', attributes: { mode: 'sharp' }, inputs: [x, null, floats(1, 1, 2, 2)] }, 'ATTRIBUTE_UNSUPPORTED')
})

test('GridSample: two and three axes, every mode and padding, places far outside', () => {
  const next = random(17)
  for (const [dims, out] of [[[2, 3, 4, 5], [3, 7]], [[1, 1, 1, 6], [4, 4]], [[2, 2, 3, 4, 5], [2, 3, 4]]] as const)
    for (const mode of ['nearest', 'linear', 'cubic'])
      for (const padding of ['zeros', 'border', 'reflection'])
        for (const align of [0, 1]) {
          const axes = dims.length - 2
          if (mode === 'cubic' && axes === 3) continue
          const x = noise(dims, 5)
          // Sixteenths: positions are exact in float32, halves included.
          const grid = build('float32', [dims[0], ...out, axes], () => ((next() % 97) - 48) / 16)
          near({ op: 'GridSample', attributes: { mode, padding_mode: padding, align_corners: align }, inputs: [x, grid] }, reference.gridSample(x, grid, mode, padding, align === 1), `${mode} ${padding} ${align} [${dims}]`)
        }
  const wild = floats(NaN, 0, Infinity, -Infinity, 1e30, -1e30)
  for (const padding of ['zeros', 'border', 'reflection'])
    for (const mode of ['nearest', 'linear', 'cubic'])
      runOpEverywhere({ op: 'GridSample', attributes: { mode, padding_mode: padding }, inputs: [noise([1, 1, 3, 3], 1), new Tensor('float32', wild.data, [1, 1, 3, 2])] })
  refuses({ op: 'GridSample', inputs: [noise([1, 1, 3, 3], 1), noise([1, 2, 2, 3], 1)] }, 'SHAPE_MISMATCH')
})

test('AffineGrid: two and three axes', () => {
  for (const size of [[2, 1, 4, 5], [1, 3, 1, 6], [2, 1, 3, 4, 5]])
    for (const align of [0, 1]) {
      const theta = noise([size[0]!, size.length - 2, size.length - 1], 9)
      near({ op: 'AffineGrid', attributes: { align_corners: align }, inputs: [theta, ints(...size)] }, reference.affineGrid(theta, size, align === 1), `[${size}] ${align}`)
    }
  refuses({ op: 'AffineGrid', inputs: [noise([1, 2, 3], 1), ints(2, 1, 4, 4)] }, 'SHAPE_MISMATCH')
})
