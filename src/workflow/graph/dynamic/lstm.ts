import type { Node } from '../../../graph/graph.js'
import { gatesProblem, type Rewrite } from './products.js'
import { quantizeGates, type WeightSettings } from './quantize.js'
import type { Scope } from './scope.js'

/** Attributes that com.microsoft:DynamicQuantizeLSTM has too. */
const KEPT = ['direction', 'activations', 'activation_alpha', 'activation_beta', 'clip', 'input_forget']

/**
 * The same layer with time before batch, which is the only order that the int8 forms have: what it reads and makes is transposed. Gives the node
 * unchanged where it has that order, and what to place after it.
 */
export function timeFirst(scope: Scope, node: Node): { node: Node; after: () => void } {
  if (Number(node.attributes.layout ?? 0) !== 1) return { node, after: () => undefined }
  const { layout: _, ...attributes } = node.attributes
  const turned = (i: number, perm: number[]): string => (node.inputs[i] ? scope.made('Transpose', `${node.name}_transpose_${i}`, [node.inputs[i]!], { perm }) : '')
  const inputs = node.inputs.map((name, i) => ([0, 5, 6].includes(i) ? turned(i, [1, 0, 2]) : name))
  const outputs = node.outputs.map((name) => name && scope.all.fresh(`${name}_time_first`))
  const after = (): void => node.outputs.forEach((name, o) => {
    if (name) scope.place('Transpose', `${node.name}_transpose_output_${o}`, [outputs[o]!], [name], { perm: o === 0 ? [2, 0, 1, 3] : [1, 0, 2] })
  })
  return { node: { ...node, inputs, outputs, attributes }, after }
}

/** LSTM → com.microsoft:DynamicQuantizeLSTM; W and R are int8 there, whatever `weightType` says, as ONNX Runtime's quantizer makes them. */
export function lstm(scope: Scope, node: Node, settings: WeightSettings): string | Rewrite {
  const [w, r] = [1, 2].map((i) => scope.known(node.inputs[i] ?? ''))
  const problem = gatesProblem(w, r, 4)
  if (problem) return problem
  return () => {
    const { node: straight, after } = timeFirst(scope, node)
    const coded = [w!, r!].map((known) => scope.weight(known, 'gates', (tensor) => quantizeGates(tensor, settings)))
    const [wc, rc] = coded as [typeof coded[0], typeof coded[0]]
    const [x, , , ...others] = straight.inputs
    const optional = Array.from({ length: 5 }, (_, i) => others[i] ?? '')
    const attributes = Object.fromEntries(Object.entries(straight.attributes).filter(([name]) => KEPT.includes(name)))
    scope.place('DynamicQuantizeLSTM', `${node.name}_quant`, [x!, wc.codes, rc.codes, ...optional, wc.scale, wc.zero, rc.scale, rc.zero], straight.outputs,
      { ...attributes, hidden_size: r!.tensor.dims[2]! }, 'com.microsoft')
    after()
    return coded
  }
}
