import type { ConvCase } from '../reference/qconv.js'
import { columnsBytes, depthwiseBytes, depthwisePacking, depthwiseStretch, extrasOf, packedBytes, PACKING_I16, relaxedPacking, rowBlock, STAGE_STEPS, sumsBytes, writesCodes, type Packing } from '../../src/plan/lower/qpacking.js'
import type { DType, TypedArray } from '../../src/dtype.js'
import { out, type TierUnderTest } from './harness.js'

export interface Output {
  stage: number
  dtype: DType
  xScale: Float32Array | null
  wScale: Float32Array | null
  yScale: Float32Array | null
  yZero: number
  min: number
  max: number
  floatBias: Float32Array | null
  /** what the stages of PyTorch's engines take beside: see assembly/requantize/engines.ts */
  rest?: Float32Array
  before?: number
  early?: number
  /** elements between output rows */
  ldc: number
}

export const bytesOf = (signed: boolean, values: readonly number[]): Int8Array | Uint8Array => (signed ? Int8Array : Uint8Array).from(values)

/** What the host's relaxed dot product does, as the tier itself finds. */
export const capabilitiesOf = (tier: TierUnderTest): number => Number(tier.call('relaxed_probe', { y: out('int32', 1) }).y![0])

/** Every packing this tier can take for these weights: depthwise ones too where each group is one channel. */
export function packingsOf(tier: TierUnderTest, c: ConvCase): Packing[] {
  const plain = densePackings(tier, c)
  return c.channels === 1 && c.n === 1 ? [...plain, ...plain.map((packing) => depthwisePacking(packing, c.x instanceof Int8Array))] : plain
}

function densePackings(tier: TierUnderTest, c: ConvCase): Packing[] {
  if (!c.wZero.every((z) => z === (c.w instanceof Int8Array ? 0 : 128))) return [PACKING_I16]
  const relaxed = [0, 0.2].map((outliers) => relaxedPacking(capabilitiesOf(tier), c.x instanceof Int8Array, outliers))
  return [PACKING_I16, ...relaxed.filter((p) => p !== undefined), ...(relaxed[0] ? [{ ...relaxed[0], extras: 1 }] : [])]
}

/** Packs, folds and runs one convolution; the output as it lies, ldc apart. */
export function runConv(tier: TierUnderTest, c: ConvCase, o: Output, packing: Packing, xZero: TypedArray | null = null): TypedArray {
  const deep = packing.kernel !== 'q_conv'
  const { groups, n } = deep ? { groups: 1, n: c.groups } : c
  const [kd, kh, kw] = c.kernel as [number, number, number]
  const taps = kd * kh * kw
  const k = taps * c.channels
  const xSigned = c.x instanceof Int8Array
  const wSigned = c.w instanceof Int8Array
  const zeros = xZero ?? bytesOf(xSigned, [c.xZero])
  const { format } = packing
  const common = {
    w: c.w, wZeroPoint: bytesOf(wSigned, c.wZero), packed: out('uint8', deep ? depthwiseBytes(n, taps) : packedBytes(groups, n, k, packing)), sums: out('int32', sumsBytes(groups, n) / 4),
    n, taps, zeroPointStride: 1, wSigned: +wSigned, format,
  }
  const packed = deep
    ? tier.call('q_depthwise_pack', { ...common, xSigned: +(xSigned !== packing.flip > 0) })
    : tier.call('q_pack', { ...common, groups, channels: c.channels, strideTap: 1, strideC: taps, tapSpan: c.channels, strideN: k, extras: extrasOf(k, packing) })
  const ySigned = o.dtype === 'int8'
  const fold = tier.call('q_fold', {
    sums: format || deep ? packed.sums! : null, bias: c.bias, floatBias: o.floatBias, xZeroPoint: zeros, xScale: o.xScale, wScale: o.wScale, yScale: o.yScale,
    yZeroPoint: o.stage === STAGE_STEPS ? null : bytesOf(ySigned, [o.yZero]), columns: out('uint8', columnsBytes(groups, n, o.stage)), groups, n, wScaleStride: o.wScale && o.wScale.length > 1 ? 1 : 0,
    xSigned: +xSigned, ySigned: +ySigned, shift: packing.shift, yMin: o.min, yMax: o.max, alpha: 1, biasStride: 1, halfScales: 0, rest: o.rest ?? null, before: o.before ?? 1, early: o.early ?? 0,
  })
  const [od, oh, ow] = c.out as [number, number, number]
  const rows = c.batch * od * oh * ow
  const block = deep ? depthwiseStretch(c) : rowBlock(rows, taps * c.channels, format)
  const pointwise = taps === 1 && c.strides.every((s) => s === 1) && c.begin.every((p) => p === 0) && c.out.every((s, i) => s === c.spatial[i])
  const direct = format && !deep && pointwise && !packing.flip ? 1 : 0
  const size = writesCodes(o.stage) ? 1 : 4
  const length = (rows - 1) * o.ldc + c.groups * c.n
  const result = tier.call(packing.kernel, {
    x: c.x, y: out(o.dtype, length, new Uint8Array(length * size).fill(0x5a)), packed: packed.packed!, columns: fold.columns!, xZeroPoint: zeros, scratch: out('uint8', direct ? 128 : block.bytes),
    batch: c.batch, depth: c.spatial[0]!, height: c.spatial[1]!, width: c.spatial[2]!, channels: c.channels, xStride: c.groups * c.channels, groups, n,
    outDepth: od, outHeight: oh, outWidth: ow, kernelD: kd, kernelH: kh, kernelW: kw, strideD: c.strides[0]!, strideH: c.strides[1]!, strideW: c.strides[2]!,
    dilationD: c.dilations[0]!, dilationH: c.dilations[1]!, dilationW: c.dilations[2]!, padD: c.begin[0]!, padH: c.begin[1]!, padW: c.begin[2]!,
    ldc: o.ldc, stage: o.stage, format, extras: extrasOf(k, packing), xSigned: +xSigned, zeroPointStride: zeros.length > 1 ? 1 : 0, flip: packing.flip, direct, blockRows: block.blockRows, lda: block.lda,
  })
  return result.y!
}
