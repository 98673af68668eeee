/** `octavo/operators`: for `createSync`, what `create` loads when a model needs it. */
export { moreOperators } from '../more-operators.js'
export type { OperatorSet } from '../operators.js'
