import { argReduce as inferArgReduce } from '../graph/infer/arg-reduce.js'
import { arithmetic as inferArithmetic } from '../graph/infer/arithmetic.js'
import { control } from '../graph/infer/control.js'
import { convTranspose as inferConvTranspose } from '../graph/infer/conv-transpose.js'
import { dynamic as inferDynamic } from '../graph/infer/dynamic.js'
import { generate as inferGenerate } from '../graph/infer/generate.js'
import { indexing as inferIndexing } from '../graph/infer/indexing.js'
import { logic as inferLogic } from '../graph/infer/logic.js'
import { lpPool as inferLpPool } from '../graph/infer/lp-pool.js'
import { normalize as inferNormalize } from '../graph/infer/normalize.js'
import { rearrange as inferRearrange } from '../graph/infer/rearrange.js'
import { resize as inferResize } from '../graph/infer/resize.js'
import { rnn as inferRnn } from '../graph/infer/rnn.js'
import { fuseDynamicMatMul } from '../graph/passes/fuse-dynamic-matmul.js'
import { fusePad } from '../graph/passes/fuse-pad.js'
import { moreLayoutRules } from '../graph/passes/more-layout-rules.js'
import { MORE_LAYOUTS } from '../runtime/more-abi.js'
import { argReduce } from './lower/arg-reduce.js'
import { arithmetic } from './lower/arithmetic.js'
import { convTranspose } from './lower/conv-transpose.js'
import { dynamic } from './lower/dynamic.js'
import { dynamicLstm } from './lower/dynamic-lstm.js'
import { generate } from './lower/generate.js'
import { indexing } from './lower/indexing.js'
import { logic } from './lower/logic.js'
import { lpPool } from './lower/lp-pool.js'
import { normalize } from './lower/normalize.js'
import { rearrange } from './lower/rearrange.js'
import { resize } from './lower/resize.js'
import { rnn } from './lower/rnn.js'
import type { RuleSet } from './operators.js'

/** Rules of the operators that convolutional networks do without, as a rule. */
export const moreRules: RuleSet = {
  infer: {
    ...control, ...inferArgReduce, ...inferArithmetic, ...inferConvTranspose, ...inferDynamic, ...inferGenerate, ...inferIndexing,
    ...inferLogic, ...inferLpPool, ...inferNormalize, ...inferRearrange, ...inferResize, ...inferRnn,
  },
  lower: { ...argReduce, ...arithmetic, ...convTranspose, ...dynamic, ...dynamicLstm, ...generate, ...indexing, ...logic, ...lpPool, ...normalize, ...rearrange, ...resize, ...rnn },
  kernels: MORE_LAYOUTS,
  passes: { quantized: [fuseDynamicMatMul], optimise: [fusePad] },
  layouts: moreLayoutRules,
}
