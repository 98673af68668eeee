import { elementCount } from '../../dtype.js'
import { broadcastDims } from './elementwise.js'
import type { InferRule, InferTable } from './rule.js'

/** Functions of codes whose answers are in tables. Kernels: assembly/quantize/tables.ts, assembly/indexing/embedding.ts. */

/** a, b, their tables of 256: float32 for `op` add and mul, int32 for fixed. Attributes: op, scale, early, late, lo, hi, shift. */
const binary: InferRule = {
  infer(view) {
    const dtype = view.expectDType(0, 'uint8', 'int8')
    view.expectDType(1, dtype)
    for (const i of [2, 3]) {
      view.expectDType(i, view.string('op') === 'fixed' ? 'int32' : 'float32')
      if (elementCount(view.dims(i)) !== 256) view.fail('SHAPE_MISMATCH', `input ${i} (table): expected 256 elements, got [${view.dims(i)}]`)
    }
    return [view.make(dtype, broadcastDims(view, [view.dims(0), view.dims(1)]))]
  },
}

/** x and a table [channels, 256] for axis `axis`. */
const channels: InferRule = {
  infer(view) {
    view.expectDType(0, 'uint8', 'int8')
    const dtype = view.expectDType(1, 'uint8', 'int8')
    const dims = view.dims(0)
    const [count, codes] = view.expectRank(1, 2)
    if (codes !== 256 || count !== dims[view.axis(view.int('axis'), dims.length)]) view.fail('SHAPE_MISMATCH', `input 1 (table) [${view.dims(1)}] does not fit the channels of [${dims}]`)
    return [view.make(dtype, dims)]
  },
}

/** codes [rows, bytes], parameters [rows, 2], indices and offsets (int32, checked by the caller), weights. Attributes: features, bits. */
const embedding: InferRule = {
  infer(view) {
    view.expectDType(0, 'uint8')
    view.expectDType(1, 'float32')
    for (const i of [2, 3]) view.expectDType(i, 'int32')
    return [view.make('float32', [elementCount(view.dims(3)) - 1, view.int('features')])]
  },
}

export const engineTables: InferTable = { 'octavo:TableBinary': binary, 'octavo:ChannelLookup': channels, 'octavo:QEmbedding': embedding }
