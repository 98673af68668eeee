import { BLOCKS, KERNELS, type KernelName, type ParamsOf } from './abi.js'
import type { Operand } from './operand.js'

/** A field of a parameter block: its name and how it is stored (p address, i int32, u uint32, f float32). */
interface Field {
  readonly name: string
  readonly letter: string
}

const layouts = new Map<string, readonly Field[]>()

function layoutOf(kernel: KernelName): readonly Field[] {
  const block = KERNELS[kernel]
  let fields = layouts.get(block)
  if (!fields) {
    fields = BLOCKS[block].split(' ').map((field) => {
      const [name, letter] = field.split(':')
      return { name: name!, letter: letter! }
    })
    layouts.set(block, fields)
  }
  return fields
}

/** Bytes of the block that `kernel` reads. */
export const blockBytes = (kernel: KernelName): number => layoutOf(kernel).length * 4

/**
 * Writes a kernel's block at byte `at` of `view`'s memory (little-endian, as wasm reads it).
 * `resolve` turns an operand into an address.
 */
export function writeBlock<K extends KernelName>(view: DataView, at: number, kernel: K, params: ParamsOf<K>, resolve: (operand: Operand) => number): void {
  const values = params as unknown as Record<string, number | Operand>
  for (const { name, letter } of layoutOf(kernel)) {
    const value = values[name]!
    if (letter === 'p') view.setUint32(at, resolve(value as Operand), true)
    else if (letter === 'f') view.setFloat32(at, value as number, true)
    else if (letter === 'u') view.setUint32(at, value as number, true)
    else view.setInt32(at, value as number, true)
    at += 4
  }
}
