/** assembly/math in a module of its own: each function one lane at a time and four at a time, and against double precision. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { erf, sigmoid, ulps } from '../reference/math.js'

const root = new URL('../../../', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'octavo-math-'))
after(() => rmSync(folder, { recursive: true }))

type Function = (x: number, y: number, count: number, vector: number) => void

function build(flags: readonly string[]): { memory: WebAssembly.Memory; exports: Record<string, Function> } {
  const target = join(folder, `${flags.length}.wasm`)
  const asc = ['node_modules/assemblyscript/bin/asc.js', 'assembly/__tests__/math.probe.ts', '--config', 'none', '-O3', '--importMemory', '--use', 'abort=', '--runtime', 'stub']
  execFileSync(process.execPath, [...asc, ...flags, '-o', target], { cwd: root })
  const memory = new WebAssembly.Memory({ initial: 64 })
  return { memory, exports: new WebAssembly.Instance(new WebAssembly.Module(readFileSync(target)), { env: { memory } }).exports as never }
}

const SCALAR = build([])
const SIMD = build(['--enable', 'simd'])
const COUNT = 1 << 16

function run(module: typeof SIMD, name: string, x: Float32Array, vector: number): Float32Array {
  const at = 1 << 16
  new Float32Array(module.memory.buffer, at, COUNT).set(x)
  module.exports[name]!(at, at + 4 * COUNT, COUNT, vector)
  return new Float32Array(module.memory.buffer.slice(at + 4 * COUNT, at + 8 * COUNT))
}

/** Every 65,537th float32 bit pattern from a start, so that 8 starts cover all exponents and signs at 524,288 points. */
const patterns = (start: number): Float32Array => new Float32Array(Uint32Array.from({ length: COUNT }, (_, i) => (start + i * 65537) >>> 0).buffer)
/** A dense grid over [-reach, reach], where the functions do their work. */
const grid = (reach: number): Float32Array => Float32Array.from({ length: COUNT }, (_, i) => ((i + 0.37) / COUNT - 0.5) * 2 * reach)
const EDGES = [0, -0, 1, -1, Infinity, -Infinity, NaN, 88.72283, 88.72284, 89, -87.4, -103.97, -104, -105, 1e38, -1e38, 1e-45, -1e-45, 1e-38, 9.01, 10, -10, 3.92, 4, 0.92, 0.91999996, 0.70710677, 1.4142135]
const edges = Float32Array.from({ length: COUNT }, (_, i) => EDGES[i % EDGES.length]!)

const FUNCTIONS: [name: string, real: (x: number) => number, limit: number, reach: number][] = [
  ['exp_of', Math.exp, 1.1, 105],
  ['tanh_of', Math.tanh, 2.5, 10],
  ['sigmoid_of', sigmoid, 2.5, 105],
  ['erf_of', erf, 1.2, 4.1],
  ['log_of', Math.log, 0.8, 4],
]

for (const [name, real, limit, reach] of FUNCTIONS)
  test(`${name}: within ${limit} ulp, the same bits in one lane and in four`, () => {
    let worst = 0
    for (const x of [edges, grid(reach), grid(reach / 16), grid(reach / 256), ...Array.from({ length: 8 }, (_, i) => patterns(i * 0x2003))]) {
      const y = run(SCALAR, name, x, 0)
      for (const other of [run(SIMD, name, x, 0), run(SIMD, name, x, 1)])
        for (let i = 0; i < COUNT; i++) assert.ok(Object.is(y[i], other[i]), `${name}(${x[i]}): scalar ${y[i]}, simd ${other[i]}`)
      for (let i = 0; i < COUNT; i++) {
        const distance = ulps(y[i]!, real(x[i]!))
        assert.ok(distance <= limit, `${name}(${x[i]}) = ${y[i]}, ${distance} ulp from ${real(x[i]!)}`)
        worst = Math.max(worst, distance)
      }
    }
    console.log(`# ${name}: at most ${worst.toFixed(2)} ulp`)
  })
