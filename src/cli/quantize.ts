import type { Subset } from '../recipe/evaluate.js'
import { parseCalibration, type Calibration } from '../workflow/graph/calibration.js'
import type { ProgressEvent, QuantizeStaticOptions } from '../workflow/graph/options.js'
import { quantizeDynamic } from '../workflow/graph/quantize-dynamic.js'
import { quantizeStatic, type QuantizeResult } from '../workflow/graph/quantize-static.js'
import { renderReport } from '../workflow/graph/report-page/report-page.js'
import type { QuantizeReport } from '../workflow/graph/report.js'
import { TIER_OPTION, usageError, type Arguments } from './arguments.js'
import { Bars } from './bars.js'
import { CALIBRATION_OPTIONS, calibrationSubset, openCalibrationData, type CalibrationData } from './calibration-data.js'
import { report as print, type Command } from './command.js'
import { inputNotes } from './input-notes.js'
import { readText, requirePlaces, writeWhole } from './node-files.js'
import { SCHEME_OPTIONS, schemeOf } from './quantize-options.js'
import { scoreBoth } from './quantize-scores.js'
import { describeReport } from './quantize-summary.js'
import { openRecipe, type OpenRecipe } from './recipes.js'
import type { Terminal } from './terminal.js'

const { shard: _shard, ...DATA_OPTIONS } = CALIBRATION_OPTIONS

export const quantize: Command = {
  name: 'quantize',
  summary: 'Turn a float model into one that computes in 8-bit integers.',
  synopsis: ['MODEL -o OUT --calibrate PATH [--engine NAME] [--observer NAME] [--report OUT.html]', '[MODEL] -o OUT --recipe FILE [--every N --from K] [--report OUT.html]', 'MODEL -o OUT --calibration FILE.json [--recipe FILE]', 'MODEL -o OUT --dynamic [--recipe FILE]'],
  about: 'Reads a float ONNX model, runs it on sample data to see which values occur (calibration), and writes an ONNX model whose weights and activations are 8-bit integers: about a quarter of the size, ' +
    'and faster. The result runs here and in ONNX Runtime. A hundred typical inputs are usually enough.\n' +
    'With --calibrate the samples are pictures or NumPy files. With --recipe they are the recipe\'s own data: every second sample calibrates, then both models are scored, on the samples that were not used and on all of them. ' +
    '--calibration takes what octavo calibrate wrote. --dynamic needs no data: only weights are converted beforehand, and every run chooses the ranges of what they multiply; it suits recurrent networks, and leaves convolutions in float.\n' +
    'Prints sizes, scores and the layers that lost most; --report writes a page with every layer and every range, to be opened in a browser. The model is written whole or not at all.',
  options: {
    output: { value: 'OUT', short: 'o', help: 'The file to write.' },
    ...DATA_OPTIONS,
    calibration: { value: 'FILE', help: 'Ranges from what octavo calibrate or octavo merge wrote, instead of data. With --recipe both models are scored too; samples that --every and --from name count as used.' },
    dynamic: { help: 'Choose the ranges of activations at run time, without data. With --recipe both models are scored.' },
    ...SCHEME_OPTIONS,
    report: { value: 'OUT.html', help: 'Write a page about the result: one file that needs no other.' },
    'no-score': { help: 'With --recipe: only calibrate, do not score.' },
    ...TIER_OPTION,
  },
  examples: [
    ['octavo quantize model.onnx --calibrate photos/ -o model.int8.onnx', 'Ranges from the pictures in a folder, scaled as ImageNet models expect.'],
    ['octavo quantize model.onnx --recipe recipe.json -o model.int8.onnx --report report.html', 'Calibrated and scored on a recipe\'s data, with a page about every layer.'],
    ['octavo quantize model.onnx --calibrate inputs.npz --engine qnnpack --observer minmax -o model.int8.onnx', 'NumPy arrays by input name; all 8 bits, the range of everything that was seen.'],
    ['octavo quantize model.onnx --dynamic -o model.int8.onnx', 'Weights only, no data: for recurrent networks.'],
    ['octavo quantize model.onnx --calibrate photos/ --exclude op:Softmax --exclude "/^head/" -o model.int8.onnx', 'Some nodes stay float: an operator, and all whose names begin with head.'],
  ],
  async run(args, terminal) {
    const job = await openJob(args)
    const data = job.dynamic || job.calibration ? undefined : await openCalibrationData(args, job.model)
    try {
      const { model, report } = await quantized(job, data, terminal)
      const full = job.recipe && !args.flag('no-score') ? await scored(job, job.recipe, model, report, args, terminal) : report
      const page = job.page === undefined ? undefined : renderReport(full, { inputs: data && await inputNotes(full, data.describe), options: { dynamic: job.dynamic || undefined, engine: full.engine, calibrateMethod: full.calibrateMethod, perChannel: true, ...job.options }, command: commandLine(args) })
      await writeWhole(job.output, model)
      if (page !== undefined) await writeWhole(job.page!, page)
      print(args, terminal, { output: job.output, ...(page !== undefined && { page: job.page }), ...full }, () => describeReport(full, job))
    } finally {
      data?.release()
    }
  },
}

/** What the command line asks for, as far as it can be checked before work begins. */
interface Job {
  readonly model: string
  readonly output: string
  readonly page: string | undefined
  readonly recipe: OpenRecipe | undefined
  readonly dynamic: boolean
  /** what was observed elsewhere; undefined where data are */
  readonly calibration: Calibration | undefined
  /** the part of the recipe's data that calibrates; undefined where other data do */
  readonly calibrated: Subset | undefined
  readonly options: QuantizeStaticOptions
}

/** Where ranges come from: the option that says so. */
type RangesFrom = 'calibrate' | 'calibration' | 'dynamic' | 'recipe'

/** Options about ranges, which --dynamic leaves to every run. */
const FOR_RANGES = ['calibrate', 'calibration', 'every', 'from', 'limit', 'observer', 'equalize', 'bias-correction', 'tolerance'] as const

function rangesFrom(args: Arguments): RangesFrom {
  const given = (option: string): boolean => args.flag(option) || args.text(option) !== undefined
  const clash = given('dynamic') && FOR_RANGES.find(given)
  if (clash) usageError(`--${clash} does not go with --dynamic, which observes nothing. Leave one of them out.`, { option: clash })
  if (given('calibrate') && given('calibration')) usageError('--calibrate and --calibration: ranges come from data or from what was observed before. Give one of them.', { option: 'calibration' })
  return (['dynamic', 'calibrate', 'calibration', 'recipe'] as const).find(given) ??
    usageError('there is nothing to calibrate on: name a folder or an .npz file with --calibrate, a recipe with --recipe, or --dynamic.', { option: 'calibrate' })
}

async function openJob(args: Arguments): Promise<Job> {
  if (args.positionals.length > 1) usageError(`octavo quantize: expected one model, got ${args.positionals.length}.`)
  const from = rangesFrom(args), options = schemeOf(args), saved = args.text('calibration'), page = args.text('report')
  const output = args.text('output') ?? usageError('-o OUT is missing: name the file to write, such as -o model.int8.onnx.', { option: 'output' })
  const recipe = args.text('recipe') === undefined ? undefined : await openRecipe(args)
  const model = args.positionals[0] ?? (recipe && from !== 'calibrate' ? recipe.model : usageError(`octavo quantize: expected a model beside --${from}.`))
  await requirePlaces({ MODEL: model, '-o': output, '--report': page })
  const calibration = saved === undefined ? undefined : parseCalibration(await readText(saved), saved)
  return { model, output, page, recipe, dynamic: from === 'dynamic', calibration, calibrated: from === 'recipe' || from === 'calibration' ? calibrationSubset(args) : undefined, options }
}

async function quantized({ model, options, dynamic, calibration }: Job, data: CalibrationData | undefined, terminal: Terminal): Promise<QuantizeResult> {
  const bars = new Bars(terminal, data?.total)
  try {
    const all = { ...options, onProgress: (event: ProgressEvent) => bars.show(event) }
    return await (dynamic ? quantizeDynamic(model, all) : quantizeStatic(model, calibration ?? data!.batches, all))
  } finally {
    bars.end()
  }
}

async function scored(job: Job, recipe: OpenRecipe, int8: Uint8Array, report: QuantizeReport, args: Arguments, terminal: Terminal): Promise<QuantizeReport> {
  const start = performance.now()
  const accuracy = await scoreBoth(recipe, job.calibrated, job.model, int8, args, terminal)
  return { ...report, accuracy, seconds: { ...report.seconds, score: (performance.now() - start) / 1000 } }
}

/** What was typed, quoted where a shell needs it. */
const commandLine = ({ argv }: Arguments): string => ['octavo quantize', ...argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', `'\\''`)}'`))].join(' ')
