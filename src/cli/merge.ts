import { mergeCalibrations } from '../workflow/graph/calibrate-model.js'
import { parseCalibration } from '../workflow/graph/calibration.js'
import { TIER_OPTION, usageError } from './arguments.js'
import { describe, summaryOf } from './calibrate.js'
import { report, type Command } from './command.js'
import { readText, requirePlaces, writeWhole } from './node-files.js'
import { tierOf } from './runners.js'

export const merge: Command = {
  name: 'merge',
  summary: 'Put the parts that octavo calibrate --shard wrote together.',
  synopsis: ['PART.json... -o OUT.json [--partial]'],
  about: 'Reads what several processes observed and writes it as if one had, for octavo quantize --calibration. Min-max ranges are the same bits as from one process, in whatever way the data were split; histograms are put on one range and added (docs/quantization.md). The order of the files does not matter.\n' +
    'Parts of another model, made with other options, shards that are missing or there twice: each is refused with the names of the files.',
  options: {
    output: { value: 'OUT.json', short: 'o', help: 'The file to write.' },
    partial: { help: 'Shards may be missing: the result is a part that is merged again.' },
    ...TIER_OPTION,
  },
  examples: [
    ['octavo merge part*.json -o all.json', 'All parts of a set.'],
    ['octavo merge part1.json part2.json --partial -o first.json', 'Some of the parts, to be merged with the others later.'],
  ],
  async run(args, terminal) {
    if (!args.positionals.length) usageError('octavo merge: expected the files that octavo calibrate wrote. See octavo merge --help.')
    const output = args.text('output') ?? usageError('-o OUT.json is missing: name the file to write, such as -o all.json.', { option: 'output' })
    const tier = tierOf(args)
    await requirePlaces({ '-o': output })
    const parts = []
    for (const file of args.positionals) parts.push(parseCalibration(await readText(file), file))
    const merged = await mergeCalibrations(parts, { partial: args.flag('partial'), names: args.positionals, tier })
    await writeWhole(output, JSON.stringify(merged) + '\n')
    report(args, terminal, summaryOf(output, merged), describe)
  },
}
