import { compilerFor } from '../platform/host.js'
import { useTrainModule } from '../quantization/kernels.js'
import { loadTrainModule } from '../runtime/train.js'
import { alsoLoad } from './init.js'

let asked = false
let loading: Promise<void> | undefined

/** Lets init() load the training module, too: called by files whose loops are in it. */
export function needTrainModule(): void {
  if (asked) return
  asked = true
  alsoLoad(({ wasmFolder }) => (loading ??= loadTrainModule('auto', compilerFor(wasmFolder)).then(useTrainModule)))
}
