import type { Schema } from './wire.js'

/**
 * The messages of onnx.proto that Octavo reads and writes, by field number. What is left out (doc strings, training info,
 * value types of intermediate values) is skipped while reading. Source: onnx/onnx.proto, IR version 13.
 */
export interface ModelProto {
  irVersion?: number
  opsets?: OpsetProto[]
  producer?: string
  producerVersion?: string
  graph?: GraphProto
  metadata?: EntryProto[]
  functions?: FunctionProto[]
}
export interface OpsetProto { domain?: string; version?: number }
export interface EntryProto { key?: string; value?: string }
export interface GraphProto {
  name?: string
  nodes?: NodeProto[]
  initializers?: TensorProto[]
  sparseInitializers?: SparseProto[]
  inputs?: ValueProto[]
  outputs?: ValueProto[]
}
export interface NodeProto {
  name?: string
  op?: string
  domain?: string
  overload?: string
  inputs?: string[]
  outputs?: string[]
  attributes?: AttributeProto[]
}
export interface AttributeProto {
  name?: string
  reference?: string
  type?: number
  f?: number
  i?: number
  s?: string
  t?: TensorProto
  g?: GraphProto
  sparse?: SparseProto
  floats?: ArrayLike<number>
  ints?: number[]
  strings?: string[]
}
export interface TensorProto {
  name?: string
  dims?: number[]
  dtype?: number
  raw?: Uint8Array
  floats?: ArrayLike<number>
  int32s?: number[]
  int64s?: (number | bigint)[]
  doubles?: ArrayLike<number>
  uint64s?: (number | bigint)[]
  external?: EntryProto[]
  location?: number
}
export interface SparseProto { values?: TensorProto; indices?: TensorProto; dims?: number[] }
export interface ValueProto { name?: string; type?: TypeProto }
export interface TypeProto { tensor?: { dtype?: number; shape?: { dims?: { value?: number; symbol?: string }[] } } }
export interface FunctionProto {
  name?: string
  domain?: string
  overload?: string
  inputs?: string[]
  outputs?: string[]
  nodes?: NodeProto[]
  opsets?: OpsetProto[]
  defaults?: AttributeProto[]
}

/** AttributeProto.AttributeType of the kinds that a Graph holds. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8, sparse: 11 } as const

/** TensorProto.DataLocation.EXTERNAL */
export const EXTERNAL = 1

const ENTRY: Schema = { 1: ['key', 'string'], 2: ['value', 'string'] }
const OPSET: Schema = { 1: ['domain', 'string'], 2: ['version', 'int'] }
const DIM: Schema = { 1: ['value', 'int'], 2: ['symbol', 'string'] }
const SHAPE: Schema = { 1: ['dims', () => DIM, true] }
const TENSOR_TYPE: Schema = { 1: ['dtype', 'int'], 2: ['shape', () => SHAPE] }
const TYPE: Schema = { 1: ['tensor', () => TENSOR_TYPE] }
const VALUE: Schema = { 1: ['name', 'string'], 2: ['type', () => TYPE] }
const SPARSE: Schema = { 1: ['values', () => TENSOR], 2: ['indices', () => TENSOR], 3: ['dims', 'int', true] }
const ATTRIBUTE_FIELDS: Schema = {
  1: ['name', 'string'], 21: ['reference', 'string'], 20: ['type', 'int'], 2: ['f', 'float'], 3: ['i', 'int'], 4: ['s', 'string'], 5: ['t', () => TENSOR],
  6: ['g', () => GRAPH], 22: ['sparse', () => SPARSE], 7: ['floats', 'float', true], 8: ['ints', 'int', true], 9: ['strings', 'string', true],
}
const NODE: Schema = {
  1: ['inputs', 'string', true], 2: ['outputs', 'string', true], 3: ['name', 'string'], 4: ['op', 'string'],
  5: ['attributes', () => ATTRIBUTE_FIELDS, true], 7: ['domain', 'string'], 8: ['overload', 'string'],
}
const GRAPH: Schema = {
  1: ['nodes', () => NODE, true], 2: ['name', 'string'], 5: ['initializers', () => TENSOR, true], 15: ['sparseInitializers', () => SPARSE, true],
  11: ['inputs', () => VALUE, true], 12: ['outputs', () => VALUE, true],
}
const FUNCTION: Schema = {
  1: ['name', 'string'], 4: ['inputs', 'string', true], 5: ['outputs', 'string', true], 7: ['nodes', () => NODE, true], 9: ['opsets', () => OPSET, true],
  10: ['domain', 'string'], 11: ['defaults', () => ATTRIBUTE_FIELDS, true], 13: ['overload', 'string'],
}
export const TENSOR: Schema = {
  1: ['dims', 'int', true], 2: ['dtype', 'int'], 4: ['floats', 'float', true], 5: ['int32s', 'int', true], 7: ['int64s', 'long', true], 8: ['name', 'string'],
  9: ['raw', 'bytes'], 10: ['doubles', 'double', true], 11: ['uint64s', 'long', true], 13: ['external', () => ENTRY, true], 14: ['location', 'int'],
}
export const MODEL: Schema = {
  1: ['irVersion', 'int'], 2: ['producer', 'string'], 3: ['producerVersion', 'string'], 7: ['graph', () => GRAPH], 8: ['opsets', () => OPSET, true],
  14: ['metadata', () => ENTRY, true], 25: ['functions', () => FUNCTION, true],
}
