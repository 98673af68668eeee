import type { GraphProto, ModelProto } from './schema.js'

/** Domains as a Graph writes them. */
export const domainOf = (domain: string | undefined): string => (domain === 'ai.onnx' ? '' : domain ?? '')

/** Every graph of a model: the main one, the bodies of functions, and those in attributes of their nodes. */
export function* graphsOf({ graph = {}, functions = [] }: ModelProto): Generator<Pick<GraphProto, 'initializers' | 'sparseInitializers' | 'inputs' | 'nodes'>> {
  for (const outer of [graph, ...functions.map(({ nodes }): GraphProto => ({ nodes }))]) {
    yield outer
    for (const { attributes = [] } of outer.nodes ?? []) for (const { g } of attributes) if (g) yield* graphsOf({ graph: g })
  }
}
