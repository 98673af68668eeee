import { opKey, type Node } from '../graph.js'
import { clampRange } from './absorb-clamps.js'
import type { Pass } from './pass.js'
import { rewrite } from './rewrite.js'

const PRODUCTS = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'] as const

/**
 * Relu or Clip with constant bounds after a float32 convolution or product becomes its attributes activation_min and
 * activation_max, between which results are clamped before they are stored. Exact.
 */
export const fuseActivation: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  if (opKey(node) !== 'Relu' && opKey(node) !== 'Clip') return undefined
  const value = node.inputs[0]!
  const source = r.soleReader(value) ? r.producer(value, ...PRODUCTS) : undefined
  const range = clampRange(node, r)
  if (!source || !range || r.typeOf(value).dtype !== 'float32' || isClamped(source)) return undefined
  const [min, max] = range
  const attributes = { ...source.attributes, ...(min > -Infinity && { activation_min: min }), ...(max < Infinity && { activation_max: max }) }
  return [{ ...source, attributes, outputs: node.outputs }]
})

const isClamped = (node: Node): boolean => 'activation_min' in node.attributes || 'activation_max' in node.attributes
