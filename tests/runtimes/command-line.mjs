/** One tier in the engine that runs this file (Node, Deno, Bun): prints the result as one line of JSON. */
import { readFile } from 'node:fs/promises'
import { runCases } from './cases.mjs'

const [tier, ...roots] = process.argv.slice(2)
const folders = Object.fromEntries(roots.map((r) => r.split(/=(.*)/s).slice(0, 2)))
const octavo = await import('../../dist/index.js')
const load = async (path) => {
  const [kind] = path.split('/')
  if (!folders[kind]) return null
  return new Uint8Array(await readFile(folders[kind] + path.slice(kind.length)))
}
console.log(JSON.stringify(await runCases(octavo, tier, load)))
