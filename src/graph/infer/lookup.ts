import type { InferTable } from './rule.js'

/** y[i] = table[byte of x[i]]: a function of 8-bit codes, its 256 answers being a constant or computed before. */
export const lookup: InferTable = {
  'octavo:Lookup': {
    infer(view) {
      view.expectDType(0, 'uint8', 'int8')
      const dtype = view.expectDType(1, 'uint8', 'int8')
      if (view.expectRank(1, 1)[0] !== 256) view.fail('SHAPE_MISMATCH', `input 1 (table): expected 256 elements, got [${view.dims(1)}]`)
      return [view.make(dtype, view.dims(0))]
    },
  },
}
