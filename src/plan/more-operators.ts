import { generate as inferGenerate } from '../graph/infer/generate.js'
import { indexing as inferIndexing } from '../graph/infer/indexing.js'
import { normalize as inferNormalize } from '../graph/infer/normalize.js'
import { resize as inferResize } from '../graph/infer/resize.js'
import { rnn as inferRnn } from '../graph/infer/rnn.js'
import { generate } from './lower/generate.js'
import { indexing } from './lower/indexing.js'
import { normalize } from './lower/normalize.js'
import { resize } from './lower/resize.js'
import { rnn } from './lower/rnn.js'
import type { OperatorSet } from './operators.js'

/**
 * The operators that live in a file of their own, which `InferenceSession.create` loads when a model names one of them:
 * indexing, generation, normalisation, resampling, recurrence. Hosts without dynamic import pass it to `createSync`.
 */
export const moreOperators: OperatorSet = {
  infer: { ...inferGenerate, ...inferIndexing, ...inferNormalize, ...inferResize, ...inferRnn },
  lower: { ...generate, ...indexing, ...normalize, ...resize, ...rnn },
}
