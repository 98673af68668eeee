import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InferenceSession } from '../inference-session.js'
import type { Tier } from '../runtime/tiers.js'
import { TIER_OPTION, usageError, type Arguments } from './arguments.js'
import { report, type Command } from './command.js'
import { operatorsOf, readSuite, runCase, type Case, type Outcome } from './conformance-case.js'
import { readText, writeWhole } from './node-files.js'
import type { Terminal } from './terminal.js'

const DEFAULT_EXPECTED = join('tests', 'conformance', 'expected-failures.txt')

interface Row { readonly name: string; readonly ops: readonly string[]; readonly outcome: Outcome }

interface Verdict {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly unsupported: number
  readonly seconds: number
  /** Tests that did not pass and are not listed, and tests that are listed and passed: either makes the command fail. */
  readonly unexpectedFailures: readonly string[]
  readonly unexpectedPasses: readonly string[]
  readonly tests: readonly { readonly name: string; readonly ops: readonly string[]; readonly status: string; readonly code?: string; readonly reason?: string }[]
}

export const conformance: Command = {
  name: 'conformance',
  summary: 'Run the backend tests of the ONNX standard and compare every output.',
  synopsis: ['DIR [--only NAME,...] [--op OPERATOR,...] [--expected FILE]'],
  about: 'DIR holds core.json (the names of the tests to run, in "tests") and the archives that ONNX publishes its backend tests in (.tar.gz). Each test opens a small model, feeds it the stored inputs and compares the outputs: ' +
    'integers exactly, floats within 1e-3 of the wanted value plus 1e-7, as the standard\'s own runner does.\n' +
    'Prints how many passed, failed (a wrong answer, or an error), were unsupported (an error that says so) and were skipped (no such test in the archives). Tests that are known not to pass stand in a text file, one name a line; a failure that is not listed there, or a listed test that passes, ends with status 1.',
  options: {
    only: { value: 'NAME,...', many: true, help: 'Run these tests only.' },
    op: { value: 'OPERATOR,...', many: true, help: 'Run tests whose graph has one of these operators only.' },
    expected: { value: 'FILE', help: `The list of known failures. Default: ${DEFAULT_EXPECTED}, where there is one.` },
    'write-expected': { help: 'Write the list of known failures anew from this run.' },
    ...TIER_OPTION,
  },
  examples: [
    ['octavo conformance ../shared/data/conformance', 'Every test of core.json.'],
    ['octavo conformance ../shared/data/conformance --op Conv,ConvInteger', 'The tests of two operators.'],
    ['octavo conformance ../shared/data/conformance --only test_add,test_relu --json', 'Two tests, with the outcome of each as JSON.'],
  ],
  async run(args, terminal) {
    const [folder, ...rest] = args.positionals
    if (folder === undefined || rest.length) usageError(`octavo conformance: expected one folder, got ${args.positionals.length}. See octavo conformance --help.`)
    const start = performance.now()
    const rows = await runAll(folder as string, args, terminal)
    const verdict = judge(rows, await readExpected(args), args, (performance.now() - start) / 1000)
    if (args.flag('write-expected')) await writeExpected(args.text('expected') ?? DEFAULT_EXPECTED, rows)
    report(args, terminal, verdict, describe)
    return !args.flag('write-expected') && (verdict.unexpectedFailures.length || verdict.unexpectedPasses.length) ? 1 : 0
  },
}

async function runAll(folder: string, args: Arguments, terminal: Terminal): Promise<Row[]> {
  const { names, cases } = await readSuite(folder)
  const only = new Set(args.words('only'))
  const ops = new Set(args.words('op'))
  for (const name of only) if (!names.includes(name)) usageError(`--only: core.json lists no test "${name}".`, { name })
  const chosen = names.filter((n) => (!only.size || only.has(n)) && (!ops.size || (cases.has(n) && operatorsOf(cases.get(n)!).some((op) => ops.has(op)))))
  if (!chosen.length) usageError(`--op: no test of core.json has an operator ${[...ops].join(' or ')}.`)
  const progress = terminal.progress('conformance', chosen.length)
  const rows: Row[] = []
  for (const name of chosen) {
    const test = cases.get(name)
    rows.push({ name, ops: test ? operatorsOf(test) : [], outcome: test ? await outcomeOf(test, args) : { status: 'skipped', reason: 'the archives hold no such test' } })
    progress(rows.length)
  }
  progress.end()
  return rows
}

const outcomeOf = (test: Case, args: Arguments): Promise<Outcome> =>
  runCase(test, (model) => InferenceSession.create(model, { tier: (args.text('tier') as Tier | undefined) ?? 'auto' }))

/** Names listed as known failures; what follows a # is a remark. Undefined when no list is there. */
async function readExpected(args: Arguments): Promise<ReadonlySet<string>> {
  const given = args.text('expected')
  if (args.flag('write-expected') || (given === undefined && !existsSync(DEFAULT_EXPECTED))) return new Set()
  const lines = (await readText(given ?? DEFAULT_EXPECTED)).split('\n')
  return new Set(lines.map((l) => l.replace(/#.*/, '').trim()).filter(Boolean))
}

function judge(rows: readonly Row[], expected: ReadonlySet<string>, args: Arguments, seconds: number): Verdict {
  const count = (status: Outcome['status']) => rows.filter((r) => r.outcome.status === status).length
  const pick = (passed: boolean) => rows.filter((r) => (r.outcome.status === 'passed') === passed && expected.has(r.name) === passed).map((r) => r.name)
  return {
    passed: count('passed'), failed: count('failed'), skipped: count('skipped'), unsupported: count('unsupported'), seconds: Number(seconds.toFixed(1)),
    unexpectedFailures: args.flag('write-expected') ? [] : pick(false), unexpectedPasses: pick(true),
    tests: rows.map(({ name, ops, outcome }) => ({ name, ops, ...outcome })),
  }
}

function describe(v: Verdict): string[] {
  const bad = v.tests.filter((t) => t.status !== 'passed')
  const surprise = new Set(v.unexpectedFailures)
  const lines = bad.map((t) => `${surprise.has(t.name) ? '!' : ' '} ${t.status.padEnd(11)} ${t.name} (${t.ops.join(', ')}): ${t.reason}`)
  return [
    ...lines, ...v.unexpectedPasses.map((name) => `! passed      ${name}: listed as a known failure; take it off the list`),
    `${v.passed} passed, ${v.failed} failed, ${v.unsupported} unsupported, ${v.skipped} skipped, of ${v.tests.length} in ${v.seconds} s`,
    ...(surprise.size || v.unexpectedPasses.length ? [`${surprise.size + v.unexpectedPasses.length} not as expected (marked !)`] : []),
  ]
}

async function writeExpected(file: string, rows: readonly Row[]): Promise<void> {
  const lines = rows.filter((r) => r.outcome.status !== 'passed').map((r) => `${r.name}  # ${r.ops.join(', ')}: ${'reason' in r.outcome ? (r.outcome.code ?? 'wrong result') : ''}`)
  await writeWhole(file, ['# ONNX backend tests that do not pass yet: NAME  # why. Kept by octavo conformance DIR --write-expected.', ...lines, ''].join('\n'))
}
