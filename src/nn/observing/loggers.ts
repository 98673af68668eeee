import type { Tensor } from '../../autograd/tensor.js'
import { isTensor } from '../state-dict.js'
import { Module } from '../module.js'

/** What a logger has seen, by PyTorch's names: tensors, or of layers with several results lists of such. */
export type LoggerStats = Record<string, any[]>

/** Sees results in a model and keeps what is wanted of them in `stats`. The base of loggers, which keeps nothing. torch.ao.ns._numeric_suite.Logger. */
export class Logger extends Module<any[], any> {
  static override readonly typeName: string = 'Logger'
  stats: LoggerStats = {}

  forward(..._results: unknown[]): unknown {
    return undefined
  }
}

/** A class of loggers. */
export type LoggerClass = new () => Logger

/** Keeps every result, as `tensor_val`. */
export class OutputLogger extends Logger {
  static override readonly typeName: string = 'OutputLogger'
  override stats: { tensor_val: unknown[] } = { tensor_val: [] }

  override forward(result: unknown): unknown {
    this.stats.tensor_val.push(result)
    return result
  }
}

/** The first of several: of a list of results the first, of a batch its first row. */
function first(result: Tensor | readonly Tensor[]): Tensor {
  if (!isTensor(result)) return result[0]!
  return result.ndim && result.shape[0]! > 1 ? result.select(0, 0) : result
}

/** Keeps results of a quantized layer and of the float one beside it, as `quantized` and `float`. As in PyTorch only a batch's first row is kept. */
export class ShadowLogger extends Logger {
  static override readonly typeName: string = 'ShadowLogger'
  override stats: { float: Tensor[]; quantized: Tensor[] } = { float: [], quantized: [] }

  override forward(quantized: Tensor | readonly Tensor[], float: Tensor | readonly Tensor[]): void {
    this.stats.quantized.push(first(quantized).detach())
    this.stats.float.push(first(float).detach())
  }
}
