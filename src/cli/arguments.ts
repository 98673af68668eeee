import { parseArgs } from 'node:util'
import { OctavoError } from '../errors.js'

/** One option of a command. `value` is the placeholder of its argument; without it the option is a switch. */
export interface Option {
  readonly value?: string
  readonly many?: boolean
  /** A letter that stands for it behind one dash. */
  readonly short?: string
  readonly help: string
}

/** A command as its help shows it. */
export interface Usage {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  readonly synopsis: readonly string[]
  /** What it does and prints, for someone new to the project. */
  readonly about: string
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly (readonly [command: string, meaning: string])[]
}

/** Options that every command has. */
export const COMMON: Readonly<Record<string, Option>> = {
  json: { help: 'Print one JSON object on standard output, and nothing else there.' },
  progress: { help: 'Show progress on standard error even when that is no terminal.' },
  help: { short: 'h', help: 'Show this help.' },
}

/** For every command that opens a model. */
export const TIER_OPTION: Readonly<Record<string, Option>> = {
  tier: { value: 'TIER', help: 'Run on this compiled tier (relaxed, simd or scalar) or fail. Default: the fastest one that works here. The results are the same bits in all of them.' },
}

/** Throws the error of a wrong command line, which ends the process with 2. */
export function usageError(message: string, details: Readonly<Record<string, unknown>> = {}): never {
  throw new OctavoError('OPTION_INVALID', message, details)
}

/** What the user typed, checked against a command's options. */
export class Arguments {
  private constructor(readonly argv: readonly string[], readonly positionals: readonly string[], private readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>) {}

  /** @throws OPTION_INVALID for an unknown option, a missing argument or one too many */
  static parse(argv: readonly string[], { name, options }: Usage): Arguments {
    const all = { ...options, ...COMMON }
    const spec = Object.fromEntries(Object.entries(all).map(([key, o]) => [key, { type: o.value ? 'string' as const : 'boolean' as const, multiple: o.many ?? false, ...(o.short !== undefined && { short: o.short }) }]))
    try {
      const { positionals, values } = parseArgs({ args: [...argv], options: spec, allowPositionals: true, strict: true })
      return new Arguments(argv, positionals, values)
    } catch (error) {
      return usageError(`octavo ${name}: ${firstSentence((error as Error).message)}. See octavo ${name} --help.`)
    }
  }

  flag(name: string): boolean {
    return this.values[name] === true
  }

  text(name: string): string | undefined {
    return this.values[name] as string | undefined
  }

  texts(name: string): readonly string[] {
    return (this.values[name] as string[] | undefined) ?? []
  }

  /** A list given with commas, or by repeating the option. */
  words(name: string): readonly string[] {
    const value = this.values[name]
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).flatMap((v) => String(v).split(',')).map((v) => v.trim()).filter(Boolean)
  }

  /** A number above zero. @throws OPTION_INVALID */
  positive(name: string): number | undefined {
    const given = this.text(name)
    if (given === undefined) return undefined
    const value = given.trim() === '' ? NaN : Number(given)
    return value > 0 && value < Infinity ? value : usageError(`--${name}: expected a number above zero, got "${given}".`, { option: name })
  }

  /** A whole number of at least `min`. @throws OPTION_INVALID */
  integer(name: string, min: number): number | undefined {
    const given = this.text(name)
    if (given === undefined) return undefined
    const value = /^[+-]?\d+$/.test(given) ? Number(given) : NaN
    return value >= min ? value : usageError(`--${name}: expected a whole number of at least ${min}, got "${given}".`, { option: name })
  }
}

const firstSentence = (text: string): string => text.split(/\. |\n/)[0]!.replace(/\.$/, '')

/** The help of one command, at most 100 columns wide. */
export function helpOf({ name, summary, synopsis, about, options, examples }: Usage): string {
  const rows = Object.entries({ ...options, ...COMMON }).map(([key, o]) => [`${o.short === undefined ? '' : `-${o.short}, `}--${key}${o.value ? ' ' + o.value : ''}`, o.help] as const)
  const usage = synopsis.map((s) => `  octavo ${name} ${s}`.trimEnd())
  const shown = examples.flatMap(([command, meaning]) => [`  ${command}`, ...wrap(meaning, 92).map((l) => `      ${l}`)])
  return [summary, '', 'Usage', ...usage, '', ...about.split('\n').flatMap((p) => wrap(p, 98)), '', 'Options', ...columns(rows), '', 'Examples', ...shown].join('\n')
}

/** Two columns: the first as wide as its longest cell but at most 30, the second wrapped. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(30, Math.max(...rows.map(([left]) => left.length)))
  return rows.flatMap(([left, right]) => {
    const [first = '', ...rest] = wrap(right, 96 - width)
    const head = left.length > width ? [`  ${left}`, `  ${' '.repeat(width)}  ${first}`] : [`  ${left.padEnd(width)}  ${first}`]
    return [...head, ...rest.map((l) => `  ${' '.repeat(width)}  ${l}`)]
  })
}

function wrap(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.length - 1
    if (lines[last] && lines[last]!.length + 1 + word.length > width) lines.push(word)
    else lines[last] += (lines[last] ? ' ' : '') + word
  }
  return lines
}
