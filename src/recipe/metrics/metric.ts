import type { Runner, Tensors } from '../runner.js'
import type { Sample } from '../samples.js'

/** One call of a model: what it was fed and what it answered. */
export interface Call {
  readonly feeds: Tensors
  readonly outputs: Tensors
  readonly runner: Runner
}

/** What a metric reports, by name. A null stands for a number that does not exist: the SQNR of equal outputs, the AUC of one class. */
export type Scores = Readonly<Record<string, number | null | Readonly<Record<string, number | null>>>>

/** Collects answers, call by call, into scores. `against` is the same call of the model to compare with, where there is one. */
export interface Metric {
  add(sample: Sample, index: number, call: Call, against?: Call): void
  /** After the last call of a sample. */
  end?(sample: Sample): void
  scores(): Scores
  /** One decision for each answer, for comparing two models that answer the same questions. */
  decisions?(): ArrayLike<number>
}
