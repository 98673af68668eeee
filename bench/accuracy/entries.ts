import type { Evaluation } from '../../src/recipe/evaluate.js'

/** What a set of samples tells about a model, beside the float one. */
export interface Verdict {
  /** For the table. */
  readonly text: string
  readonly passed: boolean
  /** Samples answered as they should be, where the metric counts samples: compared with the anchor's. */
  readonly count?: number
}

/** One row of the table of models: what is quantized, how, and what that may cost. */
export interface Entry {
  /** The recipe's name, and what --only matches. */
  readonly name: string
  readonly title: string
  readonly kind: 'static' | 'dynamic'
  readonly data: string
  readonly bar: string
  /** Nodes that a user who knows the model would leave in float, as a row of its own where the defaults are not enough. */
  readonly exclude?: readonly RegExp[]
  judge(int8: Evaluation, float: Evaluation): Verdict
}

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`
const db = (value: number | null): string => (value === null ? 'equal' : `${value.toFixed(1)} dB`)
const scoreOf = ({ scores }: Evaluation, key: string): number => scores[key] as number

/** At most `points` of a hundred samples fewer than the float model gets right. */
const losesAtMost = (points: number): Pick<Entry, 'bar' | 'judge'> => ({
  bar: `≤ ${points.toFixed(1)} points lost`,
  judge(int8, float) {
    const [correct, lost] = [scoreOf(int8, 'correct'), 100 * (scoreOf(float, 'top1') - scoreOf(int8, 'top1'))]
    return { text: `${correct}/${int8.samples} (${lost > 0 ? '−' : '+'}${Math.abs(lost).toFixed(2)})`, passed: lost <= points + 1e-9, count: correct }
  },
})

/** The same answer as the float model on at least this share of the samples. */
const answersAlike = (share: number, what: string): Pick<Entry, 'bar' | 'judge'> => ({
  bar: `same ${what} on ≥ ${percent(share)}`,
  judge: (int8) => ({ text: percent(int8.sameDecisions!), passed: int8.sameDecisions! >= share, count: Math.round(int8.sameDecisions! * int8.samples) }),
})

/** Every box of the float model is found, no other, and each overlaps it. */
const findsTheSame = (overlap: number, what: string): Pick<Entry, 'bar' | 'judge'> => ({
  bar: `same ${what}, IoU ≥ ${overlap}`,
  judge({ scores }) {
    const [matched, ours, theirs] = ['matched', 'boxes', 'againstBoxes'].map((key) => scores[key] as number) as [number, number, number]
    const least = scores['leastIou'] as number | null
    const same = matched === ours && matched === theirs
    return { text: `${matched} of ${theirs}${ours > matched ? `, ${ours - matched} more` : ''}, IoU ${least?.toFixed(3) ?? '–'}`, passed: same && (least ?? 1) >= overlap, count: matched - (ours - matched) }
  },
})

/** Each output keeps this much signal over the noise of quantizing. */
const keepsSignal = (least: number): Pick<Entry, 'bar' | 'judge'> => ({
  bar: `SQNR of each output ≥ ${least} dB`,
  judge({ scores }) {
    const each = Object.values(scores['sqnr'] as Record<string, number | null>)
    return { text: each.map(db).join(', '), passed: each.every((value) => value === null || value >= least) }
  },
})

/** Every model that quantizing must not hurt, and the most that it may. */
export const ENTRIES: readonly Entry[] = [
  { name: 'mnist-cntk', title: 'mnist-cntk', kind: 'static', data: 'MNIST t10k', ...losesAtMost(0.2) },
  { name: 'resnet20-cifar10', title: 'ResNet-20', kind: 'static', data: 'CIFAR sample ic01', ...losesAtMost(1) },
  { name: 'squeezenet', title: 'SqueezeNet 1.0', kind: 'static', data: 'photos', ...losesAtMost(1) },
  { name: 'ultraface', title: 'UltraFace', kind: 'static', data: 'faces', ...findsTheSame(0.9, 'faces at 0.7') },
  { name: 'yunet', title: 'YuNet', kind: 'static', data: 'faces', ...keepsSignal(15) },
  { name: 'yolox-nano', title: 'YOLOX-Nano', kind: 'static', data: 'open photos', ...findsTheSame(0.85, 'objects at 0.3') },
  { name: 'magika', title: 'Magika', kind: 'static', data: 'its own cases', exclude: [/Conv_0/, /Dense_0/], ...answersAlike(0.99, 'label') },
  { name: 'silero', title: 'Silero VAD', kind: 'dynamic', data: '60 s of speech', ...answersAlike(0.99, 'decision') },
  { name: 'dtln-1', title: 'DTLN, first stage', kind: 'dynamic', data: '60 s of speech', ...keepsSignal(25) },
]
