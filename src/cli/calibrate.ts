import { calibrate } from '../workflow/graph/calibrate-model.js'
import type { Calibration } from '../workflow/graph/calibration.js'
import { TIER_OPTION, usageError } from './arguments.js'
import { Bars } from './bars.js'
import { CALIBRATION_OPTIONS, openCalibrationData } from './calibration-data.js'
import { report, type Command } from './command.js'
import { requirePlaces, writeWhole } from './node-files.js'
import { SCHEME_OPTIONS, schemeOf } from './quantize-options.js'
import { openRecipe } from './recipes.js'

/** Of the ways to quantize, those that decide what is observed. */
const { engine, observer, exclude, include, equalize } = SCHEME_OPTIONS as Record<string, (typeof SCHEME_OPTIONS)[string]>

export const calibration: Command = {
  name: 'calibrate',
  summary: 'Observe a float model on data, or on a part of it; quantize takes it from there.',
  synopsis: ['MODEL -o OUT.json --calibrate PATH [--shard K/N] [--observer NAME]', '[MODEL] -o OUT.json --recipe FILE [--shard K/N] [--every N --from K]'],
  about: 'Does the first half of octavo quantize, and writes what the observers saw as JSON. With --shard it does so for one of N parts of the data: run N of them wherever there are machines, put the files together with octavo merge, and give the result to octavo quantize --calibration. ' +
    'With --observer minmax the result is the same to the bit as from one process; histogram and percentile come close (docs/quantization.md); moving-average and entropy cannot be merged.\n' +
    'Give every part the same model, data and options: merge refuses parts that do not fit. The engine may be changed when quantizing.',
  options: {
    output: { value: 'OUT.json', short: 'o', help: 'The file to write.' },
    ...CALIBRATION_OPTIONS, engine: engine!, observer: observer!, exclude: exclude!, include: include!, equalize: equalize!, ...TIER_OPTION,
  },
  examples: [
    ['octavo calibrate model.onnx --calibrate photos/ --observer minmax --shard 3/16 -o part3.json', 'The third of sixteen parts of a folder, by one process of sixteen.'],
    ['octavo calibrate --recipe recipe.json -o all.json', 'Everything at once, to quantize in several ways later.'],
  ],
  async run(args, terminal) {
    if (args.positionals.length > 1) usageError(`octavo calibrate: expected one model, got ${args.positionals.length}.`)
    const output = args.text('output') ?? usageError('-o OUT.json is missing: name the file to write, such as -o part.json.', { option: 'output' })
    const model = args.positionals[0] ?? (args.text('recipe') === undefined ? usageError('octavo calibrate: expected a model. See octavo calibrate --help.') : (await openRecipe(args)).model)
    const options = schemeOf(args)
    await requirePlaces({ MODEL: model, '-o': output })
    const data = await openCalibrationData(args, model), bars = new Bars(terminal, data.total)
    try {
      const made = await calibrate(model, data.batches, { ...options, shard: data.shard, onProgress: (event) => bars.show(event) })
      await writeWhole(output, JSON.stringify(made) + '\n')
      report(args, terminal, summaryOf(output, made), describe)
    } finally {
      bars.end()
      data.release()
    }
  },
}

/** What a calibration holds, without the states. */
export const summaryOf = (output: string, { model, engine, calibrateMethod, batches, samples, shards, groups }: Calibration) =>
  ({ output, model: model.name, sha256: model.sha256, engine, calibrateMethod, batches, samples, ...(shards && { shards }), values: Object.keys(groups).length })

export function describe({ output, model, calibrateMethod, samples, batches, shards, values }: ReturnType<typeof summaryOf>): string[] {
  const parts = shards && `, ${shards.present.length === 1 ? `shard ${shards.present[0]}` : `${shards.present.length} shards`} of ${shards.count}`
  return [`${model} -> ${output}`, `${calibrateMethod} of ${values} values over ${samples} samples in ${batches} batches${parts ?? ''}`]
}
