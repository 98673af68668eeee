import { OctavoError } from '../../errors.js'
import type { denseOf } from './sparse.js'
import type { externalBytes, externalFiles } from './external.js'
import type { inlineFunction } from './functions.js'
import type { Upgrades } from './upgrade.js'

/** What reads the rarer forms of a model: sparse tensors, data in other files, functions, old forms of rarer operators, opsets before 7. */
export interface Forms {
  readonly denseOf: typeof denseOf
  readonly externalBytes: typeof externalBytes
  readonly externalFiles: typeof externalFiles
  readonly inlineFunction: typeof inlineFunction
  readonly upgrades: Upgrades
  readonly steady: ReadonlySet<string>
}

/** Empty until addForms. */
export const FORMS: Partial<Forms> = {}

/** Makes `forms` known to every decoder of this module. */
export const addForms = (forms: Forms): void => void Object.assign(FORMS, forms)

/** @throws OP_UNSUPPORTED when these forms were not added */
export function form<K extends keyof Forms>(name: K, where: string): Forms[K] {
  const found = FORMS[name] as Forms[K] | undefined
  if (found) return found
  throw new OctavoError('OP_UNSUPPORTED', `${where}: createSync reads sparse tensors, external data, functions and opsets before 7 when its option operators is moreOperators of octavo/operators.`, { where })
}
