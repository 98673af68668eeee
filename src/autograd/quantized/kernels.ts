import { addQuantizedKernel } from '../dispatch.js'
import { activationKernels } from './activations.js'
import { elementwiseKernels } from './elementwise.js'
import { normKernels } from './norms.js'
import { poolKernels } from './pools.js'

let added = false

/** Makes float operations work on quantized tensors where PyTorch's do. Called where quantized tensors are made, so that float programs bring none of it. */
export function addQuantizedKernels(): void {
  if (added) return
  added = true
  for (const [name, kernel] of Object.entries({ ...activationKernels, ...elementwiseKernels, ...normKernels, ...poolKernels })) addQuantizedKernel(name, kernel)
}
