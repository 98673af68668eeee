import { OctavoError } from '../errors.js'
import { Arguments, columns, helpOf, usageError } from './arguments.js'
import { bench } from './bench.js'
import { calibration } from './calibrate.js'
import type { Command } from './command.js'
import { conformance } from './conformance.js'
import { evaluation } from './eval.js'
import { inspect } from './inspect.js'
import { merge } from './merge.js'
import { quantize } from './quantize.js'
import { run } from './run.js'
import { terminalOn, type Stream } from './terminal.js'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [run, inspect, quantize, calibration, merge, evaluation, bench, conformance]

/**
 * Runs one command line (without `node` and the script) and returns its exit status: 0, 1 when the work failed, 2 when the
 * command line is wrong. Nothing is thrown; an error is one line on `err`.
 */
export async function main(argv: readonly string[], out: Stream, err: Stream): Promise<number> {
  const [name, ...rest] = argv
  const terminal = terminalOn(out, err, rest.includes('--progress'))
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      terminal.out(overview())
      return name === undefined ? 2 : 0
    }
    const command = COMMANDS.find((c) => c.name === name) ?? usageError(`there is no command "${name}". octavo has ${COMMANDS.map((c) => c.name).join(', ')}; see octavo --help.`)
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out(helpOf(command))
      return 0
    }
    return (await command.run(Arguments.parse(rest, command), terminal)) ?? 0
  } catch (error) {
    const coded = error instanceof OctavoError ? error : new OctavoError('INTERNAL', `${(error as Error)?.stack ?? String(error)}\nThis is a bug in Octavo; please report it with the command line that shows it.`, {}, error)
    terminal.err(coded.message)
    return coded.code === 'OPTION_INVALID' ? 2 : 1
  }
}

function overview(): string {
  return [
    'Octavo runs neural networks in 8-bit integers, in WebAssembly.', '', 'Usage', '  octavo COMMAND [ARGUMENTS]', '', 'Commands',
    ...columns(COMMANDS.map((c) => [c.name, c.summary] as const)), '', 'octavo COMMAND --help says what a command does, with examples. Every command takes --json.',
  ].join('\n')
}
