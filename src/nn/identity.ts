import { Module } from './module.js'

/** Its input. Arguments of the constructor are taken and left. */
export class Identity extends Module<[input: any], any> {
  static override readonly typeName: string = 'Identity'

  constructor(..._: readonly unknown[]) {
    super()
  }

  forward<T>(input: T): T {
    return input
  }
}
