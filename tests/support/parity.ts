/** The page docs/parity.md, from running every golden case in one tier (the others give the same bits: tests/autograd/quantized.test.ts). */
import { startEager } from '../../src/autograd/runtime.js'
import { golden } from '../golden/quantized.js'
import { isCompared, ONE_STEP, outcomeOf } from './quantized-cases.js'
import { loadedTiers } from './sessions.js'

interface Count { equal: number; cases: number; elements: number; different: number }

export function parityPage(): string {
  const tiers = loadedTiers()
  startEager((tiers.find(([name]) => name === 'simd') ?? tiers[0]!)[1])
  const engines = ['any', 'fbgemm', 'qnnpack', 'x86', 'onednn']
  const rows = new Map<string, Map<string, Count>>()
  for (const c of golden.cases.filter(isCompared)) {
    const { equal, elements, different } = outcomeOf(c)
    const row = rows.get(c.op) ?? rows.set(c.op, new Map()).get(c.op)!
    const engine = c.engine ?? 'any'
    const count = row.get(engine) ?? row.set(engine, { equal: 0, cases: 0, elements: 0, different: 0 }).get(engine)!
    count.cases++
    count.equal += +equal
    count.elements += elements
    count.different += different
  }
  const cell = (count: Count | undefined): string => (count ? `${count.equal}/${count.cases}${count.different ? ` (${count.different} of ${count.elements} codes by one)` : ''}` : '')
  const lines = [...rows].map(([op, row]) => `| ${op} | ${engines.map((e) => cell(row.get(e))).join(' | ')} |`)
  const { torch, capability, vnni } = golden.versions
  const reasons = Object.entries(ONE_STEP).map(([op, why]) => `- \`${op}\`: ${why}.`)
  return `<!-- Written by tools/gen-parity.mjs from tests/golden/quantized-ops.json. -->
# Parity with PyTorch

Cases of each quantized operator that come out bit for bit as in PyTorch ${torch}: elements, shape and parameters, of all that were compared. ATen ran as ${capability}; the processor ${vnni ? 'had' : 'had no'} VNNI. "any" is for
operators that do not depend on the engine. [docs/quantization.md](quantization.md) says what the cases hold and which ones are left out.

| operator | ${engines.join(' | ')} |
|---|${engines.map(() => '---|').join('')}
${lines.join('\n')}

Within one step of codes:

${reasons.join('\n')}
`
}
