/** The suite in Node: prints one JSON line per row or note.   node node.mjs DATA DIST CEILINGS PEER [FILTER] */
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Tier } from '../src/entry/index.js'
import { runSuite, type Ort } from './suite.js'

const [data, dist, ceilings, peer, filter] = process.argv.slice(2) as [string, string, string, string, string?]
const print = (line: object): void => console.log(JSON.stringify(line))
const ort = (await import(pathToFileURL(peer).href)) as Ort & { env: { wasm: { numThreads: number } } }
ort.env.wasm.numThreads = 1

await runSuite({
  ort,
  tier: 'auto',
  wasmFolder: pathToFileURL(dist + '/'),
  load: (path) => readFile(`${data}/${path}`).then((b) => new Uint8Array(b), () => null),
  ceiling: async (tier: Tier) => {
    const { instance } = await WebAssembly.instantiate(await readFile(`${ceilings}/ceiling.${tier}.wasm`), {})
    const { run, macsPerTurn } = instance.exports as { run(turns: number): number; macsPerTurn(): number }
    const turns = 500_000
    return { macs: turns * macsPerTurn(), work: () => run(turns) }
  },
  report: (row) => print({ row }),
  note: (note) => print({ note }),
}, filter ? new RegExp(filter) : undefined)
