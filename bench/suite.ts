/** Every comparison of `npm run bench` that happens inside one process; Node and a page run this same file. */
import { InferenceSession, Tensor, type Tier } from '../src/entry/index.js'
import { matMulInteger, qlinearConv, generator, type OperatorModel } from './graphs.js'
import { pair, type Spread, type Work } from './measure.js'

export interface Row {
  readonly id: string
  readonly title: string
  readonly against: string
  /** Least ratio that we hold ourselves to. */
  readonly bar: number
  readonly ratio: Spread
  /** Milliseconds per run, ours and the other side's. */
  readonly ours: Spread
  readonly theirs: Spread
  /** Billions of multiply-accumulates a second, where the work has them. */
  readonly oursGmacs?: number
  readonly theirsGmacs?: number
}

/** The part of onnxruntime-web that the suite uses. */
export interface Ort {
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown
  InferenceSession: { create(bytes: Uint8Array, options: object): Promise<{ run(feeds: Record<string, unknown>): Promise<unknown>; release(): Promise<void> }> }
}

export interface Host {
  readonly ort: Ort
  readonly tier: Tier | 'auto'
  readonly wasmFolder: string | URL
  /** A real model's bytes by path inside the data folder, or null when it is not there. */
  load(path: string): Promise<Uint8Array | null>
  /** Work done in registers only (see ceiling/), and the multiply-accumulates of one call. */
  ceiling(tier: Tier): Promise<{ macs: number; work: Work }>
  report(row: Row): void
  note(text: string): void
}

const MODELS = [
  { id: 'mobilenetv2-qdq', title: 'MobileNetV2 int8 QDQ, 224²', path: 'models/onnx-quantized/mobilenetv2-12-qdq.onnx', input: [1, 3, 224, 224], bar: 4.5 },
  { id: 'squeezenet', title: 'SqueezeNet 1.0 float, 224²', path: 'models/onnx-float/squeezenet1.0-deepcompression.onnx', input: [1, 3, 224, 224], bar: 1.2 },
  { id: 'resnet20', title: 'ResNet-20 float, 32²', path: 'models/onnx-float/resnet20-cifar10.onnx', input: [1, 3, 32, 32], bar: 1.2 },
  { id: 'yolox-nano', title: 'YOLOX-Nano float, 416²', path: 'models/onnx-float/yolox_nano.onnx', input: [1, 3, 416, 416], bar: 1.2 },
  { id: 'ultraface', title: 'UltraFace float, 240×320', path: 'models/onnx-float/ultraface-rfb-320.onnx', input: [1, 3, 240, 320], bar: 1.2 },
] as const

const GEMMS = [
  { m: 64, n: 64, k: 64, count: 64, bar: 2 },
  { m: 1, n: 512, k: 512, count: 64, bar: 5 },
  { m: 12544, n: 32, k: 27, count: 1, bar: 2 },
  { m: 128, n: 128, k: 128, count: 16, bar: 1 },
  { m: 256, n: 256, k: 256, count: 4, bar: 1 },
] as const

const DEPTHWISE = [
  { channels: 32, size: 112, stride: 1, count: 4 },
  { channels: 64, size: 112, stride: 2, count: 4 },
  { channels: 256, size: 28, stride: 1, count: 8 },
  { channels: 512, size: 14, stride: 1, count: 8 },
] as const

const PEER = 'onnxruntime-web'

export async function runSuite(host: Host, only?: RegExp): Promise<void> {
  const wanted = (id: string): boolean => !only || only.test(id)
  for (const m of MODELS) if (wanted(m.id)) await model(host, m)
  for (const g of GEMMS) {
    const id = `gemm-${g.m}x${g.n}x${g.k}`
    if (wanted(id)) await operator(host, { id, title: `int8 GEMM ${g.m}×${g.n}×${g.k}, ${g.count} in one run`, bar: g.bar }, matMulInteger(g.m, g.n, g.k, g.count))
  }
  for (const d of DEPTHWISE) {
    const id = `depthwise-c${d.channels}-${d.size}-s${d.stride}`
    const shape = { channels: d.channels, filters: d.channels, size: d.size, kernel: 3, stride: d.stride, group: d.channels }
    if (wanted(id)) await operator(host, { id, title: `depthwise 3×3 int8, C${d.channels} ${d.size}² stride ${d.stride}`, bar: 15 }, qlinearConv(shape, d.count, 'uint8'))
  }
  if (wanted('signed')) await signed(host)
  if (wanted('ceiling')) await ceiling(host)
  if (wanted('memory')) await memory(host)
}

const MEMORY_RUNS = 10_000
const MEMORY_BAR = 24e6

/** Wasm memory of a MobileNetV2 session: after its first run, and after ten thousand. */
async function memory(host: Host): Promise<void> {
  const { path, input } = MODELS[0]
  const bytes = await host.load(path)
  if (!bytes) return host.note('memory: left out, the data folder is absent')
  const session = await InferenceSession.create(bytes, { tier: host.tier, wasmFolder: host.wasmFolder })
  const feeds = { [session.inputNames[0]!]: new Tensor('float32', new Float32Array(input.reduce((n: number, d) => n * d, 1)), input) }
  session.runSync(feeds)
  const first = session.info.memoryBytes
  for (let i = 1; i < MEMORY_RUNS; i++) session.runSync(feeds)
  const last = session.info.memoryBytes
  const verdict = first === last && last <= MEMORY_BAR ? 'ok' : 'LOW'
  host.note(`${verdict}: wasm memory of a MobileNetV2 session: ${(first / 1e6).toFixed(1)} MB after 1 run, ${(last / 1e6).toFixed(1)} MB after ${MEMORY_RUNS}; bar ${MEMORY_BAR / 1e6} MB, constant`)
  session.release()
}

interface Title {
  readonly id: string
  readonly title: string
  readonly bar: number
}

async function model(host: Host, { id, title, path, input, bar }: (typeof MODELS)[number]): Promise<void> {
  const bytes = await host.load(path)
  if (!bytes) return host.note(`${title}: left out, the data folder has no ${path}`)
  const next = generator(7)
  const data = Float32Array.from({ length: input.reduce((n: number, d) => n * d, 1) }, () => (next() / 2 ** 32) * 4 - 2)
  await compare(host, { id, title, bar }, bytes, (name) => ({ [name]: new Tensor('float32', data, input) }))
}

const operator = (host: Host, title: Title, { bytes, feeds, macs }: OperatorModel): Promise<void> => compare(host, title, bytes, () => feeds, macs)

async function compare(host: Host, title: Title, bytes: Uint8Array, feedsFor: (input: string) => Readonly<Record<string, Tensor>>, macs?: number): Promise<void> {
  const ours = await InferenceSession.create(bytes, { tier: host.tier, wasmFolder: host.wasmFolder })
  const theirs = await host.ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all', logSeverityLevel: 3 })
  const feeds = feedsFor(ours.inputNames[0]!)
  const peerFeeds = Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, new host.ort.Tensor(t.dtype, t.data, t.dims)]))
  const timed = await pair(() => ours.run(feeds), () => theirs.run(peerFeeds))
  host.report({ ...title, against: PEER, ...timed, oursGmacs: macs && macs / timed.ours.median / 1e6, theirsGmacs: macs && macs / timed.theirs.median / 1e6 })
  ours.release()
  await theirs.release()
}

/** Our own 3×3 convolution on signed activations against unsigned ones. */
async function signed(host: Host): Promise<void> {
  const shape = { channels: 64, filters: 64, size: 56, kernel: 3, stride: 1, group: 1 }
  const [s8, u8] = [qlinearConv(shape, 4, 'int8'), qlinearConv(shape, 4, 'uint8')]
  const options = { tier: host.tier, wasmFolder: host.wasmFolder }
  const [a, b] = [await InferenceSession.create(s8.bytes, options), await InferenceSession.create(u8.bytes, options)]
  const timed = await pair(() => a.run(s8.feeds), () => b.run(u8.feeds))
  host.report({ id: 'signed', title: '3×3 int8 conv C64 56², signed activations', against: 'unsigned activations', bar: 0.95, ...timed, oursGmacs: s8.macs / timed.ours.median / 1e6, theirsGmacs: u8.macs / timed.theirs.median / 1e6 })
  a.release()
  b.release()
}

/** Our 256³ GEMM, its results left where they are, against the same multiply-accumulates done in registers with no load at all. */
async function ceiling(host: Host): Promise<void> {
  const { bytes, feeds, macs } = matMulInteger(256, 256, 256, 4)
  for (const tier of ['simd', 'relaxed'] as const) {
    let session: InferenceSession
    try {
      session = await InferenceSession.create(bytes, { tier, wasmFolder: host.wasmFolder })
    } catch (error) {
      host.note(`256³ against the ceiling, tier ${tier}: left out, ${(error as Error).message}`)
      continue
    }
    const top = await host.ceiling(tier)
    const timed = await pair(() => session.runSync(feeds, { fetches: [] }), top.work)
    const [ours, theirs] = [macs / timed.ours.median / 1e6, top.macs / timed.theirs.median / 1e6]
    const scale = macs / top.macs
    const ratio = { median: timed.ratio.median * scale, low: timed.ratio.low * scale, high: timed.ratio.high * scale }
    host.report({ id: `ceiling-${tier}`, title: `int8 GEMM 256³, tier ${tier}`, against: 'the same arithmetic in registers', bar: tier === 'simd' ? 0.85 : 0.9, ratio, ours: timed.ours, theirs: timed.theirs, oursGmacs: ours, theirsGmacs: theirs })
    session.release()
  }
}

