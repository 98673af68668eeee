import type { Arguments, Usage } from './arguments.js'
import type { Terminal } from './terminal.js'

/** A command: how it is called, and what it does. `run` returns the exit status (nothing: 0) or throws an OctavoError. */
export interface Command extends Usage {
  run(args: Arguments, terminal: Terminal): Promise<number | void>
}

/** Prints `result` as JSON with --json, else the lines that `describe` makes of it. */
export function report<T>(args: Arguments, terminal: Terminal, result: T, describe: (result: T) => readonly string[]): void {
  terminal.out(args.flag('json') ? JSON.stringify(result, null, 2) : describe(result).join('\n'))
}
