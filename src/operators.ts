import { addForms, type Forms } from './formats/onnx/forms.js'
import { addRules, type RuleSet } from './plan/operators.js'

/** Operators beyond those that every session has, and what reads them. */
export interface OperatorSet {
  readonly rules: RuleSet
  readonly forms: Forms
}

/** Makes the operators of `set` known to every session of this module. Adding a set twice changes nothing. */
export function addOperators({ rules, forms }: OperatorSet): void {
  addRules(rules)
  addForms(forms)
}
