import type { Tensor } from '../../../autograd/tensor.js'
import { encodeModel, type EncodeOptions } from '../../../formats/onnx/encode.js'
import type { Graph } from '../../../graph/graph.js'
import { removeDeadCode } from '../../../graph/passes/dead-code.js'
import { assemble } from '../trace/assemble.js'
import { record, type Traceable, type TraceOptions } from '../trace/trace.js'
import { portable } from './portable.js'
import { writeQdq } from './qdq.js'

export interface ExportOptions extends TraceOptions, EncodeOptions {}

/** A module as a graph of ONNX's own operators: quantized layers between DequantizeLinear and QuantizeLinear. */
export const traceQdq = (model: Traceable, example: Tensor | readonly unknown[], options: TraceOptions = {}): Graph => removeDeadCode(portable(assemble(record(model, example, options), writeQdq())))

/**
 * A module, or the graph of a float one, as the bytes of an ONNX model. torch.onnx.export.
 *
 * Quantized layers are written as DequantizeLinear → operator → QuantizeLinear, which is ONNX's arithmetic and not the engine's: codes may differ by one step a layer (docs/quantization.md).
 *
 * @param example as trace takes it
 * @throws as trace; OP_UNSUPPORTED for what ONNX cannot say (embeddings of codes; tables by channel); OPTION_INVALID for an opset that is too low
 */
export function exportOnnx(graph: Graph, options?: EncodeOptions): Uint8Array
export function exportOnnx(model: Traceable, example: Tensor | readonly unknown[], options?: ExportOptions): Uint8Array
export function exportOnnx(model: Traceable | Graph, second?: EncodeOptions | Tensor | readonly unknown[], options: ExportOptions = {}): Uint8Array {
  if ('constants' in model) return encodeModel(portable(model), second as EncodeOptions | undefined)
  return encodeModel(traceQdq(model, second as Tensor, options), options)
}
