import { OctavoError } from '../../errors.js'
import type { QConfig } from '../../quantization/qconfig.js'
import { ActivationPostProcess, observerOf } from '../observing/observer.js'
import type { Settings } from '../settings.js'
import { Linear as QatLinear, type QatLinearOptions } from './linear.js'

/** Whether activations have qparams of each batch's own. */
function isMemoryless(qconfig: QConfig<unknown>): boolean {
  const activation = observerOf(qconfig.activation)
  return activation instanceof ActivationPostProcess && activation.isMemoryless
}

/** qat.Linear for dynamic quantization: each batch's inputs are rounded by their own range. torch.ao.nn.qat.dynamic.Linear. */
export class Linear extends QatLinear {
  static override readonly typeName: string = 'Linear'

  /** @throws MODULE_INVALID without a qconfig, OPTION_INVALID for one whose activations are averaged over batches */
  constructor(inFeatures: number, outFeatures: number, ...settings: Settings<[bias: boolean], QatLinearOptions>) {
    super(inFeatures, outFeatures, ...settings)
    if (!isMemoryless(this.qconfig!))
      throw new OctavoError('OPTION_INVALID', 'qat.dynamic.Linear: expected a qconfig whose activation observer forgets (averagingConstant 1). Use defaultDynamicQatQConfig.', {})
  }
}
