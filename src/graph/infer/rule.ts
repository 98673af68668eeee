import type { TensorType } from '../graph.js'
import type { Tensor } from '../../value.js'
import type { NodeView } from '../node-view.js'
import type { Walk } from '../specialise.js'

/** How an operator's output types follow from its inputs. One per operator, at its newest opset. */
export interface InferRule {
  /** The outputs themselves, when they follow from types and attributes alone (Shape, Constant); undefined otherwise. */
  fold?(view: NodeView): readonly Tensor[] | undefined
  /** Puts other nodes in the place of this one while a graph is specialised: what an operator does that holds graphs. */
  inline?(view: NodeView, walk: Walk, rename: Map<string, string>, depth: number): void
  /** Types of the outputs, in order; checks everything that lowering relies on. */
  infer(view: NodeView): readonly TensorType[]
  /**
   * Inputs whose contents decide a shape, an axis or a branch. A graph input that reaches one of them becomes part of the
   * plan's key, and its value is a constant while planning.
   */
  readonly shapeInputs?: readonly number[]
  /** The output is the input moved, its `bound` axis with it. Every other operator refuses an input whose length only a run tells. */
  readonly keepsBound?: boolean
}

export type InferTable = Readonly<Record<string, InferRule>>
