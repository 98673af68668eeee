import { OctavoError } from '../../errors.js'
import type { AttributeProto } from './schema.js'
import { quote } from './tensor.js'

/** Names given out so far in a whole model, subgraphs included, so that a pass may move nodes between graphs. */
export class Names {
  private readonly taken = new Set<string>()
  private readonly next = new Map<string, number>()

  reserve(name: string): void {
    this.taken.add(name)
  }

  /** `hint` itself when it is free, else with the first number behind it that makes it so. */
  fresh(hint: string): string {
    let name = hint
    if (this.taken.has(name)) {
      let n = this.next.get(hint) ?? 0
      do name = `${hint}_${++n}`
      while (this.taken.has(name))
      this.next.set(hint, n)
    }
    this.taken.add(name)
    return name
  }
}

/**
 * The values that a graph, or the body of a function, can see: file name → name in the Graph. A subgraph also sees the
 * values around it that were written before its node.
 */
export class Scope {
  private readonly values = new Map<string, string>()

  /**
   * @param names    made-up names come from here; null: values keep the names of the file (the main graph)
   * @param results  names that the outputs of a function take in its caller
   * @param given    attributes that the nodes of a function refer to
   */
  constructor(
    private readonly names: Names | null,
    private readonly outer?: Scope,
    private readonly results: ReadonlyMap<string, string> = new Map(),
    private readonly given?: ReadonlyMap<string, AttributeProto>,
  ) {}

  /** Makes `name` known. @throws GRAPH_INVALID when this graph has already written it */
  declare(name: string, where: string): string {
    if (this.values.has(name)) throw new OctavoError('GRAPH_INVALID', `${where} writes ${quote(name)}, which is already written. Export the model again.`, { value: name })
    return this.bind(name, this.results.get(name) ?? this.names?.fresh(name) ?? name)
  }

  /** Makes `name` known as the value `as`. */
  bind(name: string, as: string): string {
    this.values.set(name, as)
    return as
  }

  has(name: string): boolean {
    return this.values.has(name)
  }

  find(name: string): string | undefined {
    return this.values.get(name) ?? this.outer?.find(name)
  }

  /** The Graph's name of a value that must be known. @throws GRAPH_INVALID */
  resolve(name: string, where: string): string {
    const found = this.find(name)
    if (found === undefined)
      throw new OctavoError('GRAPH_INVALID', `${where} reads ${quote(name)}, which is no input or initializer and is written by no node before. Check the order of the nodes.`, { value: name })
    return found
  }

  /** The attribute that a node of a function takes from the function's caller. */
  attribute(name: string): AttributeProto | undefined {
    return this.given ? this.given.get(name) : this.outer?.attribute(name)
  }
}
