import { moreForms } from './formats/onnx/more-forms.js'
import type { OperatorSet } from './operators.js'
import { moreRules } from './plan/more-rules.js'

/**
 * The operators and forms of models that live in a file of their own, which `InferenceSession.create` loads when a model has
 * one of them: what convolutional networks do without, as a rule. Hosts without dynamic import pass it to `createSync`.
 */
export const moreOperators: OperatorSet = { rules: moreRules, forms: moreForms }
