/** Two ways of doing the same work, timed in turns so that a machine whose speed drifts slows both. */

export type Work = () => unknown | Promise<unknown>

export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Median, and the 10th and 90th percentile. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!
  return { median: at(0.5), low: at(0.1), high: at(0.9) }
}

export interface Pairing {
  /** Milliseconds per call. */
  readonly ours: Spread
  readonly theirs: Spread
  /** theirs ÷ ours, round by round. */
  readonly ratio: Spread
}

const WARM_MS = 600
const ROUND_MS = 25
const ROUNDS = 21

async function batch(work: Work, count: number): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < count; i++) await work()
  return (performance.now() - start) / count
}

/** Runs long enough for the optimising compilers, and returns how many calls fill a round. */
async function warm(work: Work): Promise<number> {
  const start = performance.now()
  let calls = 0
  while (performance.now() - start < WARM_MS || calls < 3) {
    await work()
    calls++
  }
  return Math.max(1, Math.round(ROUND_MS / (await batch(work, Math.min(calls, 5)))))
}

/** Times `ours` and `theirs` A B A B …; medians over the rounds. */
export async function pair(ours: Work, theirs: Work, rounds = ROUNDS): Promise<Pairing> {
  const [a, b] = [await warm(ours), await warm(theirs)]
  const times: { ours: number; theirs: number }[] = []
  for (let i = 0; i < rounds; i++) times.push({ ours: await batch(ours, a), theirs: await batch(theirs, b) })
  return { ours: spread(times.map((t) => t.ours)), theirs: spread(times.map((t) => t.theirs)), ratio: spread(times.map((t) => t.theirs / t.ours)) }
}
