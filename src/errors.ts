/** Every code an OctavoError can carry, by the stage that raises it. Codes are never renamed; docs/errors.md explains each. */
export type ErrorCode =
  // decode
  | 'MODEL_TRUNCATED' | 'MODEL_MALFORMED' | 'SOURCE_UNREADABLE' | 'PICKLE_REFUSED'
  // import
  | 'OP_UNSUPPORTED' | 'ATTRIBUTE_UNSUPPORTED' | 'GRAPH_INVALID' | 'SHAPE_MISMATCH' | 'DTYPE_MISMATCH' | 'DTYPE_UNSUPPORTED'
  // quantize
  | 'CALIBRATION_INVALID' | 'QPARAMS_INVALID' | 'ENGINE_UNKNOWN' | 'ALREADY_QUANTIZED'
  // plan, load
  | 'KERNEL_MISSING' | 'TIER_UNAVAILABLE' | 'ARENA_EXHAUSTED' | 'WORK_EXCESSIVE' | 'ABI_MISMATCH'
  // run
  | 'INPUT_MISSING' | 'INPUT_MISMATCH' | 'OUTPUT_UNKNOWN' | 'SESSION_DISPOSED' | 'ABORTED' | 'NOT_INITIALIZED'
  // modules
  | 'STATE_DICT_MISMATCH' | 'MODULE_INVALID' | 'TRACE_INVALID'
  // tools
  | 'OPTION_INVALID' | 'RECIPE_INVALID' | 'FILE_UNREADABLE' | 'FILE_UNWRITABLE'
  // any
  | 'INTERNAL'

export type Stage = 'decode' | 'import' | 'quantize' | 'plan' | 'run' | 'module' | 'tool' | 'internal'

const STAGES: Record<ErrorCode, Stage> = {
  MODEL_TRUNCATED: 'decode', MODEL_MALFORMED: 'decode', SOURCE_UNREADABLE: 'decode', PICKLE_REFUSED: 'decode',
  OP_UNSUPPORTED: 'import', ATTRIBUTE_UNSUPPORTED: 'import', GRAPH_INVALID: 'import', SHAPE_MISMATCH: 'import', DTYPE_MISMATCH: 'import', DTYPE_UNSUPPORTED: 'import',
  CALIBRATION_INVALID: 'quantize', QPARAMS_INVALID: 'quantize', ENGINE_UNKNOWN: 'quantize', ALREADY_QUANTIZED: 'quantize',
  KERNEL_MISSING: 'plan', TIER_UNAVAILABLE: 'plan', ARENA_EXHAUSTED: 'plan', WORK_EXCESSIVE: 'plan', ABI_MISMATCH: 'plan',
  INPUT_MISSING: 'run', INPUT_MISMATCH: 'run', OUTPUT_UNKNOWN: 'run', SESSION_DISPOSED: 'run', ABORTED: 'run', NOT_INITIALIZED: 'run',
  STATE_DICT_MISMATCH: 'module', MODULE_INVALID: 'module', TRACE_INVALID: 'module',
  OPTION_INVALID: 'tool', RECIPE_INVALID: 'tool', FILE_UNREADABLE: 'tool', FILE_UNWRITABLE: 'tool',
  INTERNAL: 'internal',
}

/**
 * The one error class of the library.
 *
 * `message` starts with the code and says what, where, expected, got and what to do. `details` holds the same facts as
 * data (node, value, expected, got, …) for programs; `cause` is the error underneath, if any.
 */
export class OctavoError extends Error {
  override readonly name = 'OctavoError'
  readonly stage: Stage

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(`${code}: ${message}`, cause === undefined ? undefined : { cause })
    this.stage = STAGES[code]
  }
}

/** Throws INTERNAL when `condition` is false: a bug in Octavo, never the caller's. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new OctavoError('INTERNAL', `${what}. This is a bug in Octavo; please report it with the model that shows it.`)
}
