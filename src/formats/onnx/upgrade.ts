import type { Node } from '../../graph/graph.js'
import type { Tensor } from '../../value.js'

/** ai.onnx versions that can be read. */
export const FIRST_OPSET = 7
export const NEWEST_OPSET = 27

/** What a rewrite may add to the graph; every name is made unique from its hint. */
export interface Additions {
  constant(hint: string, tensor: Tensor): string
  value(hint: string): string
  node(hint: string): string
}

/** The nodes that mean at the newest opset what `node` means at `version`. */
export function upgrade(node: Node, _version: number, _add: Additions): readonly Node[] {
  return [node]
}
