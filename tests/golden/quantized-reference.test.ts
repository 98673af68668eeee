/** The slow loops of tests/reference/torch-quantized.ts are what PyTorch does: every golden case, element for element. */
import { test } from 'node:test'
import { convSums, convTransposeSums, linearSums, requantized, type Arithmetic, type Geometry, type Product } from '../reference/torch-quantized.js'
import { casesOf, compare, inputsOf, label, Tally, type Case } from './quantized.js'

const productOf = (c: Case): Product => {
  const { x, w, b } = inputsOf(c)
  return { x: x!, w: w!, b: b?.data, relu: c['relu'] === true, scale: c['scale'] as number, zero: c['zero'] as number }
}

/** Which arithmetic an engine's kernel follows. */
function arithmeticOf(c: Case, p: Product): Arithmetic {
  if (c.engine === 'x86') return c.op === 'linear' || (c['groups'] as number) > 100 || [p.w.zero].flat().some((z) => z) ? 'fbgemm' : 'onednn'
  return c.engine as Arithmetic
}

test('products: the reference gives PyTorch\'s codes', () => {
  const tally = new Tally()
  for (const c of casesOf('linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d')) {
    if (!c.y || c['wrong'] || c['saturates']) continue
    const p = productOf(c)
    const geometry = c as unknown as Geometry
    const sums = c.op === 'linear' ? linearSums(p) : (c.op.includes('transpose') ? convTransposeSums(p, geometry) : convSums(p, geometry)).sums
    const channels = c.op === 'linear' ? 1 : c.y.dims.slice(2).reduce((a, d) => a * d, 1)
    const filters = c.y.dims[c.op === 'linear' ? c.y.dims.length - 1 : 1]!
    const wide = c.op === 'conv3d' && geometry.groups > 1 && geometry.groups === p.x.dims[1] && p.w.dims.slice(2).every((k) => k === 3)
    const codes = sums.map((sum, i) => requantized(p, arithmeticOf(c, p), sum, Math.floor(i / channels) % filters, { wide, linear: c.op === 'linear' }))
    const { different, most, first } = compare(codes, c.y)
    tally.add(`${c.op} ${c.engine}`, different === 0, () => `${different} of ${codes.length}, ${most} at most, first ${first}: ${label(c)}`)
  }
  tally.check('reference')
})
