import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeNpy } from '../formats/npy.js'
import type { InferenceSession } from '../inference-session.js'
import type { Tensor } from '../value.js'
import { inputOf } from '../recipe/runner.js'
import { TIER_OPTION, usageError, type Arguments } from './arguments.js'
import { report, type Command } from './command.js'
import { FEED_OPTIONS, readInputs } from './feeds.js'
import { readText, writeWhole } from './node-files.js'
import { PICTURE_OPTIONS, pictureReader } from './pictures.js'
import { openSession, sessionRunner } from './runners.js'

interface OutputSummary {
  readonly name: string
  readonly dtype: string
  readonly dims: readonly number[]
  readonly top?: readonly { readonly index: number; readonly label?: string; readonly value: number }[]
  readonly first?: readonly number[]
}
interface RunResult {
  readonly model: string
  readonly tier: string
  readonly runs: readonly { readonly image?: string; readonly ms: number; readonly outputs: readonly OutputSummary[] }[]
}

export const run: Command = {
  name: 'run',
  summary: 'Run a model once and show its answer.',
  synopsis: ['MODEL --input NAME=FILE.npy [--input ...] [--save DIR]', 'MODEL --image FILE... [--labels FILE] [--top 5] [--pixels imagenet | --recipe FILE]'],
  about: 'Feeds a model with NumPy files or pictures and prints every output: its type, its dims, and the largest values with their classes where it looks like scores of classes, else the first values.\n' +
    'A picture is reduced to the model\'s input size (short side first, then the middle is cut out), and its pixels become floats as --pixels says: imagenet (x/255, then ImageNet\'s mean and deviation), unit (0 to 1), signed (-1 to 1) or byte (0 to 255); models with 8-bit inputs get the pixels as they are. A recipe says it exactly.',
  options: {
    ...FEED_OPTIONS,
    image: { value: 'FILE...', many: true, help: 'A picture for the model\'s first input (JPEG, PNG, WebP, GIF, TIFF). Several are run one after another.' },
    labels: { value: 'FILE', help: 'Names of the classes, one a line.' },
    top: { value: 'K', help: 'How many classes to show. Default: 5.' },
    ...PICTURE_OPTIONS,
    recipe: { value: 'FILE', help: 'Take the way from picture to input from this recipe.' },
    save: { value: 'DIR', help: 'Write each output as DIR/NAME.npy (of several pictures: DIR/0/NAME.npy and so on).' },
    ...TIER_OPTION,
  },
  examples: [
    ['octavo run mobilenetv2.onnx --image cat.jpg --labels imagenet.txt', 'The five most likely classes of a photo.'],
    ['octavo run model.onnx --input x=x.npy --input mask=mask.npy --save out', 'Named inputs from files, outputs to files.'],
  ],
  async run(args, terminal) {
    const [model, ...more] = args.positionals
    const images = [...args.texts('image'), ...(args.texts('image').length ? more : [])]
    if (model === undefined || (more.length && !args.texts('image').length)) usageError('octavo run: expected one model. See octavo run --help.')
    const labels = args.text('labels') === undefined ? undefined : (await readText(args.text('labels')!)).split(/\r?\n/).filter((l) => l.trim())
    using session = await openSession(model as string, args)
    const feeds = await readInputs(args)
    const convert = images.length ? await pictureReader(args, inputOf(sessionRunner(session)), 'image') : undefined
    const runs: RunResult['runs'][number][] = []
    const progress = terminal.progress('run', images.length)
    for (const [i, image] of (images.length ? images : [undefined]).entries()) {
      runs.push(await runOnce(session, image === undefined ? feeds : { ...feeds, ...(await convert!(image)) }, image, images.length > 1 ? `${i}` : '', args, labels))
      progress(i + 1)
    }
    progress.end()
    report(args, terminal, { model: model as string, tier: session.info.tier, runs }, describe)
  },
}

async function runOnce(session: InferenceSession, feeds: Record<string, Tensor>, image: string | undefined, folder: string, args: Arguments, labels: readonly string[] | undefined) {
  const start = performance.now()
  const outputs = await session.run(feeds)
  const ms = performance.now() - start
  const save = args.text('save')
  if (save !== undefined) await saveOutputs(join(save, folder), outputs)
  const top = args.integer('top', 1) ?? 5
  return { ...(image !== undefined && { image }), ms: Number(ms.toFixed(3)), outputs: session.outputNames.map((name) => summarize(name, outputs[name]!, top, labels)) }
}

async function saveOutputs(folder: string, outputs: Readonly<Record<string, Tensor>>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, tensor] of Object.entries(outputs)) await writeWhole(join(folder, `${name.replace(/[^\w.-]+/g, '_')}.npy`), writeNpy(tensor))
}

function summarize(name: string, tensor: Tensor, top: number, labels: readonly string[] | undefined): OutputSummary {
  const { dtype, dims } = tensor
  const values = Array.from(tensor.data as ArrayLike<number | bigint>, Number)
  const isScores = dims.filter((d) => d > 1).length === 1 && values.length > 2
  if (!isScores) return { name, dtype, dims, first: values.slice(0, 8) }
  const shift = labels && labels.length === values.length + 1 ? 1 : 0
  if (labels && labels.length - shift !== values.length) usageError(`--labels: ${labels.length} names for ${values.length} classes of output "${name}".`, { option: 'labels' })
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b).slice(0, top)
  return { name, dtype, dims, top: order.map((index) => ({ index, ...(labels && { label: labels[index + shift]! }), value: values[index]! })) }
}

function describe({ model, tier, runs }: RunResult): string[] {
  const number = (v: number) => (Number.isInteger(v) ? String(v) : v.toPrecision(5))
  return [`${model}, tier ${tier}`, ...runs.flatMap(({ image, ms, outputs }) => [
    '', `${image ?? 'answer'} (${ms.toFixed(2)} ms)`,
    ...outputs.flatMap(({ name, dtype, dims, top, first }) => [
      `  ${name}: ${dtype} [${dims.join(', ')}]`,
      ...(top ? top.map((t) => `    ${number(t.value).padStart(10)}  ${t.label === undefined ? `class ${t.index}` : `${t.label} (${t.index})`}`) : [`    ${first!.map(number).join('  ')}${elided(dims, first!)}`]),
    ]),
  ])]
}

const elided = (dims: readonly number[], first: readonly number[]): string => (dims.reduce((n, d) => n * d, 1) > first.length ? '  ...' : '')
