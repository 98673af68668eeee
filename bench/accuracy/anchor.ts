import { spawn } from 'node:child_process'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openPeer } from '../../src/cli/runners.js'
import { readBytes } from '../../src/cli/node-files.js'
import { recipeBatches } from '../../src/recipe/batches.js'
import { writeFeeds } from './feeds.js'
import { CALIBRATED, score, type Scored, type Subject } from './scoring.js'

/** One model as ONNX Runtime's quantizer made it, scored in onnxruntime-node. Without scores where it failed; `error` says how. */
export interface AnchorRow {
  readonly method: string
  readonly seconds?: number
  readonly bytes?: number
  readonly scores?: Scored
  readonly error?: string
}

/** What anchor.json holds, so that the tables can be made without Python. */
export interface Anchor {
  readonly date: string
  readonly versions: Readonly<Record<string, string>>
  readonly models: Readonly<Record<string, { readonly notes: readonly string[]; readonly rows: readonly AnchorRow[] }>>
}

interface Line {
  readonly versions?: Record<string, string>
  readonly name?: string
  readonly method?: string
  readonly path?: string
  readonly seconds?: number
  readonly notes?: string[]
  readonly error?: string
}

/**
 * Quantizes the subjects with Python on the samples that ours are calibrated on, scores the results with the same scorer, and
 * gives `before` with these models replaced.
 *
 * @param python an interpreter with onnx and onnxruntime
 * @throws Error when it cannot be started or fails
 */
export async function makeAnchor(subjects: readonly Subject[], python: string, script: string, folder: string, before: Anchor | undefined, log: (text: string) => void): Promise<Anchor> {
  await mkdir(folder, { recursive: true })
  const jobs = []
  for (const { entry, recipe, files, path, float } of subjects) {
    const feeds = join(folder, 'feeds', entry.name)
    if (entry.kind === 'static') await writeFeeds((await recipeBatches(recipe, files, float, CALIBRATED)).read(), feeds)
    jobs.push({ name: entry.name, model: path, kind: entry.kind, feeds, out: folder })
  }
  await writeFile(join(folder, 'jobs.json'), JSON.stringify(jobs))
  const models: Record<string, { notes: readonly string[]; readonly rows: AnchorRow[] }> = {}
  let versions: Record<string, string> = {}
  for await (const line of pythonLines(python, [script, join(folder, 'jobs.json')], folder)) {
    if (line.versions) versions = line.versions
    const subject = subjects.find(({ entry }) => entry.name === line.name)
    if (!subject) continue
    const model = (models[line.name!] ??= { notes: [], rows: [] })
    model.notes = line.notes ?? []
    model.rows.push(line.error ? { method: line.method!, error: line.error } : await scoreRow(subject, line))
    log(`anchor ${line.name} ${line.method}: ${line.error ?? `${line.seconds} s`}`)
  }
  await rm(join(folder, 'feeds'), { recursive: true, force: true })
  return { date: new Date().toISOString().slice(0, 10), versions, models: { ...before?.models, ...models } }
}

async function scoreRow(subject: Subject, { method, path, seconds }: Line): Promise<AnchorRow> {
  const runner = await openPeer('onnxruntime-node', await readBytes(path!))
  try {
    return { method: method!, seconds, bytes: (await stat(path!)).size, scores: await score(subject, runner) }
  } finally {
    runner.release()
  }
}

/** The quantizer leaves files where it runs. */
async function* pythonLines(python: string, args: readonly string[], cwd: string): AsyncGenerator<Line> {
  const child = spawn(python, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((done, fail) => child.on('error', fail).on('exit', done))
  ended.catch(() => {})
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('{')) yield JSON.parse(line) as Line
  const status = await ended
  if (status !== 0) throw new Error(`${python} ${args.join(' ')} ended with ${status}`)
}
