import { OctavoError } from '../../errors.js'
import { ReLU } from '../../nn/activation.js'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormBase } from '../../nn/batchnorm.js'
import { Conv1d, Conv2d, Conv3d, type ConvBase } from '../../nn/conv.js'
import { ConvTranspose1d, ConvTranspose2d } from '../../nn/conv-transpose.js'
import { deepCopy } from '../../nn/deep-copy.js'
import { fuseBnEval } from '../../nn/fusion.js'
import { Identity } from '../../nn/identity.js'
import { BNReLU2d, BNReLU3d, ConvReLU1d, ConvReLU2d, ConvReLU3d, LinearReLU } from '../../nn/intrinsic/fused.js'
import { Linear } from '../../nn/linear.js'
import { nameOf, type Module } from '../../nn/module.js'

type Fuse = (...modules: any[]) => Module
type Fuser = readonly [classes: readonly unknown[], fuse: Fuse]

/** One mode for all. @throws MODULE_INVALID */
function oneMode(modules: readonly Module[]): void {
  if (modules.some((m) => m.training !== modules[0]!.training))
    throw new OctavoError('MODULE_INVALID', `fuseModules: ${modules.map(nameOf).join(', ')} must be in the same mode, training or eval. Call model.eval() first.`, {})
}

const withBn: Fuse = (layer: ConvBase | Linear, bn: BatchNormBase) => (oneMode([layer, bn]), fuseBnEval(layer, bn))
const CONVS = [[Conv1d, BatchNorm1d, ConvReLU1d], [Conv2d, BatchNorm2d, ConvReLU2d], [Conv3d, BatchNorm3d, ConvReLU3d]] as const

const FUSERS: readonly Fuser[] = [
  ...CONVS.flatMap(([conv, bn, relu]): Fuser[] => [
    [[conv, bn], withBn],
    [[conv, bn, ReLU], (c: ConvBase, b: BatchNormBase, r: ReLU) => (oneMode([c, b, r]), new (relu as new (c: ConvBase, r: ReLU) => Module)(fuseBnEval(c, b), r))],
    [[conv, ReLU], (c: ConvBase, r: ReLU) => new (relu as new (c: ConvBase, r: ReLU) => Module)(c, r)],
  ]),
  [[Linear, BatchNorm1d], withBn],
  [[Linear, ReLU], (l: Linear, r: ReLU) => new LinearReLU(l, r)],
  [[BatchNorm2d, ReLU], (b: BatchNorm2d, r: ReLU) => new BNReLU2d(b, r)],
  [[BatchNorm3d, ReLU], (b: BatchNorm3d, r: ReLU) => new BNReLU3d(b, r)],
  [[ConvTranspose1d, BatchNorm1d], withBn],
  [[ConvTranspose2d, BatchNorm2d], withBn],
]

function fuse(modules: readonly Module[]): Module {
  const found = FUSERS.find(([classes]) => classes.length === modules.length && classes.every((c, i) => (modules[i]!.constructor as unknown) === c))
  if (!found) throw new OctavoError('MODULE_INVALID', `fuseModules: did not find a fuser for ${modules.map(nameOf).join(', ')}. Known are Conv + BatchNorm [+ ReLU], Conv + ReLU, Linear + ReLU, Linear + BatchNorm1d, BatchNorm + ReLU, ConvTranspose + BatchNorm.`, { modules: modules.map(nameOf) })
  return found[1](...modules)
}

function fuseGroup(model: Module, names: readonly string[]): void {
  const modules = names.map((name) => model.getSubmodule(name))
  const [first, last] = [modules[0]!, modules.at(-1)!]
  const fused = fuse(modules)
  for (const hook of first.forwardPreHooks.values()) fused.registerForwardPreHook(hook)
  for (const hook of last.forwardHooks.values()) fused.registerForwardHook(hook)
  first.forwardPreHooks.clear()
  last.forwardHooks.clear()
  names.forEach((name, i) => {
    const other = new Identity()
    other.training = first.training
    model.setSubmodule(name, i ? other : fused)
  })
}

/**
 * Puts one module in the place of several in a row, which quantize as one: batch normalisation goes into the weights before it, a ReLU into the
 * rounding. The others become Identity. For models in eval mode; torch.ao.quantization.fuse_modules.
 *
 * @param names of modules in a row, or lists of such
 * @throws MODULE_INVALID for rows that do not fuse, modules in different modes or in training
 */
export function fuseModules<M extends Module>(model: M, names: readonly string[] | readonly (readonly string[])[], { inplace = false }: { readonly inplace?: boolean } = {}): M {
  const target = inplace ? model : deepCopy(model)
  const groups = names.every((n) => typeof n === 'string') ? [names as readonly string[]] : (names as readonly (readonly string[])[])
  for (const group of groups) fuseGroup(target, group)
  return target
}
