import type { Module } from '../../nn/module.js'
import { QuantWrapper } from '../../nn/quantized/quantize.js'

/**
 * Puts a QuantWrapper around every layer without modules inside that has a qconfig, in the model itself, so that each takes and gives floats. A model that
 * is such a layer comes back wrapped. torch.ao.quantization.add_quant_dequant; propagateQConfig() gives layers their qconfigs.
 */
export function addQuantDequant(model: Module): Module {
  const children = [...model.namedChildren()]
  if (!children.length && model.qconfig) return new QuantWrapper(model as Module<[never], never> as never)
  for (const [name, child] of children) {
    const made = addQuantDequant(child)
    if (made !== child) model.setSubmodule(name, made)
  }
  return model
}
