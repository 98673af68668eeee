/**
 * Makes qdq.json: small QDQ models with one input and what onnxruntime-web answers (graph optimisation `all`, one thread).
 *   node tests/golden/qdq.mjs PATH/TO/onnxruntime-web/dist/ort.wasm.min.mjs [SEED COUNT]
 * With SEED and COUNT it prints other cases as JSON lines instead.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { OnnxWriter } from './onnx-writer.mjs'

/** A value of the model under construction: float32 behind DequantizeLinear, steps of `scale`. */
class Case {
  constructor(seed) {
    this.state = seed * 2654435761 >>> 0
    this.model = new OnnxWriter()
    this.log = []
    this.signed = this.chance(0.4)
  }

  random() {
    this.state = Math.imul(this.state ^ this.state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 >>> 0
    let z = this.state
    z = Math.imul(z ^ z >>> 16, 0x85ebca6b)
    z = Math.imul(z ^ z >>> 13, 0xc2b2ae35)
    return ((z ^ z >>> 16) >>> 0) / 2 ** 32
  }

  int(from, to) { return from + Math.floor(this.random() * (to - from + 1)) }
  chance(p) { return this.random() < p }
  pick(...list) { return list[this.int(0, list.length - 1)] }
  scale(about) { return Math.fround(about * (0.7 + 0.6 * this.random())) }
  f32(values, dims = [values.length]) { return this.model.constant('float32', dims, Float32Array.from(values)) }
  scalar(value) { return this.f32([value], []) }
  i64(...values) { return this.model.constant('int64', [values.length], BigInt64Array.from(values.map(BigInt))) }
  get type() { return this.signed ? 'int8' : 'uint8' }
  codes(type, dims, values) { return this.model.constant(type, dims, (type === 'int8' ? Int8Array : type === 'uint8' ? Uint8Array : Int32Array).from(values)) }

  /** Q then DQ of a float value. */
  qdq(x, scale, zero = this.signed ? this.int(-40, 40) : this.int(80, 170), dims) {
    const params = [this.scalar(scale), this.codes(this.type, [], [zero])]
    const q = this.model.node('QuantizeLinear', [x, ...params])
    return { name: this.model.node('DequantizeLinear', [q, ...params]), scale, zero, dims }
  }

  /** Constant weights behind DequantizeLinear, per channel along `axis` or not; gives the scales too. */
  weights(dims, axis) {
    const type = this.signed ? 'int8' : this.pick('int8', 'int8', 'uint8')
    const count = dims.reduce((a, b) => a * b)
    const [low, high] = type === 'int8' ? [-127, 127] : [0, 255]
    const w = this.codes(type, dims, Array.from({ length: count }, () => this.int(low, high)))
    const perChannel = this.chance(0.5)
    const scales = Array.from({ length: perChannel ? dims[axis] : 1 }, () => this.scale(0.01))
    const zero = type === 'int8' ? 0 : this.int(110, 145)
    const name = perChannel
      ? this.model.node('DequantizeLinear', [w, this.f32(scales), this.codes(type, [dims[axis]], scales.map(() => zero))], { axis })
      : this.model.node('DequantizeLinear', [w, this.scalar(scales[0]), this.codes(type, [], [zero])])
    return { name, scales }
  }

  /** A bias of int32 steps of x · w, or a float constant, or none. */
  bias(n, x, w) {
    const kind = this.pick('int32', 'int32', 'float', 'none')
    if (kind === 'none') return []
    const steps = Array.from({ length: n }, () => this.int(-8000, 8000))
    const scales = w.scales.map((s) => Math.fround(x.scale * s))
    if (kind === 'float') return [this.f32(steps.map((b, i) => (b + 0.37) * scales[scales.length === 1 ? 0 : i]))]
    const codes = this.codes('int32', [n], steps)
    const per = scales.length > 1
    return [this.model.node('DequantizeLinear', [codes, per ? this.f32(scales) : this.scalar(scales[0]), this.codes('int32', per ? [n] : [], scales.map(() => 0))], per ? { axis: 0 } : {})]
  }

  /** The step of a sum of k products. */
  productScale(k, x, w) {
    return this.scale(Math.sqrt(k) * 60 * 73 * x.scale * Math.max(...w.scales) / 40)
  }

  conv(x) {
    const [n, c, h, wd] = x.dims
    const depthwise = this.chance(0.35)
    const group = depthwise ? c : c % 2 === 0 && this.chance(0.3) ? 2 : 1
    const out = depthwise ? c : group * this.int(1, 5)
    const [kh, kw] = this.pick([1, 1], [3, 3], [3, 3], [5, 5], [2, 3])
    const pads = this.chance(0.6) ? [kh >> 1, kw >> 1, kh >> 1, kw >> 1] : [this.int(0, 1), 0, this.int(0, 1), this.int(0, 1)].map((p) => Math.min(p, kh - 1))
    const strides = this.pick([1, 1], [1, 1], [2, 2], [1, 2])
    const dilations = kh === 3 && this.chance(0.2) ? [2, 2] : [1, 1]
    const size = (len, k, s, d, a, b) => Math.floor((len + a + b - d * (k - 1) - 1) / s) + 1
    const dims = [n, out, size(h, kh, strides[0], dilations[0], pads[0], pads[2]), size(wd, kw, strides[1], dilations[1], pads[1], pads[3])]
    if (dims[2] < 1 || dims[3] < 1) return x
    const w = this.weights([out, c / group, kh, kw], 0)
    const bias = this.bias(out, x, w)
    let y = this.model.node('Conv', [x.name, w.name, ...bias], { kernel_shape: [kh, kw], pads, strides, dilations, group })
    const scale = this.productScale(kh * kw * c / group, x, w)
    const activation = this.pick('', '', 'Relu', 'Clip')
    let zero
    if (activation === 'Relu') [y, zero] = [this.model.node('Relu', [y]), this.signed ? -128 : 0]
    if (activation === 'Clip') [y, zero] = [this.model.node('Clip', [y, this.scalar(0), this.scalar(Math.fround(scale * 255.01))]), this.signed ? -128 : 0]
    this.log.push(`Conv${kh}x${kw}${depthwise ? 'dw' : group > 1 ? 'g' : ''}${activation}`)
    return this.qdq(y, scale, zero, dims)
  }

  binary(x) {
    const op = this.pick('Add', 'Mul')
    const other = this.chance(0.5) ? this.qdq(x.name, this.scale(x.scale * 1.3), undefined, x.dims) : this.constant(x)
    const scale = op === 'Add' ? Math.max(x.scale, other.scale) * 1.3 : x.scale * other.scale * 50
    this.log.push(op)
    return this.qdq(this.model.node(op, [x.name, other.name]), this.scale(scale), undefined, x.dims)
  }

  /** A constant operand that broadcasts: one number, or one per channel. */
  constant(x) {
    const dims = this.pick([], [x.dims[1], 1, 1], [1])
    const count = dims.reduce((a, b) => a * b, 1)
    const scale = this.scale(x.scale)
    const zero = this.signed ? 3 : 100
    const codes = this.codes(this.type, dims, Array.from({ length: count }, () => (this.signed ? this.int(-128, 127) : this.int(0, 255))))
    return { name: this.model.node('DequantizeLinear', [codes, this.scalar(scale), this.codes(this.type, [], [zero])]), scale }
  }

  concat(x) {
    const same = this.chance(0.5)
    const other = same ? x : this.qdq(x.name, this.scale(x.scale), undefined, x.dims)
    const y = this.model.node('Concat', [x.name, other.name], { axis: 1 })
    this.log.push(same ? 'ConcatSame' : 'Concat')
    const dims = [x.dims[0], x.dims[1] * 2, x.dims[2], x.dims[3]]
    return same ? this.qdq(y, x.scale, x.zero, dims) : this.qdq(y, this.scale(x.scale), undefined, dims)
  }

  pool(x) {
    const [n, c, h, w] = x.dims
    if (h < 4 || w < 4) return x
    const kind = this.pick('MaxPool', 'AveragePool')
    const k = this.int(2, 3)
    const pad = this.int(0, 1)
    const attributes = { kernel_shape: [k, k], strides: [2, 2], pads: [pad, pad, pad, pad], ...(kind === 'AveragePool' && { count_include_pad: this.int(0, 1) }) }
    const dims = [n, c, Math.floor((h + 2 * pad - k) / 2) + 1, Math.floor((w + 2 * pad - k) / 2) + 1]
    this.log.push(kind)
    const y = this.model.node(kind, [x.name], attributes)
    return kind === 'MaxPool' ? this.qdq(y, x.scale, x.zero, dims) : this.qdq(y, this.scale(x.scale * 0.8), undefined, dims)
  }

  move(x) {
    const [n, c, h, w] = x.dims
    const kind = this.pick('Transpose', 'Resize', 'Slice', 'Pad')
    this.log.push(kind)
    if (kind === 'Transpose') return this.qdq(this.model.node('Transpose', [x.name], { perm: [0, 1, 3, 2] }), x.scale, x.zero, [n, c, w, h])
    if (kind === 'Slice') return this.qdq(this.model.node('Slice', [x.name, this.i64(0), this.i64(h - 1), this.i64(2)]), x.scale, x.zero, [n, c, h - 1, w])
    if (kind === 'Pad') return this.qdq(this.model.node('Pad', [x.name, this.i64(0, 0, 1, 0, 0, 0, 0, 1)]), x.scale, x.zero, [n, c, h + 1, w + 1])
    const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
    return this.qdq(this.model.node('Resize', [x.name, '', this.f32([1, 1, 2, 2])], attributes), x.scale, x.zero, [n, c, 2 * h, 2 * w])
  }

  unary(x) {
    const [op, attributes, scale, zero] = this.pick(['Relu', {}, x.scale], ['LeakyRelu', { alpha: { f: 0.1 } }, x.scale], ['Sigmoid', {}, 1 / 256, this.signed ? -128 : 0], ['HardSwish', {}, x.scale], ['Softmax', { axis: this.pick(1, 3) }])
    this.log.push(op)
    if (op === 'Softmax') return this.qdq(this.model.node(op, [x.name], attributes), 1 / 256, this.signed ? -128 : 0, x.dims)
    return this.qdq(this.model.node(op, [x.name], attributes), op === 'Sigmoid' ? scale : this.scale(scale), zero, x.dims)
  }

  /** A residual chain: the sum is read as a float by the next sum. */
  residual(x) {
    const a = this.qdq(x.name, this.scale(x.scale * 1.2), undefined, x.dims)
    const sum = this.model.node('Add', [x.name, a.name])
    const b = this.qdq(sum, this.scale(x.scale * 2), undefined, x.dims)
    this.log.push('AddAdd')
    return this.qdq(this.model.node('Add', [sum, b.name]), this.scale(x.scale * 3), undefined, x.dims)
  }

  /** A product along the last axis, by weights that are stored transposed or not; its result may stay float, and ends the graph then. */
  linear(x) {
    const [n, c, h, k] = x.dims
    const columns = this.int(1, 9)
    const transposed = this.chance(0.5)
    const w = this.weights(transposed ? [columns, k] : [k, columns], transposed ? 0 : 1)
    const right = transposed ? this.model.node('Transpose', [w.name], { perm: [1, 0] }) : w.name
    const y = this.model.node('MatMul', [x.name, right])
    const float = this.chance(0.3)
    this.log.push(`Linear${transposed ? 'T' : ''}${float ? 'Float' : ''}`)
    const dims = [n, c, h, columns]
    this.done = float
    return float ? { name: y, dims } : this.qdq(y, this.productScale(k, x, w), undefined, dims)
  }

  head(x) {
    const [n, c, h, w] = x.dims
    const pooled = this.chance(0.6)
    const flat = pooled ? this.qdq(this.model.node('GlobalAveragePool', [x.name]), this.scale(x.scale * 0.5), undefined, [n, c, 1, 1]) : x
    const k = pooled ? c : c * h * w
    const reshaped = this.qdq(this.model.node('Reshape', [flat.name, this.i64(n, k)]), flat.scale, flat.zero, [n, k])
    const columns = this.int(1, 9)
    const kind = this.pick('MatMul', 'Gemm', 'GemmT')
    const weights = this.weights(kind === 'GemmT' ? [columns, k] : [k, columns], kind === 'GemmT' ? 0 : 1)
    const bias = kind === 'MatMul' ? [] : this.bias(columns, reshaped, weights)
    const y = this.model.node(kind === 'MatMul' ? 'MatMul' : 'Gemm', [reshaped.name, weights.name, ...bias], kind === 'GemmT' ? { transB: 1 } : {})
    this.log.push(`${pooled ? 'Pool' : ''}${kind}`)
    return this.qdq(y, this.productScale(k, reshaped, weights), undefined, [n, columns])
  }

  build() {
    const dims = [this.int(1, 2), this.int(1, 6), this.int(5, 11), this.int(5, 11)]
    this.model.input('x', 'float32', dims)
    let x = this.qdq('x', this.scale(0.02), undefined, dims)
    const steps = this.int(1, 4)
    for (let i = 0; i < steps && !this.done; i++) x = this[this.pick('conv', 'conv', 'conv', 'linear', 'binary', 'concat', 'pool', 'move', 'unary', 'residual')](x)
    if (!this.done && this.chance(0.4)) x = this.head(x)
    this.model.nodes.push({ op: 'Identity', inputs: [x.name], output: 'y', attributes: {}, domain: '' })
    this.model.output('y', 'float32', x.dims)
    const count = dims.reduce((a, b) => a * b)
    return { name: this.log.join(' '), dims, model: this.model.bytes(), input: Float32Array.from({ length: count }, () => (this.random() + this.random() - 1) * 2.4) }
  }
}

const base64 = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64')

async function answer(ort, seed) {
  const made = new Case(seed).build()
  const session = await ort.InferenceSession.create(made.model, { graphOptimizationLevel: 'all' }).catch((error) => { console.error(`seed ${seed} (${made.name}): ${error.message}`) })
  if (!session) return []
  const { y } = await session.run({ x: new ort.Tensor('float32', made.input, made.dims) })
  await session.release()
  return [{ seed, name: made.name, dims: made.dims, model: base64(made.model), input: base64(made.input), outputDims: y.dims, output: base64(y.data) }]
}

const [ortPath, firstSeed, count] = process.argv.slice(2)
const { default: ort, ...rest } = await import(pathToFileURL(resolve(ortPath)))
const api = ort ?? rest
api.env.wasm.numThreads = 1
api.env.logLevel = 'error'
if (firstSeed) {
  for (let i = 0; i < Number(count); i++) for (const made of await answer(api, Number(firstSeed) + i)) console.log(JSON.stringify(made))
} else {
  const { version } = JSON.parse(readFileSync(join(dirname(resolve(ortPath)), '../package.json'), 'utf8'))
  const cases = []
  for (let seed = 1; seed <= 48; seed++) cases.push(...await answer(api, seed))
  const lines = cases.map((c) => `  ${JSON.stringify(c)}`).join(',\n')
  writeFileSync(new URL('qdq.json', import.meta.url), `{ "madeBy": "onnxruntime-web ${version}, node ${process.version}", "cases": [\n${lines}\n] }\n`)
}
