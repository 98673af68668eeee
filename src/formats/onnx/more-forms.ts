import { externalBytes, externalFiles } from './external.js'
import type { Forms } from './forms.js'
import { inlineFunction } from './functions.js'
import { moreUpgrades, STEADY } from './more-upgrades.js'
import { denseOf } from './sparse.js'

export const moreForms: Forms = { denseOf, externalBytes, externalFiles, inlineFunction, upgrades: moreUpgrades, steady: STEADY }
