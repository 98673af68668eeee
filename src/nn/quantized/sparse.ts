import { empty } from '../../autograd/create.js'
import { embedding, embeddingBag, embeddingPrepack, quantizeRows, type EmbeddingPackedParams } from '../../autograd/quantized/embedding.js'
import { mismatch } from '../../autograd/shape.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { floatQParamsWeightOnlyQConfig } from '../../quantization/qconfig.js'
import { Module, nameOf } from '../module.js'
import { postProcessOf } from '../observing/observer.js'
import type * as float from '../sparse.js'
import { weightObserverOf, type Weighted } from './from-float.js'
import { isTensor, type LoadReport, type StateDict } from '../state-dict.js'

type TableType = 'quint8' | 'quint4x2'

export interface EmbeddingOptions {
  /** Codes with float qparams per row, in place of zeros. */
  readonly weight?: Tensor
  /** Bits of a code: 8, or 4 in pairs. [quint8] */
  readonly dtype?: TableType
}

/** Zeros. */
const emptyTable = (rows: number, features: number, dtype: TableType): Tensor =>
  quantizeRows(empty([rows, features]).fill_(0), new Float32Array(rows).fill(1), new Float32Array(rows), dtype)

/** The table of a layer in codes, by what it was trained with or the weight observer of its qconfig. @throws QPARAMS_INVALID for another scheme than float qparams of quint8 or quint4x2 */
function quantizedTable(layer: float.Embedding | float.EmbeddingBag): Tensor {
  const observer = 'weightFakeQuant' in layer ? weightObserverOf(layer as Weighted) : postProcessOf((layer.qconfig ?? floatQParamsWeightOnlyQConfig).weight)
  if (observer.qscheme !== 'per_channel_affine_float_qparams' || (observer.dtype !== 'quint8' && observer.dtype !== 'quint4x2'))
    throw new OctavoError('QPARAMS_INVALID', `${nameOf(layer)}: expected a weight observer of quint8 or quint4x2 with float qparams, got ${observer.dtype} with ${observer.qscheme}. Use floatQParamsWeightOnlyQConfig.`, { dtype: observer.dtype, qscheme: observer.qscheme })
  observer(layer.weight)
  const { scale, zeroPoint } = observer.calculateQParams()
  return quantizeRows(layer.weight, scale, zeroPoint, observer.dtype)
}

/** A table of codes with a float scale and zero point for every row. */
abstract class QuantizedTable<Args extends unknown[]> extends Module<Args, Tensor> {
  protected packed: EmbeddingPackedParams

  /** @throws SHAPE_MISMATCH, QPARAMS_INVALID for a weight that is no such table */
  constructor(readonly numEmbeddings: number, readonly embeddingDim: number, { weight, dtype = 'quint8' }: EmbeddingOptions) {
    super()
    this.packed = this.pack(weight ?? emptyTable(numEmbeddings, embeddingDim, dtype))
  }

  private pack(weight: Tensor): EmbeddingPackedParams {
    const expected = [this.numEmbeddings, this.embeddingDim]
    if (`${weight.shape}` !== `${expected}`) mismatch(`${nameOf(this)}: weight`, `a table [${expected}]`, weight.shape)
    return embeddingPrepack(weight)
  }

  /** The codes, with their qparams. */
  weight(): Tensor {
    return this.packed.weight
  }

  /** Packs another table, of the same shape. @throws SHAPE_MISMATCH, QPARAMS_INVALID */
  setWeight(weight: Tensor): void {
    this.packed = this.pack(weight)
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    destination.set(`${prefix}_packed_params.dtype`, this.weight().dtype)
    destination.set(`${prefix}_packed_params._packed_weight`, this.weight())
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    if (!source.has(`${prefix}_packed_params.dtype`)) report.missing.push(`${prefix}_packed_params.dtype`)
    const key = `${prefix}_packed_params._packed_weight`
    const weight = source.get(key)
    const expected = [this.numEmbeddings, this.embeddingDim]
    if (weight === undefined) report.missing.push(key)
    else if (!isTensor(weight) || `${weight.shape}` !== `${expected}` || weight.quantizer?.qscheme !== 'per_channel_affine_float_qparams')
      report.mismatched.push(`${key}: expected a table [${expected}] with float qparams per row, got ${isTensor(weight) ? `${weight.dtype} [${weight.shape}]` : typeof weight}`)
    else this.setWeight(weight)
  }

  override extraStateKeys(): readonly string[] {
    return ['_packed_params.dtype', '_packed_params._packed_weight']
  }

  override extraRepr(): string {
    const { dtype, quantizer } = this.weight()
    return `num_embeddings=${this.numEmbeddings}, embedding_dim=${this.embeddingDim}, dtype=torch.${dtype}, qscheme=torch.${quantizer!.qscheme}`
  }
}

/** Rows of a table of codes by number, as float32. torch.ao.nn.quantized.Embedding. */
export class Embedding extends QuantizedTable<[indices: Tensor]> {
  static override readonly typeName: string = 'QuantizedEmbedding'

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super(numEmbeddings, embeddingDim, options)
  }

  /** @throws QPARAMS_INVALID for a qconfig whose weight observer has no float qparams */
  static fromFloat(layer: float.Embedding): Embedding {
    return new Embedding(layer.numEmbeddings, layer.embeddingDim, { weight: quantizedTable(layer) })
  }

  /** @throws DTYPE_MISMATCH, INPUT_MISMATCH for an index outside the table */
  forward(indices: Tensor): Tensor {
    return embedding(this.packed, indices)
  }
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** The last offset is the end, not a bag. */
  readonly includeLastOffset?: boolean
}

/** Sums of rows of a table of codes, as float32. torch.ao.nn.quantized.EmbeddingBag, which sums whatever the float layer's mode was. */
export class EmbeddingBag extends QuantizedTable<[indices: Tensor, offsets?: Tensor | null, perSampleWeights?: Tensor | null]> {
  static override readonly typeName: string = 'QuantizedEmbeddingBag'
  readonly includeLastOffset: boolean

  constructor(numEmbeddings: number, embeddingDim: number, { includeLastOffset = false, ...options }: EmbeddingBagOptions = {}) {
    super(numEmbeddings, embeddingDim, options)
    this.includeLastOffset = includeLastOffset
  }

  /** @throws QPARAMS_INVALID for a qconfig whose weight observer has no float qparams */
  static fromFloat(layer: float.EmbeddingBag): EmbeddingBag {
    if (layer.mode !== 'sum') console.warn(`EmbeddingBag: quantized bags are sums, as in PyTorch; this layer's mode is ${layer.mode}. Divide their results, or leave the layer in float.`)
    return new EmbeddingBag(layer.numEmbeddings, layer.embeddingDim, { weight: quantizedTable(layer), includeLastOffset: layer.includeLastOffset })
  }

  /** @throws DTYPE_MISMATCH, INPUT_MISMATCH, INPUT_MISSING, SHAPE_MISMATCH */
  forward(indices: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    return embeddingBag(this.packed, indices, { offsets: offsets ?? undefined, perSampleWeights: perSampleWeights ?? undefined, includeLastOffset: this.includeLastOffset })
  }
}
