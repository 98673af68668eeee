/** npm run accuracy, bundled and started by tools/accuracy.mjs. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPeer } from '../../src/cli/runners.js'
import { terminalOn } from '../../src/cli/terminal.js'
import { OctavoError } from '../../src/entry/index.js'
import { makeAnchor, type Anchor } from './anchor.js'
import { ENTRIES, type Verdict } from './entries.js'
import { compareWithPeer, type Equality } from './equality.js'
import { missesOf, renderPage, scoreMissesOf, type Row, type Section } from './page.js'
import { quantize, remediesOf, variantName, variantsOf, type Variant } from './quantized.js'
import { openOurs, openSubject, score, type Scored, type Subject } from './scoring.js'

interface Settings {
  readonly root: string
  readonly data: string
  readonly out: string
  readonly only?: string
  readonly write?: boolean
  readonly check?: boolean
  readonly json?: boolean
  /** An interpreter with onnx; `anchor` says whether it is to quantize. */
  readonly python?: string
  readonly anchor?: boolean
}

const settings = JSON.parse(process.argv[2]!) as Settings
const anchorPath = join(settings.root, 'bench/accuracy/anchor.json')
const resultsFolder = join(settings.root, 'bench/accuracy/results')
const terminal = terminalOn(process.stdout, process.stderr, false)
/** Every file of this run. */
const written: string[] = []
const log = (text: string): void => terminal.err(text)

/** Least share of decisions that ONNX Runtime takes alike. */
const SAME_DECISIONS = 0.995

async function main(): Promise<number> {
  const wanted = new RegExp(settings.only ?? '')
  const subjects: Subject[] = []
  for (const entry of ENTRIES) if (wanted.test(entry.name)) subjects.push(await openSubject(entry, settings.data))
  if (!subjects.length) throw new Error(`--only ${settings.only}: no model has such a name; they are ${ENTRIES.map((e) => e.name).join(', ')}`)
  const anchor = await anchorFor(subjects)
  log(anchor ? `ONNX Runtime's quantizer: numbers of ${anchor.date}, bench/accuracy/anchor.json` : 'bench/accuracy/anchor.json is missing: nothing to compare with')
  const peer = await peerMissing(subjects[0]!)
  if (peer) log(`onnxruntime-node: ${peer}: bits are not compared`)
  mkdirSync(join(settings.out, 'models'), { recursive: true })
  mkdirSync(resultsFolder, { recursive: true })
  const sections: Section[] = []
  for (const subject of subjects) {
    const made = await section(subject, anchor, !peer)
    sections.push(made)
    if (settings.write) writeFileSync(join(resultsFolder, `${made.entry.name}.json`), JSON.stringify(made, null, 1) + '\n')
  }
  if (settings.json) terminal.out(JSON.stringify(sections, null, 2))
  if (settings.write) writePage(renderPage(recorded(), anchor))
  const missed = sections.flatMap(({ rows }) => rows.flatMap((r) => (r.remedied ? (r.equalityMissed ? [r.equalityMissed] : []) : missesOf(r))))
  log(missed.length ? `${missed.length} missed` : 'everything reached')
  return settings.check && missed.length ? 1 : 0
}

/** What was measured last of every model, in the table's order; a model that never was is left out, and the page says so. */
const recorded = (): Section[] => ENTRIES.flatMap(({ name }) => {
  const path = join(resultsFolder, `${name}.json`)
  return existsSync(path) ? [JSON.parse(readFileSync(path, 'utf8')) as Section] : []
})

async function anchorFor(subjects: readonly Subject[]): Promise<Anchor | undefined> {
  let anchor: Anchor | undefined
  try {
    anchor = JSON.parse(readFileSync(anchorPath, 'utf8')) as Anchor
  } catch {
    anchor = undefined
  }
  if (!settings.anchor) return anchor
  for (const subject of subjects) {
    anchor = await makeAnchor([subject], settings.python!, join(settings.root, 'bench/accuracy/anchor.py'), join(settings.out, 'anchor'), anchor, log)
    writeFileSync(anchorPath, JSON.stringify(anchor, null, 1) + '\n')
  }
  return anchor
}

/** Why nothing can be compared with onnxruntime-node, or undefined. */
async function peerMissing({ bytes }: Subject): Promise<string | undefined> {
  try {
    (await openPeer('onnxruntime-node', bytes)).release()
    return undefined
  } catch (error) {
    return (error as OctavoError).code === 'OPTION_INVALID' ? 'not installed (npm ci in bench/)' : String((error as Error).message)
  }
}

async function section(subject: Subject, anchor: Anchor | undefined, peer: boolean): Promise<Section> {
  const { entry, bytes, float } = subject
  const own = entry.kind === 'static' && 'label' in subject.recipe.data || subject.recipe.metric === 'top1' ? await score(subject, float) : undefined
  const theirs = anchor?.models[entry.name]
  const judged = (theirs?.rows ?? []).map(({ scores, ...row }) => ({ ...row, ...(scores && judge(entry, scores, own)) }))
  log(`${entry.title}: ${entry.bar}`)
  const rows: Row[] = []
  const before = written.length
  for (const variant of variantsOf(subject)) rows.push(...await remedied(variant, entry.exclude, (v) => row(subject, v, own, judged, peer), entry.kind === 'static'))
  for (const a of judged) log(`       ONNX Runtime ${a.method.padEnd(20)} ${a.unseen ? `${a.unseen.text} | ${a.full!.text}` : a.error}`)
  return { entry, bytes: bytes.length, ...(own && { float: { unseen: floatText(own.unseen), full: floatText(own.full) } }), rows, anchor: judged, notes: theirs?.notes ?? [], checker: check(written.slice(before)), date: new Date().toISOString().slice(0, 10) }
}

/** A row with the defaults and, while its scores miss something, one for each remedy. */
async function remedied(variant: Variant, exclude: readonly RegExp[] | undefined, rowOf: (variant: Variant) => Promise<Row>, can: boolean): Promise<Row[]> {
  const rows = [show(await rowOf(variant))]
  for (const remedy of can ? remediesOf(variant, exclude) : []) {
    const last = rows.at(-1)!
    if (!scoreMissesOf(last).length) break
    const next = await rowOf({ ...variant, remedy })
    if (next.floatLayers === next.layers) break // what is left is the float model
    rows[rows.length - 1] = { ...last, remedied: true }
    rows.push(show(next))
  }
  return rows
}

const floatText = ({ scores, samples }: Scored['full']): string => (scores['correct'] === undefined ? '–' : `${String(scores['correct'])}/${samples}`)

const judge = (entry: Subject['entry'], scores: Scored, float: Scored | undefined): { unseen: Verdict; full: Verdict } => ({
  unseen: entry.judge(scores.unseen, float?.unseen ?? scores.unseen), full: entry.judge(scores.full, float?.full ?? scores.full),
})

type Judged = { readonly unseen?: Verdict; readonly full?: Verdict }

async function row(subject: Subject, variant: Variant, float: Scored | undefined, anchors: readonly Judged[], peer: boolean): Promise<Row> {
  const { entry } = subject
  const name = variantName(variant)
  const { model, seconds, floatLayers, layers } = await quantize(subject, variant)
  const path = fileOf(subject, variant)
  writeFileSync(path, model)
  written.push(path)
  const runner = await openOurs(model)
  const scored = await score(subject, runner, showProgress(`${entry.name}, ${name}`))
  runner.release()
  const { unseen, full } = judge(entry, scored, float)
  const best = (set: 'unseen' | 'full') => Math.max(-Infinity, ...anchors.map((a) => a[set]?.count ?? -Infinity))
  const below = [...(unseen.count! < best('unseen') - 1 ? ['unseen half'] : []), ...(full.count! < best('full') - 1 ? ['full set'] : [])]
  const equality = peer ? await compareWithPeer(subject, model) : undefined
  return { variant: name, plain: !variant.remedy, bytes: model.length, seconds, floatLayers, layers, unseen, full, below, ...(equality && { equality, equalityMissed: unequal(entry, variant, equality) }) }
}

/** A bar for each set of samples. */
function showProgress(label: string): (done: number, total: number) => void {
  let bar: { of: number; show: ReturnType<typeof terminal.progress> } | undefined
  return (done, total) => {
    if (bar?.of !== total) bar = { of: total, show: terminal.progress(label, total) }
    bar.show(done)
    if (done === total) bar.show.end()
  }
}

/** What a file owes to ONNX Runtime's bits, where it does not pay (layers that a tolerance keeps in float owe none: every runtime adds floats in an order of its own): they are those of its native or of its WebAssembly build. */
function unequal({ kind }: Subject['entry'], { remedy }: Variant, { outputs, before, decisions, web }: Equality): string | undefined {
  const exact = web ?? before ?? outputs
  if (kind === 'static' && remedy?.tolerance === undefined && exact.different) return `${exact.different} of ${exact.elements} elements differ from ONNX Runtime's`
  return decisions < SAME_DECISIONS ? `only ${(100 * decisions).toFixed(2)} % of decisions are ONNX Runtime's` : undefined
}

function show(row: Row): Row {
  const misses = missesOf(row)
  log(`${misses.length ? 'MISSED' : 'ok    '} ${row.variant.padEnd(50)} ${row.unseen.text} | ${row.full.text}   ${row.floatLayers} float, ${row.seconds.toFixed(1)} s${misses.length ? `   ${misses.join('; ')}` : ''}`)
  return row
}

/** ONNX's checker does not know the types that contributed operators make. */
const CHECKER = `import onnx, sys
for file in sys.argv[1:]:
    contributed = any(o.domain not in ('', 'ai.onnx') for o in onnx.load(file).opset_import)
    onnx.checker.check_model(file, full_check=not contributed)
print(onnx.__version__)`

/** ONNX's own checker over every file written. @throws Error when it refuses one */
function check(files: readonly string[]): string {
  if (!settings.python) return 'ONNX\'s checker was not run: no Python with the package onnx.'
  const version = execFileSync(settings.python, ['-c', CHECKER, ...files], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  return `ONNX's checker (${version}; with shape inference, but for files with contributed operators) passes all ${files.length} files.`
}

const fileOf = ({ entry }: Subject, variant: Variant): string => join(settings.out, 'models', `${entry.name}.${variantName(variant).replace(/\W+/g, '.')}.onnx`)

function writePage(part: string): void {
  const path = join(settings.root, 'docs/accuracy.md')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(<!-- accuracy -->)[\s\S]*(<!-- \/accuracy -->)/, (_, open: string, close: string) => `${open}\n${part}\n${close}`))
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error instanceof OctavoError ? error.message : error)
  return 1
})
