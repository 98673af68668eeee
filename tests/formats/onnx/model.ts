/** Models written field by field, for what encodeModel never writes: old opsets, typed data, mistakes. */
import { DTYPES, type DType } from '../../../src/dtype.js'
import { decodeModel, type DecodeOptions } from '../../../src/formats/onnx/decode.js'
import { addForms } from '../../../src/formats/onnx/forms.js'
import { moreForms } from '../../../src/formats/onnx/more-forms.js'
import { ATTRIBUTE, MODEL, type AttributeProto, type GraphProto, type ModelProto, type NodeProto, type TensorProto, type ValueProto } from '../../../src/formats/onnx/schema.js'
import { writeMessage } from '../../../src/formats/onnx/write.js'
import type { Graph } from '../../../src/graph/graph.js'

addForms(moreForms)

export const value = (name: string, dims: (number | string)[] = [1], dtype: DType = 'float32'): ValueProto =>
  ({ name, type: { tensor: { dtype: DTYPES[dtype].code, shape: { dims: dims.map((d) => (typeof d === 'number' ? { value: d } : { symbol: d })) } } } })

export const attr = {
  int: (name: string, i: number): AttributeProto => ({ name, type: ATTRIBUTE.int, i }),
  float: (name: string, f: number): AttributeProto => ({ name, type: ATTRIBUTE.float, f }),
  string: (name: string, s: string): AttributeProto => ({ name, type: ATTRIBUTE.string, s }),
  ints: (name: string, ints: number[]): AttributeProto => ({ name, type: ATTRIBUTE.ints, ints }),
  floats: (name: string, floats: number[]): AttributeProto => ({ name, type: ATTRIBUTE.floats, floats }),
  tensor: (name: string, t: TensorProto): AttributeProto => ({ name, type: ATTRIBUTE.tensor, t }),
  graph: (name: string, g: GraphProto): AttributeProto => ({ name, type: ATTRIBUTE.graph, g }),
}

export const node = (op: string, inputs: string[], outputs: string[], attributes: AttributeProto[] = [], more: Partial<NodeProto> = {}): NodeProto =>
  ({ op, inputs, outputs, attributes, ...more })

export const floats = (name: string, values: number[], dims = [values.length]): TensorProto => ({ name, dims, dtype: DTYPES.float32.code, floats: values })
export const longs = (name: string, values: (number | bigint)[], dims = [values.length]): TensorProto => ({ name, dims, dtype: DTYPES.int64.code, int64s: values })

/** A graph from x to y, and what `more` changes of the model. */
export const modelBytes = (opset: number, graph: GraphProto, more: Partial<ModelProto> = {}): Uint8Array =>
  writeMessage({ irVersion: 8, opsets: [{ domain: '', version: opset }], graph: { name: 'g', inputs: [value('x')], outputs: [value('y')], ...graph }, ...more } satisfies ModelProto, MODEL)

export const read = (opset: number, graph: GraphProto, more?: Partial<ModelProto>, options?: DecodeOptions): Graph => decodeModel(modelBytes(opset, graph, more), options)
