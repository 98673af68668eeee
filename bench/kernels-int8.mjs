/**
 * int8 kernels alone, one row per shape: GMAC/s (the best of 40 rounds of about 1.5 ms, after a warm-up for the host's optimising
 * compiler) and the share of what the tier's arithmetic reaches in registers (ceiling/, best of rounds in turns).
 *
 *   node bench/kernels-int8.mjs [TIER] [PART OF A NAME] [--json]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const bundle = await build({
  stdin: { contents: "export * from './src/runtime/kernels.js'; export * from './src/plan/lower/qpacking.js'; export * from './src/runtime/more-abi.js'", resolveDir: '.', loader: 'ts' },
  bundle: true, format: 'esm', write: false,
})
const { writeBlock, blockBytes, ...q } = await import(`data:text/javascript,${encodeURIComponent(bundle.outputFiles[0].text)}`)
q.addLayouts(q.MORE_LAYOUTS)

class Bench {
  constructor(tier) {
    this.tier = tier
    this.memory = new WebAssembly.Memory({ initial: 2048, maximum: 65536 })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(`dist/${tier}.wasm`)), { env: { memory: this.memory } })
    this.exports = exports
    this.ceiling = ceilingOf(tier)
    this.base = exports.heapBase.value
    this.reset()
    const y = this.take(4)
    this.call('relaxed_probe', { y })
    this.capabilities = new Int32Array(this.memory.buffer, y, 1)[0]
  }

  reset() {
    this.top = this.base
  }

  take(bytes) {
    const at = Math.ceil(this.top / 64) * 64
    this.top = at + bytes + 64
    if (this.top > this.memory.buffer.byteLength) throw new Error('bench needs more memory')
    return at
  }

  put(data) {
    const at = this.take(data.byteLength)
    new Uint8Array(this.memory.buffer, at).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    return at
  }

  /** Returns the block's address, to be run again and again. */
  block(kernel, params) {
    const at = this.take(blockBytes(kernel))
    writeBlock(new DataView(this.memory.buffer), at, kernel, params, (address) => address)
    return at
  }

  call(kernel, params) {
    this.exports[kernel](this.block(kernel, params))
  }

  /** GMAC/s of one call's `macs`, and the share of the ceiling. */
  time(kernel, block, macs) {
    const run = this.exports[kernel]
    const per = (work) => {
      const start = performance.now()
      let calls = 0
      while (performance.now() - start < 50 || calls < 8) { work(); calls++ }
      return Math.max(1, Math.round(calls / (performance.now() - start) * 1.5))
    }
    const rate = (work, calls, each) => {
      const start = performance.now()
      for (let k = 0; k < calls; k++) work()
      return (each * calls) / (performance.now() - start) / 1e6
    }
    const work = () => run(block)
    const top = () => this.ceiling.run(4000)
    const calls = [per(work), per(top)]
    const rounds = Array.from({ length: 40 }, () => [rate(work, calls[0], macs), rate(top, calls[1], 4000 * this.ceiling.macsPerTurn())])
    return { gmacs: Math.max(...rounds.map(([a]) => a)), share: Math.max(...rounds.map(([a]) => a)) / Math.max(...rounds.map(([, b]) => b)) }
  }
}

function ceilingOf(tier) {
  const out = join(tmpdir(), `octavo-ceiling.${tier}.wasm`)
  const features = { scalar: ['simd'], simd: ['simd'], relaxed: ['simd', 'relaxed-simd'] }[tier].flatMap((f) => ['--enable', f])
  execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', 'bench/ceiling/index.ts', '--config', '/dev/null', '-o', out, '-O3', '--runtime', 'stub', '--noAssert', '--use', 'abort=', ...features])
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(out)), {}).exports
}

let seed = 7
const next = () => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return seed >>> 0 }
const bytes = (count) => Uint8Array.from({ length: count }, next)
/** Weights as training leaves them: a sum of uniforms, cut at ±127. */
const gaussian = (count) => Int8Array.from({ length: count }, () => Math.max(-127, Math.min(127, Math.round((next() % 256 + next() % 256 + next() % 256 + next() % 256 - 510) / 6))))

/** int8 convolution, GEMM included: `size` rows as an image of height × width. */
function conv(b, { height = 1, width, channels, n, groups = 1, kernel = 1, stride = 1, stage = q.STAGE_REQUANTIZE, signed = false, i16 = false, deep = false }) {
  b.reset()
  const pad = kernel >> 1
  const [kh, ph] = height === 1 ? [1, 0] : [kernel, pad]
  const taps = kh * kernel
  const weights = gaussian(groups * n * taps * channels)
  const outliers = q.outlierShare({ data: weights, dtype: 'int8' }, deep ? 1 : taps)
  const dense = (!i16 && q.relaxedPacking(b.capabilities, signed, outliers)) || q.PACKING_I16
  const packing = deep ? q.depthwisePacking(dense, signed) : dense
  const { format } = packing
  const k = taps * channels
  const extras = q.extrasOf(k, packing)
  const outHeight = height === 1 ? 1 : Math.floor((height + 2 * ph - kh) / stride) + 1
  const outWidth = Math.floor((width + 2 * pad - kernel) / stride) + 1
  const rows = outHeight * outWidth
  const packed = b.take(deep ? q.depthwiseBytes(n, taps) : q.packedBytes(groups, n, k, packing))
  const sums = b.take(q.sumsBytes(groups, n))
  const columns = b.take(q.columnsBytes(groups, n))
  const common = { w: b.put(weights), wZeroPoint: 0, packed, sums, n, taps, zeroPointStride: 0, wSigned: 1, format }
  if (deep) b.call('q_depthwise_pack', { ...common, xSigned: +(signed !== packing.flip > 0) })
  else b.call('q_pack', { ...common, groups, channels, strideTap: 1, strideC: taps, tapSpan: channels, strideN: k, extras })
  const xZeroPoint = b.put(Uint8Array.of(7))
  b.call('q_fold', {
    sums: format || deep ? sums : 0, bias: 0, floatBias: 0, xZeroPoint, xScale: b.put(Float32Array.of(1e-4)), wScale: 0, yScale: 0, yZeroPoint: 0, columns, groups, n, wScaleStride: 0, biasStride: 0,
    halfScales: 0, xSigned: +signed, ySigned: 0, shift: packing.shift, yMin: 0, yMax: 255, alpha: 1,
  })
  const kernelName = packing.kernel
  const block = deep ? q.depthwiseStretch({ out: [1, outHeight, outWidth], kernel: [1, kh, kernel], strides: [1, stride, stride], dilations: [1, 1, 1] }) : q.rowBlock(rows, taps * channels, format)
  const at = b.block(kernelName, {
    x: b.put(bytes(height * width * (deep ? n : groups * channels))), y: b.take(rows * groups * n * 4), packed, columns, xZeroPoint, scratch: b.take(block.bytes), batch: 1, depth: 1, height, width, channels, xStride: deep ? n : groups * channels, groups, n,
    outDepth: 1, outHeight, outWidth, kernelD: 1, kernelH: kh, kernelW: kernel, strideD: 1, strideH: height === 1 ? 1 : stride, strideW: stride, dilationD: 1, dilationH: 1, dilationW: 1,
    padD: 0, padH: ph, padW: pad, ldc: groups * n, stage, format, extras, xSigned: +signed, zeroPointStride: 0, flip: packing.flip,
    direct: +(!deep && format === q.FORMAT_I8 && !packing.flip && kernel === 1 && stride === 1), blockRows: block.blockRows, lda: block.lda,
  })
  return b.time(kernelName, at, rows * taps * channels * groups * n)
}

const gemm = (m, n, k, more = {}) => (b) => conv(b, { width: m, channels: k, n, ...more })
const raw = { stage: q.STAGE_RAW }

export const rows = {
  'gemm 256³ raw': gemm(256, 256, 256, raw),
  'gemm 256³ raw, i16': gemm(256, 256, 256, { ...raw, i16: true }),
  'gemm 256³ raw, signed': gemm(256, 256, 256, { ...raw, signed: true }),
  'gemm 64³ raw': gemm(64, 64, 64, raw),
  'gemm 64³ raw, signed': gemm(64, 64, 64, { ...raw, signed: true }),
  'gemm 128³ raw': gemm(128, 128, 128, raw),
  'gemm 1×512×512 raw': gemm(1, 512, 512, raw),
  'gemm 1×512×512 raw, i16': gemm(1, 512, 512, { ...raw, i16: true }),
  'stem as gemm 12544×32×27 raw': gemm(12544, 32, 27, raw),
  'stem 3×3 s2 224²×3→32': (b) => conv(b, { height: 224, width: 224, channels: 3, n: 32, kernel: 3, stride: 2 }),
  '1×1 12544×16×32': gemm(12544, 16, 32),
  '1×1 12544×96×16': gemm(12544, 96, 16),
  '1×1 3136×24×96': gemm(3136, 24, 96),
  '1×1 3136×144×24': gemm(3136, 144, 24),
  '1×1 784×32×192': gemm(784, 32, 192),
  '1×1 784×192×32': gemm(784, 192, 32),
  '1×1 196×384×64': gemm(196, 384, 64),
  '1×1 196×96×576': gemm(196, 96, 576),
  '1×1 49×960×160': gemm(49, 960, 160),
  '1×1 49×1280×320': gemm(49, 1280, 320),
  '1×1 3136×64×576': gemm(3136, 64, 576),
  '1×1 3136×64×576 signed': gemm(3136, 64, 576, { signed: true }),
  '1×1 3136×64×576 i16': gemm(3136, 64, 576, { i16: true }),
  '3×3 56²×64→64': (b) => conv(b, { height: 56, width: 56, channels: 64, n: 64, kernel: 3 }),
  '3×3 56²×64→64 i16': (b) => conv(b, { height: 56, width: 56, channels: 64, n: 64, kernel: 3, i16: true }),
  '3×3 28² groups 4 ×16→16': (b) => conv(b, { height: 28, width: 28, channels: 16, n: 16, groups: 4, kernel: 3 }),
  ...Object.fromEntries([[112, 32, 1], [112, 64, 2], [28, 256, 1], [14, 512, 1], [56, 144, 1], [7, 960, 1]].flatMap(([size, n, stride]) =>
    [{}, { signed: true }, { i16: true }].map((more) => [
      `depthwise 3×3 s${stride} ${size}²×${n} ${Object.keys(more).join()}`, (b) => conv(b, { height: size, width: size, channels: 1, n, kernel: 3, stride, deep: true, ...more }),
    ]))),
  'depthwise 5×5 s1 28²×120': (b) => conv(b, { height: 28, width: 28, channels: 1, n: 120, kernel: 5, deep: true }),
}

/** { gmacs, share } by row name, in one tier. */
export function measure(tier, only = '') {
  const bench = new Bench(tier)
  return Object.fromEntries(Object.entries(rows).filter(([name]) => name.includes(only)).map(([name, run]) => [name, run(bench)]))
}

if (process.argv[1]?.endsWith('kernels-int8.mjs')) {
  const [tier = 'relaxed', only = ''] = process.argv.slice(2).filter((a) => !a.startsWith('--'))
  const result = measure(tier, only)
  if (process.argv.includes('--json')) console.log(JSON.stringify({ tier, result }))
  else for (const [name, { gmacs, share }] of Object.entries(result)) console.log(`${name.padEnd(36)} ${gmacs.toFixed(1).padStart(5)}  ${share.toFixed(2)}`)
}
