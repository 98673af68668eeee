import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { arrayOf, elementCount } from '../../src/dtype.js'
import { writeNpy } from '../../src/formats/npy.js'
import type { Tensors } from '../../src/recipe/runner.js'
import { Tensor } from '../../src/value.js'

/** Writes feeds for others to read: `folder`/INPUT.npy for each input, the samples along a first axis of its own. */
export async function writeFeeds(feeds: AsyncIterable<Tensors>, folder: string): Promise<void> {
  const all: Tensors[] = []
  for await (const one of feeds) all.push(one)
  await mkdir(folder, { recursive: true })
  for (const [name, { dtype, dims }] of Object.entries(all[0] ?? {})) {
    const size = elementCount(dims)
    const stacked = arrayOf(dtype, all.length * size)
    for (const [i, one] of all.entries()) stacked.set(one[name]!.data as never, i * size)
    await writeFile(join(folder, `${name}.npy`), writeNpy(new Tensor(dtype, stacked, [all.length, ...dims])))
  }
}
