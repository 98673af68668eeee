import { evaluate, type Evaluation } from '../recipe/evaluate.js'
import type { Recipe } from '../recipe/schema.js'
import { TIER_OPTION, usageError, type Arguments } from './arguments.js'
import { report, type Command } from './command.js'
import { readBytes } from './node-files.js'
import { openRecipe, RECIPE_OPTIONS, type OpenRecipe } from './recipes.js'
import { openPeer, openSession, peerNames, sessionRunner, type OpenRunner } from './runners.js'
import type { Terminal } from './terminal.js'

/** Scores that differ by less are the same: expected values are written with four digits. */
const TOLERANCE = 5e-4

export const evaluation: Command = {
  name: 'eval',
  summary: 'Score a model on a set of data, as a recipe says.',
  synopsis: ['--recipe FILE [MODEL] [--against FLOAT_MODEL] [--every N --from K] [--limit N]'],
  about: 'A recipe is a JSON file that names a model, the data, the way from a file to the model\'s input, and the metric. MODEL replaces the recipe\'s model, to score another version of it on the same data. ' +
    '--against runs a second model on the same samples: its own scores are shown beside, with the share of equal answers; boxes and signal-to-noise metrics need it.\n' +
    'Prints the metric\'s scores, the number of samples and the median time that the model takes for one sample. With --check the status is 1 unless the scores are those that the recipe expects.',
  options: {
    ...RECIPE_OPTIONS,
    against: { value: 'MODEL', help: 'A second model to compare with, usually the float one.' },
    runtime: { value: 'NAME', help: 'Score another runtime instead: onnxruntime-web or onnxruntime-node, where that package is installed.' },
    check: { help: 'End with status 1 when a score is not what the recipe expects.' },
    ...TIER_OPTION,
  },
  examples: [
    ['octavo eval --recipe ../shared/data/recipes/mobilenetv2-qdq.json', 'Top-1 and top-5 of MobileNetV2 on 200 photos.'],
    ['octavo eval small.onnx --recipe mnist.json --against large.onnx --json', 'Two models on the same digits.'],
    ['octavo eval --recipe mnist.json --every 2 --from 1', 'The odd samples only: those that calibration on the even ones has not seen.'],
  ],
  async run(args, terminal) {
    if (args.positionals.length > 1) usageError(`octavo eval: expected one model at most, got ${args.positionals.length}.`)
    const open = await openRecipe(args)
    const model = args.positionals[0] ?? open.model
    const against = args.text('against')
    const runner = await openRunner(model, args)
    const result = await score(open, runner, against === undefined ? undefined : await openRunner(against, args), terminal)
    const summary = summarize(open.recipe, model, runner.name, against, result, isWhole(open))
    if (!args.flag('json') && isPairwise(open.recipe) && against === undefined) terminal.err(`${open.recipe.metric} compares two models: name the second with --against.`)
    report(args, terminal, summary, (s) => describe(s, open.recipe))
    return args.flag('check') && summary.asExpected !== true ? 1 : 0
  },
}

async function openRunner(model: string, args: Arguments): Promise<OpenRunner> {
  const [peer] = peerNames(args.words('runtime'), 'runtime')
  return peer ? openPeer(peer, await readBytes(model)) : sessionRunner(await openSession(model, args))
}

async function score({ recipe, files, subset }: OpenRecipe, runner: OpenRunner, against: OpenRunner | undefined, terminal: Terminal): Promise<Evaluation> {
  let progress: ReturnType<Terminal['progress']> | undefined
  try {
    return await evaluate(recipe, runner, files, { ...subset, against, onProgress: (done, total) => (progress ??= terminal.progress('eval', total))(done) })
  } finally {
    progress?.end()
    runner.release()
    against?.release()
  }
}

const isPairwise = ({ metric }: Recipe): boolean => metric === 'boxes-agreement' || metric === 'sqnr-per-output'
const isWhole = ({ subset }: OpenRecipe): boolean => Object.values(subset).every((v) => v === undefined)

function summarize(recipe: Recipe, model: string, runtime: string, againstModel: string | undefined, result: Evaluation, whole: boolean) {
  const { scores, against, sameDecisions, samples, msPerSample } = result
  const expected = recipe.expected ?? {}
  const all = { ...scores, cases: samples }
  const compare = whole && Object.keys(expected).length > 0
  return {
    ...scores, cases: samples, msPerSample: Number(msPerSample.toFixed(3)), model, runtime, metric: recipe.metric,
    ...(againstModel !== undefined && { against: { model: againstModel, ...against, ...(sameDecisions !== undefined && { sameAnswers: sameDecisions }) } }),
    expected, asExpected: compare ? Object.entries(expected).every(([key, value]) => Math.abs(Number(all[key as keyof typeof all] ?? NaN) - value) < TOLERANCE) : null,
  }
}

const UNITS: Readonly<Record<Recipe['data']['kind'], string>> = { images: 'image', idx: 'image', records: 'record', audio: 'chunk', files: 'file' }

function describe(summary: ReturnType<typeof summarize>, { data }: Recipe): string[] {
  const { model, runtime, cases, msPerSample, against, expected, asExpected, metric: _metric, ...scores } = summary
  const unit = UNITS[data.kind]
  const shown = (value: unknown): string => (typeof value === 'number' ? String(Number(value.toFixed(4))) : value === null ? '-' : typeof value === 'object' ? Object.entries(value).map(([k, v]) => `${k} ${shown(v)}`).join(', ') : String(value))
  const row = (name: string, value: unknown) => `${name.padEnd(14)} ${shown(value)}`
  return [
    row('model', model), row('runtime', runtime), row(`${unit}s`, cases), ...Object.entries(scores).map(([k, v]) => row(k, v)), row('ms per ' + unit, msPerSample),
    ...(against ? ['', ...Object.entries(against).map(([k, v]) => row(k === 'model' ? 'against' : k, v))] : []),
    ...(asExpected === null ? [] : ['', asExpected ? `as expected (${shown(expected)})` : `NOT as expected: ${shown(expected)}`]),
  ]
}
