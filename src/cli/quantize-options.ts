import { ENGINES, type EngineName } from '../quantization/engines/engine.js'
import { CALIBRATE_METHODS, type CalibrateMethod, type NodePattern, type QuantizeStaticOptions } from '../workflow/graph/options.js'
import { usageError, type Arguments, type Option } from './arguments.js'
import { tierOf } from './runners.js'

/** Names of observers as a command line says them. */
const OBSERVERS: Readonly<Record<string, CalibrateMethod>> = { histogram: 'histogram', minmax: 'minmax', 'moving-average': 'movingAverage', percentile: 'percentile', entropy: 'entropy' } satisfies Record<string, (typeof CALIBRATE_METHODS)[number]>

/** How a model is quantized. */
export const SCHEME_OPTIONS: Readonly<Record<string, Option>> = {
  engine: { value: 'NAME', help: `Whose ranges and schemes: ${Object.keys(ENGINES).join(', ')}. fbgemm keeps activations to 7 bits, which the fastest kernels need; qnnpack uses all 8. Default: fbgemm.` },
  observer: { value: 'NAME', help: `How the range of a value is chosen: ${Object.keys(OBSERVERS).join(', ')}. Default: histogram.` },
  'activation-bits': { value: 'N', help: 'Bits of activations that are multiplied: 7 or 8. Default: what the engine takes.' },
  'per-tensor': { help: 'One scale for a whole weight. Default: one for each output channel.' },
  exclude: { value: 'NODES', many: true, help: 'Leave these nodes in float: a name, /a pattern/, or op:TYPE, such as op:Softmax. Can be repeated.' },
  include: { value: 'NODES', many: true, help: 'Quantize these nodes and no others; written as for --exclude. Where names and types are given, a node must fit both.' },
  equalize: { help: 'First even out the ranges of channels between neighbouring layers. Helps with --per-tensor.' },
  'bias-correction': { help: 'Take the mean error of each output channel off its bias.' },
  tolerance: { value: 'X', help: 'Keep the fewest layers in float that bring the relative error of the outputs under X; 0.1 is 20 dB.' },
}

function oneOf<T extends string>(args: Arguments, option: string, allowed: readonly T[]): T | undefined {
  const given = args.text(option)
  if (given === undefined || allowed.includes(given as T)) return given as T | undefined
  return usageError(`--${option}: expected one of ${allowed.join(', ')}, got "${given}".`, { option })
}

/** The options of quantizeStatic that a command line names. @throws OPTION_INVALID */
export function schemeOf(args: Arguments): QuantizeStaticOptions {
  const observer = oneOf(args, 'observer', Object.keys(OBSERVERS))
  const [exclude, include] = [selection(args, 'exclude'), selection(args, 'include')]
  const bits = oneOf(args, 'activation-bits', ['7', '8'])
  return stripped({
    engine: oneOf(args, 'engine', Object.keys(ENGINES) as EngineName[]), calibrateMethod: observer === undefined ? undefined : OBSERVERS[observer], activationReduceRange: bits && bits === '7',
    perChannel: args.flag('per-tensor') ? false : undefined,
    nodesToExclude: exclude.nodes, opTypesToExclude: exclude.types, nodesToQuantize: include.nodes, opTypesToQuantize: include.types,
    equalize: args.flag('equalize') || undefined, biasCorrection: args.flag('bias-correction') || undefined, tolerance: args.positive('tolerance'), tier: args.text('tier') === undefined ? undefined : tierOf(args),
  })
}

const stripped = <T extends object>(options: T): T => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T

/** Names, patterns and op types behind --exclude or --include; undefined where there are none. */
function selection(args: Arguments, option: string): { nodes: NodePattern[] | undefined; types: string[] | undefined } {
  const given = args.texts(option)
  const types = given.filter((g) => g.startsWith('op:')).map((g) => g.slice('op:'.length))
  const nodes = given.filter((g) => !g.startsWith('op:')).map((g) => pattern(g, option))
  if (types.includes('')) usageError(`--${option} op: expected an operator's name after it, such as op:Softmax.`, { option })
  return { nodes: nodes.length ? nodes : undefined, types: types.length ? types : undefined }
}

function pattern(text: string, option: string): NodePattern {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/.exec(text) ?? []
  if (source === undefined) return text
  try {
    return new RegExp(source, flags)
  } catch (error) {
    return usageError(`--${option} ${text}: ${(error as Error).message}.`, { option })
  }
}
