import { PbfWriter } from 'pbf'

/** TensorProto.DataType of what golden models hold. */
const CODES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 }

/** Builds a small ONNX model node by node; field numbers are onnx.proto3's. */
export class OnnxWriter {
  nodes = []
  initializers = []
  inputs = []
  outputs = []
  made = 0

  input(name, dtype, dims) {
    this.inputs.push({ name, dtype, dims })
    return name
  }

  output(name, dtype, dims) {
    this.outputs.push({ name, dtype, dims })
  }

  /** A constant; gives its name. */
  constant(dtype, dims, data) {
    const name = `c${this.made++}`
    this.initializers.push({ name, dtype, dims, data })
    return name
  }

  /** A node with one output; gives the output's name. */
  node(op, inputs, attributes = {}, domain = '') {
    const output = `v${this.made++}`
    this.nodes.push({ op, inputs, output, attributes, domain })
    return output
  }

  bytes(opset = 21) {
    const pbf = new PbfWriter()
    pbf.writeVarintField(1, 10)
    for (const [domain, version] of [['', opset], ['com.microsoft', 1]]) pbf.writeMessage(8, (o, w) => { w.writeStringField(1, domain); w.writeVarintField(2, version) }, {})
    pbf.writeMessage(7, (_, w) => this.graph(w), {})
    return pbf.finish()
  }

  graph(w) {
    for (const node of this.nodes) w.writeMessage(1, writeNode, node)
    w.writeStringField(2, 'golden')
    for (const tensor of this.initializers) w.writeMessage(5, writeTensor, tensor)
    for (const port of this.inputs) w.writeMessage(11, writePort, port)
    for (const port of this.outputs) w.writeMessage(12, writePort, port)
  }
}

function writeNode({ op, inputs, output, attributes, domain }, w) {
  for (const name of inputs) w.writeStringField(1, name)
  w.writeStringField(2, output)
  w.writeStringField(4, op)
  for (const [name, value] of Object.entries(attributes)) w.writeMessage(5, writeAttribute, { name, value })
  if (domain) w.writeStringField(7, domain)
}

/** Numbers are integers unless wrapped: { f: 0.5 }. */
function writeAttribute({ name, value }, w) {
  w.writeStringField(1, name)
  if (Array.isArray(value)) {
    for (const i of value) w.writeVarintField(8, i)
    w.writeVarintField(20, 7)
  } else if (typeof value === 'string') {
    w.writeBytesField(4, Buffer.from(value))
    w.writeVarintField(20, 3)
  } else if (typeof value === 'object') {
    w.writeFloatField(2, value.f)
    w.writeVarintField(20, 1)
  } else {
    w.writeVarintField(3, value)
    w.writeVarintField(20, 2)
  }
}

function writeTensor({ name, dtype, dims, data }, w) {
  for (const d of dims) w.writeVarintField(1, d)
  w.writeVarintField(2, CODES[dtype])
  w.writeStringField(8, name)
  w.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

function writePort({ name, dtype, dims }, w) {
  w.writeStringField(1, name)
  const dim = (d, v) => v.writeVarintField(1, d)
  const shape = (_, v) => { for (const d of dims) v.writeMessage(1, dim, d) }
  const tensor = (_, v) => { v.writeVarintField(1, CODES[dtype]); v.writeMessage(2, shape, {}) }
  w.writeMessage(2, (_, v) => v.writeMessage(1, tensor, {}), {})
}
