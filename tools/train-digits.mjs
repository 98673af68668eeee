/**
 * Makes examples/digits/digits-float.onnx, digits-int8.onnx and the drawings that its recipe scores.
 *   pip install torch numpy onnx onnxruntime; node tools/train-digits.mjs [PYTHON]
 * Draws the training set into a folder of its own, lets tools/train-digits.py train on it, and removes the folder.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SIZE, drawMany } from '../examples/digits/draw.mjs'
import { must, root } from './steps.mjs'

/** Seeds of the sets; the demo draws with others. */
const SETS = { train: [40000, 1], calibrate: [500, 2], test: [2000, 3] }
/** Drawings that are kept beside the models, for the recipe. */
const KEPT = 200

const python = process.argv[2] ?? 'python3'
const out = join(root, 'examples/digits')
const folder = mkdtempSync(join(tmpdir(), 'octavo-digits-'))
try {
  for (const [name, [count, seed]] of Object.entries(SETS)) {
    const { pixels, labels } = drawMany(count, seed)
    writeFileSync(join(folder, `${name}.pixels`), pixels)
    writeFileSync(join(folder, `${name}.labels`), labels)
  }
  must(python, ['tools/train-digits.py', folder, String(SIZE), out])
} finally {
  rmSync(folder, { recursive: true })
}
const { pixels, labels } = drawMany(KEPT, 4)
writeFileSync(join(out, 'drawings.bin.gz'), gzipSync(pixels, { level: 9 }))
writeFileSync(join(out, 'drawings.csv'), [...labels].map((digit, i) => `drawing ${i},${digit}\n`).join(''))
