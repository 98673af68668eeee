/** The eager door in every tier that this host runs. */
import { test } from 'node:test'
import { startEager } from '../../src/autograd/runtime.js'
import { loadedTiers } from './sessions.js'

/** One test per tier, each on an executor of its own. */
export function testEager(name: string, body: () => void | Promise<void>): void {
  for (const [tier, loaded] of loadedTiers())
    test(`${name} (${tier})`, async () => {
      startEager(loaded)
      await body()
    })
}
