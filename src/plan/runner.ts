import { DTYPES, arrayOf, elementCount, viewOf, type TypedArray } from '../dtype.js'
import { instantiate, type Instance, type LoadedTier } from '../runtime/load.js'
import { Arena } from '../runtime/memory.js'
import { Tensor } from '../value.js'
import type { Bound } from './bound.js'
import type { Port } from './plan.js'
import { SharedMemory } from './shared-memory.js'

/** One instance with its memory, where plans are bound and run. */
export class PlanRunner {
  readonly instance: Instance
  readonly arena: Arena
  readonly shared: SharedMemory

  /** @param workspace see SharedMemory */
  constructor(readonly tier: LoadedTier, memoryLimit: number, workspace?: (bytes: number) => number) {
    this.instance = instantiate(tier.module)
    this.arena = new Arena(this.instance.memory, this.instance.heapBase, memoryLimit)
    this.shared = new SharedMemory(this.arena, workspace)
  }

  /** Copies data into an input's place. */
  write(bound: Bound, port: Port, data: TypedArray): void {
    this.arena.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bound.addressOf(port.at))
  }

  /** A copy of an output, cut to its real length where only a bound was known. */
  read(bound: Bound, port: Port): Tensor {
    const { dtype, dims } = port.type
    const count = elementCount(dims)
    const from = bound.addressOf(port.at)
    const data = viewOf(dtype, this.arena.bytes.slice(from, from + count * DTYPES[dtype].bytes).buffer, 0, count)
    if (port.type.bound === undefined) return new Tensor(dtype, data, dims)
    const length = port.count && data.length ? this.arena.view.getInt32(bound.addressOf(port.count), true) : 0
    return trim(new Tensor(dtype, data, dims), port.type.bound, length)
  }
}

/** The first `length` entries along `axis`. */
function trim(tensor: Tensor, axis: number, length: number): Tensor {
  const dims = tensor.dims.map((d, i) => (i === axis ? length : d))
  const inner = elementCount(tensor.dims.slice(axis + 1))
  const [from, to] = [tensor.dims[axis]! * inner, length * inner]
  const data = arrayOf(tensor.dtype, elementCount(dims))
  for (let row = 0; to && row * to < data.length; row++) data.set(tensor.data.subarray(row * from, row * from + to) as never, row * to)
  return new Tensor(tensor.dtype, data, dims)
}
