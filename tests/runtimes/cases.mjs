/**
 * What every engine runs: each model once on seeded inputs, in one tier, its outputs digested. Plain JavaScript without
 * imports, so that Node, Deno, Bun and a page load the very same file.
 */

/** Models of the project, and (when the data folder is there) real ones; `dims` fills open dims. */
export const MODELS = [
  { name: 'digits float', path: 'project/digits-float.onnx' },
  { name: 'digits int8', path: 'project/digits-int8.onnx' },
  { name: 'MobileNetV2 int8', path: 'data/models/onnx-quantized/mobilenetv2-12-qdq.onnx' },
  { name: 'ResNet-20', path: 'data/models/onnx-float/resnet20-cifar10.onnx' },
  { name: 'YuNet', path: 'data/models/onnx-float/yunet_2022mar.onnx' },
  { name: 'DTLN 1', path: 'data/models/onnx-float/dtln_model_1.onnx' },
  { name: 'MLP, dynamic int8', path: 'data/models/onnx-quantized/mnist-in-factorio-dynamic.onnx' },
]

/** xorshift32: the same numbers in every engine. */
function generator(seed) {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

function feedsFor(session, Tensor) {
  const next = generator(0x0c7a)
  return Object.fromEntries(session.inputMetadata.map(({ name, dims }) => {
    const concrete = dims.map((d) => (typeof d === 'number' ? d : 1))
    const data = Float32Array.from({ length: concrete.reduce((n, d) => n * d, 1) }, () => next() * 4 - 2)
    return [name, new Tensor('float32', data, concrete)]
  }))
}

async function digest(outputs) {
  const parts = Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, t]) => new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength))
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) all.set(p, at), (at += p.length)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', all))
  return Array.from(hash.subarray(0, 12), (b) => b.toString(16).padStart(2, '0')).join('')
}

/**
 * Runs every model that `load` finds, in `tier`.
 *
 * @param octavo the module dist/index.js   @param load (path) => bytes, or null when the file is not there
 * @returns {{ tier: string, digests: Record<string, string> } | { refused: string }} refused: the host cannot run the tier
 */
export async function runCases(octavo, tier, load) {
  const digests = {}
  for (const { name, path } of MODELS) {
    const bytes = await load(path)
    if (!bytes) continue
    let session
    try {
      session = await octavo.InferenceSession.create(bytes, { tier })
    } catch (error) {
      if (error.code === 'TIER_UNAVAILABLE') return { refused: error.message }
      throw error
    }
    if (session.info.tier !== tier) throw new Error(`asked for ${tier}, the session says ${session.info.tier}`)
    digests[name] = await digest(await session.run(feedsFor(session, octavo.Tensor)))
    session.release()
  }
  return { tier, digests }
}
