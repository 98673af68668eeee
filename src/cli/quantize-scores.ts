import { evaluateParts, choose, type Evaluation, type Part, type Subset } from '../recipe/evaluate.js'
import type { Scores } from '../recipe/metrics/metric.js'
import { InferenceSession } from '../inference-session.js'
import type { QuantizeReport } from '../workflow/graph/report.js'
import type { Arguments } from './arguments.js'
import type { OpenRecipe } from './recipes.js'
import { openSession, sessionRunner, tierOf } from './runners.js'
import type { Terminal } from './terminal.js'

type Accuracy = NonNullable<QuantizeReport['accuracy']>

/**
 * Scores of the float model and the quantized one on a recipe's data: on the samples that were not calibrated on, and on all.
 *
 * @param calibrated the samples that ranges were taken from; undefined where those are other data
 */
export async function scoreBoth({ recipe, files }: Pick<OpenRecipe, 'recipe' | 'files'>, calibrated: Subset | undefined, float: string, int8: Uint8Array, args: Arguments, terminal: Terminal): Promise<Accuracy> {
  using reference = await openSession(float, args)
  using session = await InferenceSession.create(int8, { tier: tierOf(args) })
  const parts: Record<string, Part> = { ...(calibrated && { unseen: restOf(calibrated) }), all: (count) => choose(count, {}) }
  let progress: ReturnType<Terminal['progress']> | undefined
  try {
    const results = await evaluateParts(recipe, sessionRunner(session), files, Object.values(parts), {
      against: sessionRunner(reference), onProgress: (done, total) => (progress ??= terminal.progress('score', total))(done),
    })
    return Object.keys(parts).flatMap((set, i) => (results[i] ? [{ set, samples: results[i].samples, ...columns(results[i]) }] : []))
  } finally {
    progress?.end()
  }
}

function restOf(subset: Subset): Part {
  return (count) => {
    const used = new Set(choose(count, subset))
    return choose(count, {}).filter((i) => !used.has(i))
  }
}

/** What one model scores alone, and beside it what the other has of the same; what compares the two belongs to the quantized one. */
function columns({ scores: { againstBoxes: _said, ...scores }, against = {}, sameDecisions }: Evaluation): Pick<Accuracy[number], 'float' | 'int8'> {
  return { float: numbers(against), int8: { ...numbers(scores), ...(sameDecisions !== undefined && { sameAnswers: sameDecisions }) } }
}

/** Scores one level deep: sqnr of an output is "sqnr NAME". Equal outputs have an infinite one; other scores that do not exist are left out. */
function numbers(scores: Scores): Record<string, number> {
  const flat = Object.entries(scores).flatMap(([key, value]) => (typeof value === 'object' && value !== null ? Object.entries(value).map(([inner, v]) => [`${key} ${inner}`, v] as const) : [[key, value] as const]))
  return Object.fromEntries(flat.map(([key, value]) => [key, value ?? (/sqnr/i.test(key) ? Infinity : undefined)]).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}
