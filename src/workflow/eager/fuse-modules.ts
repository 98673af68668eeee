import { deepCopy } from '../../nn/deep-copy.js'
import { Identity } from '../../nn/identity.js'
import type { Module } from '../../nn/module.js'
import { getFuserMethod, type FuserRow } from './fuser-methods.js'
import type { ModuleClass } from './mappings.js'

export interface FuseOptions {
  /** Changes the model itself. */
  readonly inplace?: boolean
  /** Rows of classes that fuse beside the known ones, or in another way. */
  readonly fuserMethods?: readonly FuserRow[]
}

/** The names of modules in a row, or lists of such. */
type Rows = readonly string[] | readonly (readonly string[])[]

function fuseRow(model: Module, names: readonly string[], isQat: boolean, more: readonly FuserRow[] | undefined): void {
  const modules = names.map((name) => model.getSubmodule(name))
  const [first, last] = [modules[0]!, modules.at(-1)!]
  const fused = getFuserMethod(modules.map((m) => m.constructor as unknown as ModuleClass), more)(isQat, ...modules)
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

function fuse<M extends Module>(model: M, names: Rows, isQat: boolean, { inplace = false, fuserMethods }: FuseOptions): M {
  const target = inplace ? model : deepCopy(model)
  const rows = names.every((n) => typeof n === 'string') ? [names as readonly string[]] : (names as readonly (readonly string[])[])
  for (const row of rows) fuseRow(target, row, isQat, fuserMethods)
  return target
}

/**
 * Puts one module in the place of several in a row, which quantize as one: batch normalisation goes into the weights before it, a ReLU into the
 * rounding. The others become Identity. For models in eval mode; torch.ao.quantization.fuse_modules.
 *
 * @param names of modules in a row, or lists of such
 * @throws MODULE_INVALID for rows that do not fuse, modules in different modes or in training
 */
export const fuseModules = <M extends Module>(model: M, names: Rows, options: FuseOptions = {}): M => fuse(model, names, false, options)

/**
 * The same for models that are trained further: layers and their batch normalisation go into one container, and are folded by convert() when training
 * is over. torch.ao.quantization.fuse_modules_qat.
 *
 * @param names of modules in a row, or lists of such
 * @throws MODULE_INVALID for rows that do not fuse (transposed convolutions with a normalisation among them), modules in different modes, normalisations of
 * other channels, without weight and bias, or without running statistics
 */
export const fuseModulesQat = <M extends Module>(model: M, names: Rows, options: FuseOptions = {}): M => fuse(model, names, true, options)
