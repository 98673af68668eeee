import { elementCount } from '../dtype.js'
import { OctavoError } from '../errors.js'
import type { InputInfo } from '../recipe/runner.js'
import { Tensor } from '../value.js'
import type { Batch } from '../workflow/graph/options.js'

interface Parts {
  readonly count: number
  part(index: number): Tensor
}

/**
 * Arrays that hold many samples as the batches that a model takes: an array with an axis more than the input is a stack of feeds; otherwise its
 * first axis is cut into pieces of the input's own size, of 1 where that is open. An array that makes one feed only goes into every batch.
 *
 * @param file for messages
 * @returns views, nothing is copied
 * @throws INPUT_MISMATCH inputs without an array, arrays that make different numbers of feeds
 */
export function cutIntoBatches(arrays: ReadonlyMap<string, Tensor>, inputs: readonly InputInfo[], file: string): Batch[] {
  const parts = inputs.map((info) => {
    const array = arrays.get(info.name)
    if (!array) throw new OctavoError('INPUT_MISMATCH', `${file}: no array "${info.name}", which the model has as an input; it holds ${[...arrays.keys()].join(', ') || 'none'}. Save it with numpy.savez(file, ${info.name}=...).`, { file, input: info.name })
    return { name: info.name, ...cut(array, info) }
  })
  const count = parts.reduce((most, p) => (p.count === 1 ? most : p.count), 1)
  const odd = parts.find((p) => p.count !== 1 && p.count !== count)
  if (odd) throw new OctavoError('INPUT_MISMATCH', `${file}: array "${odd.name}" makes ${odd.count} feeds, another makes ${count}. Give each input as many samples.`, { file, input: odd.name })
  return Array.from({ length: count }, (_, i) => Object.fromEntries(parts.map((p) => [p.name, p.part(p.count === 1 ? 0 : i)])))
}

function cut(array: Tensor, { dims }: InputInfo): Parts {
  const whole: Parts = { count: 1, part: () => array }
  if (!dims || array.dims.length === 0) return whole
  if (array.dims.length === dims.length + 1) return slices(array, array.dims[0]!, array.dims.slice(1))
  const [first] = dims, length = array.dims[0]!, size = typeof first === 'number' ? first : 1
  if (array.dims.length !== dims.length || length <= size || length % size) return whole // what does not fit is the session's to refuse
  return slices(array, length / size, [size, ...array.dims.slice(1)])
}

function slices({ dtype, data }: Tensor, count: number, dims: readonly number[]): Parts {
  const size = elementCount(dims)
  return { count, part: (i) => new Tensor(dtype, data.subarray(i * size, (i + 1) * size), dims) }
}
