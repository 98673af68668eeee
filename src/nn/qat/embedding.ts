import { embedding, embeddingBag } from '../../autograd/ops/embedding.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { nameOf, type Module } from '../module.js'
import { ActivationPostProcess } from '../observing/observer.js'
import { Embedding as FloatEmbedding, EmbeddingBag as FloatEmbeddingBag, type EmbeddingBagOptions, type EmbeddingOptions } from '../sparse.js'
import { qconfigOf, weightFakeQuantOf, type QatOptions, type WeightFakeQuant } from './trained.js'

/** A fake-quantize with a float zero point for every row: what tables are packed with. @throws MODULE_INVALID without a qconfig, OPTION_INVALID for another scheme */
function rowFakeQuantOf(module: Module, qconfig: QatOptions['qconfig'] | undefined): WeightFakeQuant {
  const made = weightFakeQuantOf(module, qconfig)
  const qscheme = made instanceof ActivationPostProcess ? made.qscheme : undefined
  if (qscheme !== 'per_channel_affine_float_qparams')
    throw new OctavoError('OPTION_INVALID', `qat.${nameOf(module)}: expected weights of per_channel_affine_float_qparams, got ${qscheme ?? 'no scheme'}. Use defaultEmbeddingQatQConfig.`, { qscheme })
  return made
}

/** Rows of a fake-quantized table by number. torch.ao.nn.qat.Embedding. */
export class Embedding extends FloatEmbedding {
  static override readonly typeName: string = 'Embedding'
  readonly weightFakeQuant: WeightFakeQuant

  /** @throws MODULE_INVALID without a qconfig, OPTION_INVALID for weights of another scheme than per_channel_affine_float_qparams */
  constructor(numEmbeddings: number, embeddingDim: number, { qconfig, ...options }: EmbeddingOptions & QatOptions) {
    super(numEmbeddings, embeddingDim, options)
    this.weightFakeQuant = rowFakeQuantOf(this, qconfig)
  }

  /** Of a float table with a qconfig; it shares the table. @throws MODULE_INVALID, OPTION_INVALID */
  static fromFloat(module: FloatEmbedding): Embedding {
    const qconfig = qconfigOf('Embedding', FloatEmbedding, module)
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, weight } = module
    const made = new Embedding(module.numEmbeddings, module.embeddingDim, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, weight, qconfig })
    made.weight = weight
    return made
  }

  override forward(input: Tensor): Tensor {
    return embedding(input, this.weightFakeQuant(this.weight), { maxNorm: this.maxNorm, normType: this.normType })
  }

  /** The float layer, over the same table. */
  toFloat(): FloatEmbedding {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, weight } = this
    const made = new FloatEmbedding(this.numEmbeddings, this.embeddingDim, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, weight: weight.detach() })
    made.training = this.training
    return made
  }
}

/** Sums, means or maxima of rows of a fake-quantized table. torch.ao.nn.qat.EmbeddingBag. */
export class EmbeddingBag extends FloatEmbeddingBag {
  static override readonly typeName: string = 'EmbeddingBag'
  readonly weightFakeQuant: WeightFakeQuant

  /** @throws MODULE_INVALID without a qconfig, OPTION_INVALID for weights of another scheme than per_channel_affine_float_qparams */
  constructor(numEmbeddings: number, embeddingDim: number, { qconfig, ...options }: EmbeddingBagOptions & QatOptions) {
    super(numEmbeddings, embeddingDim, options)
    this.weightFakeQuant = rowFakeQuantOf(this, qconfig)
  }

  /** Of a float table with a qconfig; it shares the table. @throws MODULE_INVALID, OPTION_INVALID */
  static fromFloat(module: FloatEmbeddingBag): EmbeddingBag {
    const qconfig = qconfigOf('EmbeddingBag', FloatEmbeddingBag, module)
    const { maxNorm, normType, scaleGradByFreq, mode, sparse, weight, includeLastOffset, paddingIdx } = module
    const made = new EmbeddingBag(module.numEmbeddings, module.embeddingDim, { maxNorm, normType, scaleGradByFreq, mode, sparse, weight, includeLastOffset, paddingIdx, qconfig })
    made.weight = weight
    return made
  }

  override forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { mode, includeLastOffset, paddingIdx, maxNorm, normType } = this
    return embeddingBag(input, this.weightFakeQuant(this.weight), offsets, { mode, perSampleWeights, includeLastOffset, paddingIdx, maxNorm, normType })
  }

  /** The float layer, over the same table. */
  toFloat(): FloatEmbeddingBag {
    const { maxNorm, normType, scaleGradByFreq, mode, sparse, weight, includeLastOffset, paddingIdx } = this
    const made = new FloatEmbeddingBag(this.numEmbeddings, this.embeddingDim, { maxNorm, normType, scaleGradByFreq, mode, sparse, weight: weight.detach(), includeLastOffset, paddingIdx })
    made.training = this.training
    return made
  }
}
