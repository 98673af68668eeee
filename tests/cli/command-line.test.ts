import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMANDS, main } from '../../src/cli/dispatch.js'
import { terminalOn } from '../../src/cli/terminal.js'

/** Runs a command line and gathers what it writes. */
async function octavo(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const [out, err] = [[] as string[], [] as string[]]
  const status = await main(argv, { write: (t) => out.push(t) }, { write: (t) => err.push(t) })
  return { status, out: out.join(''), err: err.join('') }
}

test('the overview lists every command; asked for nothing it is a usage error', async () => {
  const { status, out } = await octavo('--help')
  assert.equal(status, 0)
  for (const { name, summary } of COMMANDS) assert.ok(out.includes(name) && out.includes(summary.slice(0, 40)))
  assert.equal((await octavo()).status, 2)
})

for (const command of COMMANDS)
  test(`${command.name} --help: every option, an example of each, lines of at most 100 columns`, async () => {
    const { status, out, err } = await octavo(command.name, '--help')
    assert.deepEqual([status, err], [0, ''])
    for (const option of [...Object.keys(command.options), 'json', 'help']) assert.ok(out.includes(`--${option}`), option)
    assert.ok(command.examples.length >= 2 && command.examples.every(([line]) => out.includes(line) && line.startsWith(`octavo ${command.name}`)))
    for (const line of out.split('\n')) assert.ok(line.length <= 100 || line.startsWith('  octavo'), line)
  })

const WRONG: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['dance'], 2, /OPTION_INVALID: there is no command "dance"/],
  [['run', '--fast'], 2, /OPTION_INVALID: octavo run: Unknown option '--fast'/],
  [['run'], 2, /OPTION_INVALID: octavo run: expected one model/],
  [['run', 'a.onnx', 'b.onnx'], 2, /OPTION_INVALID/],
  [['run', 'no-such.onnx'], 1, /SOURCE_UNREADABLE: .*no-such\.onnx/],
  [['run', 'no-such.onnx', '--tier', 'fast'], 2, /OPTION_INVALID: --tier/],
  [['inspect'], 2, /OPTION_INVALID: octavo inspect: expected one model/],
  [['inspect', 'no-such.onnx'], 1, /FILE_UNREADABLE: cannot read no-such\.onnx: there is no such file/],
  [['eval'], 2, /OPTION_INVALID: --recipe FILE is missing/],
  [['eval', '--recipe', 'no-such.json'], 1, /FILE_UNREADABLE/],
  [['eval', '--recipe', 'package.json'], 1, /RECIPE_INVALID: Recipe field/],
  [['eval', '--recipe'], 2, /OPTION_INVALID: octavo eval: Option '--recipe <value>' argument missing/],
  [['calibrate', '-o', 'x.json'], 2, /OPTION_INVALID: octavo calibrate: expected a model/],
  [['calibrate', 'a.onnx', '--calibrate', 'src'], 2, /OPTION_INVALID: -o OUT\.json is missing/],
  [['calibrate', 'a.onnx', '-o', 'a.onnx', '--calibrate', 'src'], 2, /OPTION_INVALID: -o a\.onnx: the same file as MODEL/],
  [['calibrate', 'a.onnx', '-o', 'no-such/x.json', '--calibrate', 'src'], 1, /FILE_UNWRITABLE: .*its folder is not there/],
  [['calibrate', 'a.onnx', '-o', 'x.json', '--calibrate', 'src', '--shard', '3/2'], 2, /OPTION_INVALID: --shard: expected K\/N/],
  [['merge', '-o', 'x.json'], 2, /OPTION_INVALID: octavo merge: expected the files/],
  [['merge', 'package.json', '-o', 'x.json'], 1, /CALIBRATION_INVALID: package\.json: it is no calibration/],
  [['merge', 'README.md', '-o', 'x.json'], 1, /CALIBRATION_INVALID: README\.md is not JSON/],
  [['bench'], 2, /OPTION_INVALID: octavo bench: expected a model/],
  [['bench', 'a.onnx', '--peers', 'torch'], 2, /OPTION_INVALID: --peers: expected onnxruntime-web or onnxruntime-node, got "torch"/],
  [['conformance'], 2, /OPTION_INVALID: octavo conformance: expected one folder/],
  [['conformance', 'src'], 1, /FILE_UNREADABLE: src: no \.tar\.gz there/],
]
for (const [argv, status, message] of WRONG)
  test(`octavo ${argv.join(' ')}: status ${status}, one coded message, nothing on standard output`, async () => {
    const result = await octavo(...argv)
    assert.equal(result.status, status, result.err)
    assert.match(result.err, message)
    assert.deepEqual([result.out, result.err.trim().split('\n').length], ['', 1])
  })

test('progress: silent for the first second and where nobody looks, a bar on a terminal', async () => {
  const written: string[] = []
  const stream = (isTTY: boolean) => ({ isTTY, write: (t: string) => written.push(t) })
  const work = async (terminal: ReturnType<typeof terminalOn>, wait: number) => {
    const progress = terminal.progress('work', 4)
    progress(1)
    await new Promise((r) => setTimeout(r, wait))
    progress(2)
    progress.end()
  }
  await work(terminalOn(stream(false), stream(false), false), 1050)
  await work(terminalOn(stream(true), stream(true), false), 0)
  assert.deepEqual(written, [])
  await work(terminalOn(stream(false), stream(true), false), 1050)
  assert.match(written.join(''), /^\rwork \[#{12}\.{12}\] 2\/4, \d+ s left\x1b\[K\r\x1b\[K$/)
})
