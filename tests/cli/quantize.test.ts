import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { main } from '../../src/cli/dispatch.js'
import { thumbnail } from '../../src/cli/input-notes.js'
import { quantize } from '../../src/cli/quantize.js'
import { decodeModel } from '../../src/formats/onnx/decode.js'
import { writeNpy } from '../../src/formats/npy.js'
import { encodePng } from '../../src/formats/png.js'
import { Tensor } from '../../src/value.js'
import { ROOT } from '../support/data.js'

/** A folder with what the examples of the help name: the digits model, its drawings as a recipe, as pictures and as arrays. */
const folder = mkdtempSync(join(tmpdir(), 'octavo-quantize-'))
const before = process.cwd()
process.chdir(folder)
after(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true })
})
const digits = join(ROOT, 'examples/digits')
const drawings = gunzipSync(readFileSync(join(digits, 'drawings.bin.gz')))
cpSync(join(digits, 'digits-float.onnx'), 'model.onnx')
for (const file of ['drawings.bin.gz', 'drawings.csv']) cpSync(join(digits, file), file)
const recipe = JSON.parse(readFileSync(join(digits, 'recipe.json'), 'utf8'))
writeFileSync('recipe.json', JSON.stringify({ ...recipe, model: 'model.onnx', data: { ...recipe.data, path: 'drawings.bin.gz', labels: 'drawings.csv' }, $schema: undefined }))
mkdirSync('photos')
for (let i = 0; i < 6; i++) writeFileSync(`photos/${i}.png`, encodePng({ width: 20, height: 20, channels: 1, data: drawings.subarray(i * 400, (i + 1) * 400) }))
const floats = Float32Array.from(drawings.subarray(0, 32 * 400), (v) => v / 255)
writeFileSync('inputs.npz', zipSync({ 'image.npy': writeNpy(new Tensor('float32', floats, [32, 1, 20, 20])) }))

async function octavo(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const [out, err] = [[] as string[], [] as string[]]
  const status = await main(argv, { write: (t) => out.push(t) }, { write: (t) => err.push(t) })
  return { status, out: out.join(''), err: err.join('') }
}
const words = (line: string): string[] => (line.match(/"[^"]*"|\S+/g) ?? []).map((w) => w.replace(/^"|"$/g, ''))
const DATA = ['--recipe', 'recipe.json', '--data', '.']

for (const [line] of quantize.examples)
  test(`${line}: as the help shows it, on real files`, async () => {
    const argv = words(line).slice(1).map((w) => (w === '/^head/' ? '/^conv/' : w === 'op:Softmax' ? 'op:MaxPool' : w))
    const { status, out, err } = await octavo(...argv, ...(line.includes('--recipe') ? ['--data', '.'] : []))
    assert.equal(status, 0, err)
    assert.match(out, /model\.onnx -> model\.int8\.onnx\n.* smaller\n.*layers in int8/)
    assert.ok(decodeModel(new Uint8Array(readFileSync('model.int8.onnx'))).nodes.some((n) => n.op === (line.includes('--dynamic') ? 'DynamicQuantizeLinear' : 'DequantizeLinear')))
    if (line.includes('--report')) assert.ok(readFileSync('report.html', 'utf8').startsWith('<!doctype html>'))
    for (const file of ['model.int8.onnx', 'report.html']) rmSync(file, { force: true })
  })

test('a recipe: both models scored on what was not used and on all, the report as JSON and as a page', async () => {
  const { status, out, err } = await octavo('quantize', 'model.onnx', ...DATA, '-o', 'q.onnx', '--report', 'q.html', '--json', '--observer', 'minmax', '--engine', 'qnnpack')
  assert.equal(status, 0, err)
  const report = JSON.parse(out)
  assert.deepEqual([report.output, report.page, report.model, report.engine, report.calibrateMethod, report.samples], ['q.onnx', 'q.html', 'model.onnx', 'qnnpack', 'minmax', 100])
  assert.deepEqual(report.accuracy.map((a: { set: string; samples: number }) => [a.set, a.samples]), [['unseen', 100], ['all', 200]])
  for (const { float, int8, samples } of report.accuracy) assert.ok(float.top1 >= 0.94 && int8.top1 >= float.top1 - 0.01 && int8.sameAnswers > 0.97 && int8.correct === Math.round(int8.top1 * samples))
  assert.equal(report.bytes.after, readFileSync('q.onnx').length)
  const page = readFileSync('q.html', 'utf8')
  assert.ok(page.includes('octavo quantize model.onnx --recipe recipe.json') && page.includes('No range was taken from the unseen samples'))
  const scored = JSON.parse((await octavo('eval', 'q.onnx', ...DATA, '--json')).out)
  assert.equal(scored.top1, report.accuracy[1].int8.top1, 'eval says the same')
})

test('the same command writes the same bytes; options reach the quantizer', async () => {
  const nodes = async (...more: string[]) => {
    const { status, err } = await octavo('quantize', 'model.onnx', ...DATA, '--no-score', '-o', 'o.onnx', ...more)
    assert.equal(status, 0, err)
    return readFileSync('o.onnx')
  }
  const plain = await nodes()
  assert.deepEqual(await nodes(), plain)
  for (const more of [['--per-tensor'], ['--engine', 'qnnpack'], ['--observer', 'percentile'], ['--exclude', 'op:Gemm'], ['--include', 'op:Conv'], ['--every', '7'], ['--from', '1']]) assert.notDeepEqual(await nodes(...more), plain, more.join(' '))
  assert.ok((await nodes('--exclude', 'op:Gemm')).length > plain.length)
})

test('ranges from a file, scored on a recipe', async () => {
  const { calibrate } = await import('../../src/workflow/graph/calibrate-model.js')
  const feeds = Array.from({ length: 32 }, (_, i) => ({ image: new Tensor('float32', floats.subarray(i * 400, (i + 1) * 400), [1, 1, 20, 20]) }))
  writeFileSync('ranges.json', JSON.stringify(await calibrate(join(folder, 'model.onnx'), feeds, { calibrateMethod: 'minmax' })))
  const { status, out, err } = await octavo('quantize', 'model.onnx', '--calibration', 'ranges.json', ...DATA, '-o', 'c.onnx', '--json')
  assert.equal(status, 0, err)
  const report = JSON.parse(out)
  assert.deepEqual([report.samples, report.calibrateMethod, report.accuracy.length], [32, 'minmax', 2])
  await octavo('quantize', 'model.onnx', '--calibrate', 'inputs.npz', '--observer', 'minmax', '-o', 'd.onnx')
  assert.deepEqual(readFileSync('c.onnx'), readFileSync('d.onnx'))
})

test('dynamic, scored on a whole recipe', async () => {
  const { status, out, err } = await octavo('quantize', 'model.onnx', '--dynamic', ...DATA, '-o', 'y.onnx', '--report', 'y.html', '--json')
  assert.equal(status, 0, err)
  const { kind, accuracy, layers } = JSON.parse(out)
  assert.deepEqual([kind, accuracy.length, accuracy[0].set, accuracy[0].samples], ['dynamic', 1, 'all', 200])
  assert.ok(accuracy[0].int8.top1 >= accuracy[0].float.top1 - 0.01 && layers.some((l: { reason?: string }) => /quantizeStatic/.test(l.reason ?? '')))
  assert.ok(readFileSync('y.html', 'utf8').includes('the ranges of activations at run time'))
})

test('the table in the terminal', async () => {
  const { out } = await octavo('quantize', 'model.onnx', ...DATA, '-o', 't.onnx', '--exclude', 'op:Gemm')
  assert.match(out, /scored on +float +int8 +change\n +100 unseen +top1 +\d\d\.\d % +\d\d\.\d % /)
  assert.match(out, /kept in float +because\n.*Gemm +Gemm is excluded/)
})

const WRONG: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['model.onnx'], 2, /nothing to calibrate on/],
  [['model.onnx', '--calibrate', 'photos'], 2, /-o OUT is missing/],
  [['model.onnx', '-o', 'x.onnx'], 2, /nothing to calibrate on/],
  [['-o', 'x.onnx', '--calibrate', 'photos'], 2, /expected a model/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--calibration', 'c.json'], 2, /Give one of them/],
  [['model.onnx', '-o', 'x.onnx', '--calibration', 'recipe.json'], 1, /CALIBRATION_INVALID: recipe\.json: it is no calibration/],
  [['model.onnx', '-o', 'x.onnx', '--dynamic', '--observer', 'minmax'], 2, /--observer does not go with --dynamic/],
  [['model.onnx', '-o', 'x.onnx', '--dynamic', '--calibrate', 'photos'], 2, /--calibrate does not go with --dynamic/],
  [['-o', 'x.onnx', '--dynamic'], 2, /expected a model beside --dynamic/],
  [['a.onnx', 'b.onnx', '-o', 'x.onnx'], 2, /expected one model, got 2/],
  [['model.onnx', '-o', 'model.onnx', '--calibrate', 'photos'], 2, /the same file as MODEL/],
  [['model.onnx', '-o', 'x.onnx', '--report', './x.onnx', '--calibrate', 'photos'], 2, /the same file as -o/],
  [['model.onnx', '-o', 'nowhere/x.onnx', '--calibrate', 'photos'], 1, /FILE_UNWRITABLE: cannot write nowhere\/x\.onnx: its folder is not there/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--engine', 'qnn'], 2, /--engine: expected one of fbgemm, qnnpack/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--observer', 'mean'], 2, /--observer: expected one of histogram, minmax/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--tolerance', '0'], 2, /--tolerance: expected a number above zero/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--exclude', '/(/'], 2, /--exclude \/\(\/: Invalid regular expression/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--exclude', 'no such node'], 2, /no node has the name no such node/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'photos', '--exclude', 'op:'], 2, /an operator's name/],
  [['no-such.onnx', '-o', 'x.onnx', '--calibrate', 'photos'], 1, /SOURCE_UNREADABLE/],
  [['model.onnx', '-o', 'x.onnx', '--calibrate', 'empty'], 1, /FILE_UNREADABLE/],
]
for (const [argv, status, message] of WRONG)
  test(`octavo quantize ${argv.join(' ')}: status ${status}, one coded line, nothing written`, async () => {
    const result = await octavo('quantize', ...argv)
    assert.deepEqual([result.status, result.out, result.err.trim().split('\n').length], [status, '', 1], result.err)
    assert.match(result.err, message)
    assert.ok(!existsSync('x.onnx') && readdirSync('.').every((f) => !f.endsWith('.tmp')))
  })

test('a model that is quantized already is refused, and what stood at OUT stays', async () => {
  writeFileSync('kept.onnx', 'before')
  cpSync(join(digits, 'digits-int8.onnx'), 'int8.onnx')
  const { status, err } = await octavo('quantize', 'int8.onnx', '--calibrate', 'photos', '-o', 'kept.onnx')
  assert.equal(status, 1)
  assert.match(err, /^ALREADY_QUANTIZED/)
  assert.equal(readFileSync('kept.onnx', 'utf8'), 'before')
})

test('a disk that fills: a coded error that says so', { skip: existsSync('/dev/full') ? false : 'no /dev/full here' }, async () => {
  for (const place of [['-o', '/dev/full'], ['-o', 'full.onnx', '--report', '/dev/full']]) {
    const { status, err } = await octavo('quantize', 'model.onnx', '--calibrate', 'photos', ...place)
    assert.equal(status, 1)
    assert.match(err, /^FILE_UNWRITABLE: cannot write \/dev\/full: the disk is full\. Make room/)
  }
})

test('thumbnails: small pictures as they are, large ones reduced', () => {
  const gray = thumbnail({ width: 20, height: 20, channels: 1, data: drawings.subarray(0, 400) })
  assert.match(gray, /^data:image\/png;base64,/)
  const header = Buffer.from(thumbnail({ width: 600, height: 400, channels: 3, data: new Uint8Array(600 * 400 * 3) }).split(',')[1]!, 'base64')
  assert.deepEqual([header.readUInt32BE(16), header.readUInt32BE(20)], [144, 96])
})
