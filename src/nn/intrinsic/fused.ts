import { OctavoError } from '../../errors.js'
import { ReLU } from '../activation.js'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../batchnorm.js'
import { Sequential } from '../containers.js'
import { Conv1d, Conv2d, Conv3d } from '../conv.js'
import { Linear } from '../linear.js'
import type { Module } from '../module.js'

/** Layers that quantize as one: only the last one's result is observed. torch.ao.nn.intrinsic. */
export abstract class FusedModule extends Sequential {
  static readonly fused: boolean = true

  /** @throws MODULE_INVALID for layers of other classes */
  constructor(layers: readonly Module[], classes: readonly { readonly name: string; readonly prototype: Module }[]) {
    if (layers.length !== classes.length || layers.some((layer, i) => (layer.constructor as unknown) !== classes[i]))
      throw new OctavoError('MODULE_INVALID', `fused module: expected ${classes.map((c) => c.name).join(', ')}, got ${layers.map((l) => l.constructor.name).join(', ')}.`, {})
    super(...layers)
  }
}

/** Whether a module is one of several layers that quantize as one: a FusedModule, or what is trained in its place. */
export const isFused = (module: Module): boolean => (module.constructor as { readonly fused?: boolean }).fused === true

export class ConvReLU1d extends FusedModule {
  static override readonly typeName: string = 'ConvReLU1d'
  constructor(conv: Conv1d, relu: ReLU) { super([conv, relu], [Conv1d, ReLU]) }
}

export class ConvReLU2d extends FusedModule {
  static override readonly typeName: string = 'ConvReLU2d'
  constructor(conv: Conv2d, relu: ReLU) { super([conv, relu], [Conv2d, ReLU]) }
}

export class ConvReLU3d extends FusedModule {
  static override readonly typeName: string = 'ConvReLU3d'
  constructor(conv: Conv3d, relu: ReLU) { super([conv, relu], [Conv3d, ReLU]) }
}

export class LinearReLU extends FusedModule {
  static override readonly typeName: string = 'LinearReLU'
  constructor(linear: Linear, relu: ReLU) { super([linear, relu], [Linear, ReLU]) }
}

export class BNReLU2d extends FusedModule {
  static override readonly typeName: string = 'BNReLU2d'
  constructor(bn: BatchNorm2d, relu: ReLU) { super([bn, relu], [BatchNorm2d, ReLU]) }
}

export class BNReLU3d extends FusedModule {
  static override readonly typeName: string = 'BNReLU3d'
  constructor(bn: BatchNorm3d, relu: ReLU) { super([bn, relu], [BatchNorm3d, ReLU]) }
}

export class ConvBn1d extends FusedModule {
  static override readonly typeName: string = 'ConvBn1d'
  constructor(conv: Conv1d, bn: BatchNorm1d) { super([conv, bn], [Conv1d, BatchNorm1d]) }
}

export class ConvBn2d extends FusedModule {
  static override readonly typeName: string = 'ConvBn2d'
  constructor(conv: Conv2d, bn: BatchNorm2d) { super([conv, bn], [Conv2d, BatchNorm2d]) }
}

export class ConvBn3d extends FusedModule {
  static override readonly typeName: string = 'ConvBn3d'
  constructor(conv: Conv3d, bn: BatchNorm3d) { super([conv, bn], [Conv3d, BatchNorm3d]) }
}

export class ConvBnReLU1d extends FusedModule {
  static override readonly typeName: string = 'ConvBnReLU1d'
  constructor(conv: Conv1d, bn: BatchNorm1d, relu: ReLU) { super([conv, bn, relu], [Conv1d, BatchNorm1d, ReLU]) }
}

export class ConvBnReLU2d extends FusedModule {
  static override readonly typeName: string = 'ConvBnReLU2d'
  constructor(conv: Conv2d, bn: BatchNorm2d, relu: ReLU) { super([conv, bn, relu], [Conv2d, BatchNorm2d, ReLU]) }
}

export class ConvBnReLU3d extends FusedModule {
  static override readonly typeName: string = 'ConvBnReLU3d'
  constructor(conv: Conv3d, bn: BatchNorm3d, relu: ReLU) { super([conv, bn, relu], [Conv3d, BatchNorm3d, ReLU]) }
}

export class LinearBn1d extends FusedModule {
  static override readonly typeName: string = 'LinearBn1d'
  constructor(linear: Linear, bn: BatchNorm1d) { super([linear, bn], [Linear, BatchNorm1d]) }
}
