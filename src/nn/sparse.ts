import { empty } from '../autograd/create.js'
import { embedding, embeddingBag, type BagMode } from '../autograd/ops/embedding.js'
import { mismatch } from '../autograd/shape.js'
import { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import { normal_ } from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { bool, float } from './python.js'
import { settings, type Settings } from './settings.js'

interface TableOptions {
  /** A row that is zeros to begin with and is not learned; bags leave it out. */
  readonly paddingIdx?: number | null
  /** Rows looked up are brought down to this norm, in the table. */
  readonly maxNorm?: number | null
  readonly normType?: number
  readonly scaleGradByFreq?: boolean
  readonly sparse?: boolean
}

function paddingRow(paddingIdx: number | null | undefined, rows: number): number | null {
  if (paddingIdx === null || paddingIdx === undefined) return null
  if (!(paddingIdx >= -rows && paddingIdx < rows)) throw new OctavoError('OPTION_INVALID', `paddingIdx must be within ${rows} rows, got ${paddingIdx}.`, { paddingIdx })
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx
}

/** A table of normal numbers, its padding row zeros; or the caller's. */
function table(rows: number, features: number, paddingIdx: number | null, given?: Tensor | null): Parameter {
  if (given) {
    if (`${given.shape}` !== `${[rows, features]}`) mismatch('weight', `a table [${rows}, ${features}]`, given.shape)
    return new Parameter(given)
  }
  const weight = new Parameter(normal_(empty([rows, features])))
  if (paddingIdx !== null) weight.select(0, paddingIdx).fill_(0)
  return weight
}

export interface EmbeddingOptions extends TableOptions {
  /** The table itself, in place of random numbers. */
  readonly weight?: Tensor | null
}

/** Rows of a table by number. */
export class Embedding extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Embedding'
  readonly paddingIdx: number | null
  readonly maxNorm: number | null
  readonly normType: number
  readonly scaleGradByFreq: boolean
  readonly sparse: boolean
  weight: Parameter

  constructor(readonly numEmbeddings: number, readonly embeddingDim: number, ...rest: Settings<[paddingIdx: number | null, maxNorm: number | null, normType: number, scaleGradByFreq: boolean, sparse: boolean], EmbeddingOptions>) {
    super()
    const options = settings<EmbeddingOptions>('Embedding', ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse', 'weight'], rest)
    this.paddingIdx = paddingRow(options.paddingIdx, numEmbeddings)
    this.maxNorm = options.maxNorm ?? null
    this.normType = options.normType ?? 2
    this.scaleGradByFreq = options.scaleGradByFreq ?? false
    this.sparse = options.sparse ?? false
    this.weight = table(numEmbeddings, embeddingDim, this.paddingIdx, options.weight)
  }

  /** An embedding with this table; frozen unless told otherwise. */
  static fromPretrained(embeddings: Tensor, { freeze = true, ...options }: EmbeddingOptions & { readonly freeze?: boolean } = {}): Embedding {
    if (embeddings.ndim !== 2) mismatch('fromPretrained', 'a table of 2 axes', embeddings.shape)
    const made = new Embedding(embeddings.shape[0]!, embeddings.shape[1]!, { ...options, weight: embeddings })
    made.weight.requiresGrad_(!freeze)
    return made
  }

  forward(input: Tensor): Tensor {
    return embedding(input, this.weight, { maxNorm: this.maxNorm, normType: this.normType })
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this
    return [
      `${numEmbeddings}, ${embeddingDim}`, ...(paddingIdx === null ? [] : [`padding_idx=${paddingIdx}`]), ...(maxNorm === null ? [] : [`max_norm=${float(maxNorm)}`]),
      ...(normType === 2 ? [] : [`norm_type=${float(normType)}`]), ...(scaleGradByFreq ? [`scale_grad_by_freq=${bool(true)}`] : []), ...(sparse ? ['sparse=True'] : []),
    ].join(', ')
  }
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  readonly mode?: BagMode
  /** The last offset is the end, not a bag. */
  readonly includeLastOffset?: boolean
}

/** Sums, means or maxima of rows of a table. */
export class EmbeddingBag extends Module<[input: Tensor, offsets?: Tensor | null, perSampleWeights?: Tensor | null], Tensor> {
  static override readonly typeName: string = 'EmbeddingBag'
  readonly maxNorm: number | null
  readonly normType: number
  readonly scaleGradByFreq: boolean
  readonly mode: BagMode
  readonly sparse: boolean
  readonly includeLastOffset: boolean
  readonly paddingIdx: number | null
  weight: Parameter

  constructor(readonly numEmbeddings: number, readonly embeddingDim: number, ...rest: Settings<[maxNorm: number | null, normType: number, scaleGradByFreq: boolean, mode: BagMode], EmbeddingBagOptions>) {
    super()
    const options = settings<EmbeddingBagOptions>('EmbeddingBag', ['maxNorm', 'normType', 'scaleGradByFreq', 'mode', 'sparse', 'weight', 'includeLastOffset', 'paddingIdx'], rest)
    this.maxNorm = options.maxNorm ?? null
    this.normType = options.normType ?? 2
    this.scaleGradByFreq = options.scaleGradByFreq ?? false
    this.mode = options.mode ?? 'mean'
    this.sparse = options.sparse ?? false
    this.includeLastOffset = options.includeLastOffset ?? false
    this.paddingIdx = paddingRow(options.paddingIdx, numEmbeddings)
    this.weight = table(numEmbeddings, embeddingDim, this.paddingIdx, options.weight)
  }

  forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { mode, includeLastOffset, paddingIdx, maxNorm, normType } = this
    return embeddingBag(input, this.weight, offsets, { mode, perSampleWeights, includeLastOffset, paddingIdx, maxNorm, normType })
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, maxNorm, normType, scaleGradByFreq, mode, paddingIdx } = this
    return [
      `${numEmbeddings}, ${embeddingDim}`, ...(maxNorm === null ? [] : [`max_norm=${float(maxNorm)}`]), ...(normType === 2 ? [] : [`norm_type=${float(normType)}`]),
      ...(scaleGradByFreq ? [`scale_grad_by_freq=${bool(true)}`] : []), `mode='${mode}'`, ...(paddingIdx === null ? [] : [`padding_idx=${paddingIdx}`]),
    ].join(', ')
  }
}
