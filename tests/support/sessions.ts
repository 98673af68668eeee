/** Sessions over models given as bytes, in every tier that this host runs. */
import { readFileSync } from 'node:fs'
import { decodeModel } from '../../src/formats/onnx/decode.js'
import { moreOperators } from '../../src/more-operators.js'
import { addOperators } from '../../src/operators.js'
import { adopt, type LoadedTier } from '../../src/runtime/load.js'
import { GraphSession } from '../../src/session.js'
import { ALL_TIERS, type TierName } from '../tiers/harness.js'

addOperators(moreOperators)

/** The tiers that this host can load; OCTAVO_TIER asks for one, which must load. */
export function loadedTiers(): readonly (readonly [TierName, LoadedTier])[] {
  const forced = process.env['OCTAVO_TIER']
  return ALL_TIERS.filter((name) => !forced || name === forced).flatMap((name) => {
    const bytes = readFileSync(`dist/${name}.wasm`)
    if (!forced && !WebAssembly.validate(bytes)) return []
    return [[name, adopt(new WebAssembly.Module(bytes))] as const]
  })
}

export const openModel = (bytes: Uint8Array, tier: LoadedTier): GraphSession => new GraphSession(decodeModel(bytes), tier, bytes.byteLength, {})
