import { cpus } from 'node:os'
import { median } from '../recipe/evaluate.js'
import type { Tensors } from '../recipe/runner.js'
import { openSamples } from '../recipe/samples.js'
import { stepsOf } from '../recipe/steps.js'
import { TIER_OPTION, usageError, type Arguments } from './arguments.js'
import { report, type Command } from './command.js'
import { FEED_OPTIONS, openDims, readInputs, syntheticFeeds } from './feeds.js'
import { readBytes } from './node-files.js'
import { openRecipe, RECIPE_OPTIONS } from './recipes.js'
import { openPeer, openSession, peerNames, sessionRunner, type OpenRunner, type Peer } from './runners.js'
import { table } from './table.js'
import type { Terminal } from './terminal.js'

/** Runs before counting: at least so many, and for at least so long, past the engines' optimising compilers. */
const WARM_RUNS = 5
const WARM_MS = 300
/** A measured batch lasts at least so long: far above the clock's resolution and the cost of a call. */
const BATCH_MS = 2

interface Timing {
  readonly runtime: string
  /** Milliseconds of one run: the median over the rounds, and the middle half of them. */
  readonly ms: number
  readonly low: number
  readonly high: number
  /** Time of this runtime over ours: the median of the ratios of each round. */
  readonly ratio: number
}
interface ModelTiming {
  readonly model: string
  readonly tier: string
  readonly rounds: number
  readonly timings: readonly Timing[]
}

export const bench: Command = {
  name: 'bench',
  summary: 'Time models, alone or beside other runtimes in the same process.',
  synopsis: ['MODEL... [--peers onnxruntime-web,onnxruntime-node] [--seconds 5]', '--recipe FILE [--peers ...]'],
  about: 'Runs each model again and again on one thread, after a warm-up, and prints the median time of a run with the middle half of the times (a quarter of the runs were faster than the lower bound, a quarter slower than the upper one).\n' +
    '--peers runs other runtimes on the same feeds, in turns with ours, and prints how many times as long they take: the median of the ratios of neighbouring runs, which noise of the machine reaches less than the times. A peer must be installed where the command runs, or in bench/ there.',
  options: {
    peers: { value: 'NAME,...', many: true, help: 'onnxruntime-web, onnxruntime-node.' },
    seconds: { value: 'S', help: 'How long to measure each model. Default: 5.' },
    ...FEED_OPTIONS, recipe: RECIPE_OPTIONS['recipe']!, data: RECIPE_OPTIONS['data']!, ...TIER_OPTION,
  },
  examples: [
    ['octavo bench model.onnx --peers onnxruntime-web', 'One model beside ONNX Runtime in WebAssembly.'],
    ['octavo bench a.onnx b.onnx --seconds 10 --json', 'Two models, as data.'],
    ['octavo bench --recipe ../shared/data/recipes/squeezenet.json', 'The recipe\'s model on the recipe\'s first sample.'],
  ],
  async run(args, terminal) {
    const peers = peerNames(args.words('peers'), 'peers')
    const recipe = args.text('recipe') === undefined ? undefined : await openRecipe(args)
    const models = args.positionals.length ? args.positionals : recipe ? [recipe.model] : usageError('octavo bench: expected a model, or a recipe that names one. See octavo bench --help.')
    const results: ModelTiming[] = []
    for (const model of models) results.push(await timeModel(model, peers, args, terminal))
    report(args, terminal, { cpu: cpus()[0]?.model ?? 'unknown', node: process.version, threads: 1, models: results }, describe)
  },
}

async function timeModel(model: string, peers: readonly Peer[], args: Arguments, terminal: Terminal): Promise<ModelTiming> {
  const session = await openSession(model, args)
  const runners: OpenRunner[] = [sessionRunner(session)]
  try {
    for (const peer of peers) runners.push(await openPeer(peer, await readBytes(model)))
    const feeds = await feedsFor(runners[0]!, args)
    const batch = await warmUp(runners, feeds)
    const seconds = args.integer('seconds', 1) ?? 5
    const rounds = await measure(runners, feeds, batch, seconds, terminal)
    return { model, tier: session.info.tier, rounds: rounds.length, timings: runners.map((r, i) => timing(r.name, rounds, i)) }
  } finally {
    for (const runner of runners) runner.release()
  }
}

/** What the model is fed: the recipe's first sample, or files and made-up values. */
async function feedsFor(runner: OpenRunner, args: Arguments): Promise<Tensors> {
  if (args.text('recipe') === undefined) return { ...syntheticFeeds(runner.inputs, openDims(args)), ...(await readInputs(args)) }
  const { recipe, files } = await openRecipe(args)
  const samples = await openSamples(recipe.data, files)
  return stepsOf(recipe, await samples.get(0), runner)[0]!(undefined)
}

/** Runs every runner until it is warm. Returns how many runs of each make a batch. */
async function warmUp(runners: readonly OpenRunner[], feeds: Tensors): Promise<readonly number[]> {
  const batches: number[] = []
  for (const runner of runners) {
    const start = performance.now()
    let runs = 0
    let last = 0
    for (let now = start; runs < WARM_RUNS || now - start < WARM_MS; runs++) {
      await runner.run(feeds)
      last = performance.now() - now
      now += last
    }
    batches.push(Math.max(1, Math.ceil(BATCH_MS / Math.max(last, 1e-3))))
  }
  return batches
}

/** Rounds in which each runner has its turn; the first of a round changes. Milliseconds of one run, per round and runner. */
async function measure(runners: readonly OpenRunner[], feeds: Tensors, batch: readonly number[], seconds: number, terminal: Terminal): Promise<number[][]> {
  const rounds: number[][] = []
  const progress = terminal.progress('bench', seconds)
  const end = performance.now() + 1000 * seconds
  while (performance.now() < end || rounds.length < 5) {
    const round = new Array<number>(runners.length)
    for (let turn = 0; turn < runners.length; turn++) {
      const i = (turn + rounds.length) % runners.length
      const start = performance.now()
      for (let k = 0; k < batch[i]!; k++) await runners[i]!.run(feeds)
      round[i] = (performance.now() - start) / batch[i]!
    }
    rounds.push(round)
    progress(Math.min(seconds, seconds - (end - performance.now()) / 1000))
  }
  progress.end()
  return rounds
}

function timing(runtime: string, rounds: readonly (readonly number[])[], i: number): Timing {
  const times = rounds.map((r) => r[i]!).sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!
  return { runtime, ms: median(times), low: at(0.25), high: at(0.75), ratio: median(rounds.map((r) => r[i]! / r[0]!)) }
}

function describe({ cpu, node, models }: { cpu: string; node: string; models: readonly ModelTiming[] }): string[] {
  const ms = (v: number) => (v < 1 ? v.toFixed(4) : v.toFixed(2))
  return [`${cpu}, Node ${node}, one thread`, ...models.flatMap(({ model, tier, rounds, timings }) => [
    '', `${model} (${rounds} rounds)`,
    ...table(['runtime', 'ms', 'middle half', 'times ours'], timings.map((t) => [t.runtime === 'octavo' ? `octavo, ${tier}` : t.runtime, ms(t.ms), `${ms(t.low)} - ${ms(t.high)}`, t.ratio.toFixed(2)])),
  ])]
}
