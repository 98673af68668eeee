import { elementCount } from '../../dtype.js'

/** How an operand runs through the output: its dims and its bytes per element. */
export interface Source {
  readonly dims: readonly number[]
  readonly bytes: number
}

/** The output as rows of lines (BroadcastParams): merged axes with, for each source, bytes per index (0 where it is broadcast). */
export interface Walk {
  readonly inner: number
  readonly innerSteps: readonly number[]
  readonly mid: number
  readonly midSteps: readonly number[]
  readonly outer: number
  readonly rank: number
  /** i32[rank][1 + sources], fastest axis first; one zero row when rank is 0, so that it can be placed */
  readonly table: Int32Array
}

interface Axis {
  readonly length: number
  readonly steps: readonly number[]
}

/** Bytes per index of each axis of `dims`; 0 where the source has one element or no such axis. */
function stepsOf(source: Source, dims: readonly number[]): number[] {
  const lead = dims.length - source.dims.length
  let step = source.bytes
  const steps = dims.map(() => 0)
  for (let i = source.dims.length - 1; i >= 0; i--) {
    if (source.dims[i]! > 1) steps[lead + i] = step
    step *= source.dims[i]!
  }
  return steps
}

/** Axes of `dims`, slowest first, those of length 1 dropped and neighbours merged where every source runs through both as through one. */
function mergedAxes(dims: readonly number[], sources: readonly Source[]): Axis[] {
  const steps = sources.map((s) => stepsOf(s, dims))
  const axes: Axis[] = []
  dims.forEach((length, i) => {
    if (length === 1) return
    const axis = { length, steps: steps.map((s) => s[i]!) }
    const before = axes.at(-1)
    if (before && axis.steps.every((step, s) => before.steps[s] === step * length))
      axes[axes.length - 1] = { length: before.length * length, steps: axis.steps }
    else axes.push(axis)
  })
  return axes
}

/** The walk of a dense output of `dims` (none of them 0) over dense sources whose dims broadcast to it. */
export function walkOf(dims: readonly number[], sources: readonly Source[]): Walk {
  const still = { length: 1, steps: sources.map(() => 0) }
  const axes = mergedAxes(dims, sources)
  const line = axes.pop() ?? still
  const mid = axes.pop() ?? still
  const rows = axes.reverse()
  const table = rows.flatMap(({ length, steps }) => [length, ...steps])
  return {
    inner: line.length, innerSteps: line.steps, mid: mid.length, midSteps: mid.steps,
    outer: elementCount(rows.map((r) => r.length)), rank: rows.length,
    table: Int32Array.from(table.length ? table : still.steps.concat(0)),
  }
}
