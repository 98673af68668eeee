/** `octavo/operators`: for `createSync`, the operators that `create` loads when a model needs them. */
export { moreOperators } from '../plan/more-operators.js'
export type { OperatorSet } from '../plan/operators.js'
