import { DTYPES, arrayOf, elementCount } from '../dtype.js'
import { readNpy } from '../formats/npy.js'
import { Tensor } from '../value.js'
import type { InputInfo } from '../recipe/runner.js'
import { usageError, type Arguments, type Option } from './arguments.js'
import { readBytes } from './node-files.js'

/** Options of the commands that feed a model without a recipe. */
export const FEED_OPTIONS: Readonly<Record<string, Option>> = {
  input: { value: 'NAME=FILE.npy', many: true, help: 'Feed the input NAME from a NumPy file. Once for each input.' },
  dim: { value: 'NAME=N', many: true, help: 'The size of an open axis, by the name the model gives it (octavo inspect shows it). Default: 1.' },
}

/** The tensors named by --input. @throws OPTION_INVALID, FILE_UNREADABLE */
export async function readInputs(args: Arguments): Promise<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = {}
  for (const given of args.texts('input')) {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(given) ?? usageError(`--input: expected NAME=FILE.npy, got "${given}".`, { option: 'input' })
    feeds[name!] = readNpy(await readBytes(file!), file!)
  }
  return feeds
}

/** Sizes of open axes named by --dim. @throws OPTION_INVALID */
export function openDims(args: Arguments): ReadonlyMap<string, number> {
  return new Map(args.texts('dim').map((given) => {
    const [, name, size] = /^([^=]+)=(\d+)$/.exec(given) ?? usageError(`--dim: expected NAME=N, got "${given}".`, { option: 'dim' })
    return [name!, Number(size)]
  }))
}

/** The dims of an input with its open axes decided: by name, else 1. */
export const concreteDims = ({ dims }: InputInfo, open: ReadonlyMap<string, number>): number[] =>
  (dims ?? []).map((d) => (typeof d === 'number' ? d : (open.get(d ?? '') ?? 1)))

/**
 * Made-up feeds for timing: floats uniform in 0 … 1, 8-bit integers over their whole range, everything else ones. The same
 * numbers every time (xorshift32).
 */
export function syntheticFeeds(inputs: readonly InputInfo[], open: ReadonlyMap<string, number>): Record<string, Tensor> {
  let state = 0x9e3779b9
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return Object.fromEntries(inputs.map((info) => {
    const dims = concreteDims(info, open)
    const data = arrayOf(info.dtype, elementCount(dims))
    const { bytes, min, max } = DTYPES[info.dtype]
    const value = () => (info.dtype === 'float32' || info.dtype === 'float64' ? next() : bytes === 1 && info.dtype !== 'bool' ? Math.floor(min + next() * (max - min + 1)) : 1)
    const big = info.dtype === 'int64' || info.dtype === 'uint64'
    for (let i = 0; i < data.length; i++) data[i] = (big ? BigInt(value()) : value()) as never
    return [info.name, new Tensor(info.dtype, data, dims)]
  }))
}
