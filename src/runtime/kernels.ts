import { LAYOUTS, type KernelName, type Layouts, type ParamsOf } from './abi.js'
import type { Operand } from './operand.js'

/** A field of a parameter block. What is no float is an address or a 32-bit integer. */
export interface Field {
  readonly name: string
  readonly float: boolean
}

/** Kernels and their fields, from rows of a generated table. */
export function fieldsOf(rows: Layouts): (readonly [kernel: string, fields: readonly Field[]])[] {
  return rows.flatMap(([kernels, names]) => {
    const fields = names.split(' ').map((field) => ({ name: field.replace('~', ''), float: field.endsWith('~') }))
    return kernels.split(' ').map((kernel) => [kernel, fields] as const)
  })
}

const layouts = new Map<string, readonly Field[]>()

/** Makes the blocks of more kernels known. */
export function addLayouts(rows: Layouts): void {
  for (const [kernel, fields] of fieldsOf(rows)) layouts.set(kernel, fields)
}
addLayouts(LAYOUTS)

const layoutOf = (kernel: KernelName): readonly Field[] => layouts.get(kernel)!

/** Bytes of the block that `kernel` reads. */
export const blockBytes = (kernel: KernelName): number => layoutOf(kernel).length * 4

/**
 * Writes a kernel's block at byte `at` of `view`'s memory (little-endian, as wasm reads it).
 * `resolve` turns an operand into an address.
 */
export function writeBlock<K extends KernelName>(view: DataView, at: number, kernel: K, params: ParamsOf<K>, resolve: (operand: Operand) => number): void {
  writeFields(view, at, layoutOf(kernel), params as unknown as Record<string, number | Operand>, resolve)
}

/** writeBlock for fields that are known. */
export function writeFields(view: DataView, at: number, fields: readonly Field[], values: Readonly<Record<string, number | Operand>>, resolve: (operand: Operand) => number): void {
  for (const { name, float } of fields) {
    const value = values[name]!
    if (float) view.setFloat32(at, value as number, true)
    else view.setInt32(at, typeof value === 'object' ? resolve(value) : value, true)
    at += 4
  }
}
