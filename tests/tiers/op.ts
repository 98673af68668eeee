/**
 * One node through inference, lowering and the kernels of a tier, without a session: what a rule emits is laid out in a
 * memory of its own and run. Outputs carry guard bytes, and inputs must come out as they went in.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DTYPES, elementCount, viewOf, type TypedArray } from '../../src/dtype.js'
import { OctavoError, type ErrorCode } from '../../src/errors.js'
import type { Attribute, Node, TensorType } from '../../src/graph/graph.js'
import { INFER } from '../../src/graph/infer/table.js'
import { moreOperators } from '../../src/more-operators.js'
import { addOperators } from '../../src/operators.js'
import { NodeView, type Values } from '../../src/graph/node-view.js'
import { LOWER } from '../../src/plan/lower/table.js'
import type { Lowering } from '../../src/plan/lower/rule.js'
import { blockBytes, writeBlock } from '../../src/runtime/kernels.js'
import { NULL, type Operand } from '../../src/runtime/operand.js'
import { Tensor } from '../../src/value.js'
import { ALL_TIERS, type TierName } from './harness.js'

addOperators(moreOperators)

export interface OpCase {
  readonly op: string
  readonly domain?: string
  readonly attributes?: Readonly<Record<string, Attribute>>
  /** null: an optional input that is left out. */
  readonly inputs: readonly (Tensor | null)[]
  /** Number of outputs asked for. */
  readonly outputs?: number
  /** Inputs that are unknown while planning; by default all but the rule's shapeInputs. */
  readonly dynamic?: readonly number[]
}

const GUARD = 64
const PAINT = 0xa5

/** Runs the case in one tier; outputs with a bounded axis are trimmed to their real length. */
export function runOp(tier: TierName, c: OpCase): Tensor[] {
  return new OneNode(tier, c).run()
}

/** Runs the case in every tier of this host and checks that all agree bit for bit; the common answer. */
export function runOpEverywhere(c: OpCase): Tensor[] {
  const tiers = tiersOfHost()
  const [first, ...others] = tiers.map((tier) => runOp(tier, c))
  others.forEach((outputs, i) => outputs.forEach((y, o) => {
    assert.deepEqual(bytesOf(y), bytesOf(first![o]!), `${c.op}: output ${o} differs between ${tiers[0]} and ${tiers[i + 1]}`)
  }))
  return first!
}

/** Runs the case everywhere and compares its first output, type, dims and every bit. */
export function same(c: OpCase, expected: Tensor): void {
  const [y] = runOpEverywhere(c)
  assert.deepEqual([y!.dtype, y!.dims, y!.data], [expected.dtype, expected.dims, expected.data], `${c.op} ${Object.entries(c.attributes ?? {}).join(' ')} of [${c.inputs[0]?.dims}] ${c.inputs[0]?.dtype}`)
}

/** Checks that planning the case fails with this code. */
export const refuses = (c: OpCase, code: ErrorCode): void =>
  assert.throws(() => runOpEverywhere(c), (e) => e instanceof OctavoError && e.code === code, `${c.op} must fail with ${code}`)

const wasm = (tier: TierName): BufferSource => readFileSync(`dist/${tier}.wasm`)
const modules = new Map<TierName, WebAssembly.Module>()
const tiersOfHost = (): TierName[] => {
  const forced = process.env.OCTAVO_TIER
  return ALL_TIERS.filter((t) => (!forced || forced === t) && (modules.has(t) || WebAssembly.validate(wasm(t))))
}

function moduleOf(tier: TierName): WebAssembly.Module {
  let module = modules.get(tier)
  if (!module) modules.set(tier, (module = new WebAssembly.Module(wasm(tier))))
  return module
}

const bytesOf = (t: Tensor): Uint8Array => new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength)

class OneNode extends NodeView implements Lowering {
  readonly capabilities = 0
  private readonly memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 })
  private readonly kernels: Record<string, (p: number) => void>
  private cursor = 4096
  private readonly ins: Operand[]
  private readonly outs: Operand[] = []
  private readonly counts = new Map<number, Operand>()
  private readonly steps: (() => void)[] = []
  private readonly types: readonly TensorType[]

  constructor(tier: TierName, private readonly c: OpCase) {
    const node: Node = {
      name: 'it', op: c.op, domain: c.domain ?? '', attributes: c.attributes ?? {},
      inputs: c.inputs.map((t, i) => (t ? `in${i}` : '')), outputs: Array.from({ length: c.outputs ?? 1 }, (_, o) => `out${o}`),
    }
    const key = c.domain ? `${c.domain}:${c.op}` : c.op
    const rule = INFER[key]
    assert.ok(rule, `no inference rule for ${key}`)
    const tensor = (name: string): Tensor | null | undefined => c.inputs[Number(name.slice(2))]
    const values: Values = {
      typeOf: (name) => tensor(name) ?? undefined,
      constantOf: (name) => {
        const i = Number(name.slice(2))
        const known = c.dynamic ? !c.dynamic.includes(i) : rule.shapeInputs?.includes(i)
        return known ? tensor(name) ?? undefined : undefined
      },
    }
    super(node, values)
    this.kernels = new WebAssembly.Instance(moduleOf(tier), { env: { memory: this.memory } }).exports as never
    this.types = rule.infer(this)
    this.ins = c.inputs.map((t) => (t ? this.place(bytesOf(t)) : NULL))
  }

  run(): Tensor[] {
    this.types.forEach((type) => this.outs.push(this.allocate(elementCount(type.dims) * DTYPES[type.dtype].bytes)))
    const rule = LOWER[this.c.domain ? `${this.c.domain}:${this.c.op}` : this.c.op]
    assert.ok(rule, `no lowering rule for ${this.c.op}`)
    if (this.types.some((t) => elementCount(t.dims) > 0)) rule(this)
    for (const step of this.steps) step()
    this.c.inputs.forEach((t, i) => t && assert.deepEqual(this.read(this.ins[i]!, t.data.byteLength), bytesOf(t).slice(), `${this.c.op} changed its input ${i}`))
    return this.types.map((type, o) => this.trim(type, o))
  }

  private trim(type: TensorType, o: number): Tensor {
    const count = elementCount(type.dims)
    const bytes = count * DTYPES[type.dtype].bytes
    const after = this.read({ ...this.outs[o]!, offset: this.outs[o]!.offset + bytes }, GUARD)
    assert.ok(after.every((b) => b === PAINT), `${this.c.op} wrote past output ${o}`)
    const data = viewOf(type.dtype, this.read(this.outs[o]!, bytes).buffer, 0, count)
    if (type.bound === undefined) return new Tensor(type.dtype, data, type.dims)
    const at = this.counts.get(o)
    const real = at && count ? new DataView(this.memory.buffer).getInt32(at.offset, true) : 0
    const inner = elementCount(type.dims.slice(type.bound + 1))
    const width = type.dims[type.bound]! * inner
    const kept = Array.from(data as ArrayLike<number>).filter((_, i) => i % width < real * inner)
    return new Tensor(type.dtype, kept, type.dims.map((d, i) => (i === type.bound ? real : d)))
  }

  output(o = 0): TensorType {
    return this.types[o]!
  }

  in(i: number): Operand {
    return this.ins[i]!
  }

  out(o = 0): Operand {
    return this.outs[o]!
  }

  count(o = 0): Operand {
    if (!this.counts.has(o)) this.counts.set(o, this.allocate(4))
    return this.counts.get(o)!
  }

  emit(kernel: never, params: never): void {
    const block = this.allocate(blockBytes(kernel))
    this.steps.push(() => {
      writeBlock(new DataView(this.memory.buffer), block.offset, kernel, params, (operand: Operand) => operand.offset)
      const run = this.kernels[kernel]
      assert.ok(run, `no kernel ${String(kernel)} in this tier`)
      run(block.offset)
    })
  }

  scratch(bytes: number): Operand {
    return this.allocate(bytes)
  }

  table(data: TypedArray): Operand {
    return this.place(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  pack(_key: string, bytes: number, _sources: readonly number[], fill: (target: Operand) => void): Operand {
    const target = this.allocate(bytes)
    fill(target)
    return target
  }

  alias(o: number, i: number): void {
    const bytes = this.c.inputs[i]!.data.byteLength
    assert.equal(bytes, elementCount(this.types[o]!.dims) * DTYPES[this.types[o]!.dtype].bytes, 'an alias keeps its bytes')
    this.steps.push(() => new Uint8Array(this.memory.buffer).copyWithin(this.outs[o]!.offset, this.ins[i]!.offset, this.ins[i]!.offset + bytes))
  }

  mayOverwrite(): void {}

  private allocate(bytes: number): Operand {
    const offset = this.cursor
    this.cursor = Math.ceil((offset + bytes + GUARD) / 64) * 64
    const missing = this.cursor + GUARD - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536))
    new Uint8Array(this.memory.buffer).fill(PAINT, offset, this.cursor)
    return { storage: 0, offset }
  }

  private place(bytes: Uint8Array): Operand {
    const operand = this.allocate(bytes.length)
    new Uint8Array(this.memory.buffer).set(bytes, operand.offset)
    return operand
  }

  private read(operand: Operand, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer.slice(operand.offset, operand.offset + bytes))
  }
}
