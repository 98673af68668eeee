/** The suite in a page; rows go to the server as they come. */
import type { Tier } from '../src/entry/index.js'
import { runSuite, type Ort } from './suite.js'

const peer = '/peer/ort.wasm.min.mjs'
const post = (line: object): Promise<unknown> => fetch('/line', { method: 'POST', body: JSON.stringify(line) })
const bytes = (path: string): Promise<Uint8Array | null> => fetch(path).then(async (r) => (r.ok ? new Uint8Array(await r.arrayBuffer()) : null))

try {
  const ort = (await import(peer)) as Ort & { env: { wasm: { numThreads: number; wasmPaths: string } } }
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmPaths = '/peer/'
  const filter = new URLSearchParams(location.search).get('only')
  await runSuite({
    ort,
    tier: 'auto',
    wasmFolder: new URL('/dist/', location.href),
    load: (path) => bytes(`/data/${path}`),
    ceiling: async (tier: Tier) => {
      const { instance } = await WebAssembly.instantiate((await bytes(`/bench/ceiling.${tier}.wasm`)) as BufferSource, {})
      const { run, macsPerTurn } = instance.exports as { run(turns: number): number; macsPerTurn(): number }
      const turns = 500_000
      return { macs: turns * macsPerTurn(), work: () => run(turns) }
    },
    report: (row) => void post({ row }),
    note: (note) => void post({ note }),
  }, filter ? new RegExp(filter) : undefined)
} catch (error) {
  await post({ note: `the page failed: ${String((error as Error).stack ?? error)}` })
}
await fetch('/result', { method: 'POST', body: '{}' })
