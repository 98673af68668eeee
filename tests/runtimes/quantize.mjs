/** Quantizes the digits model in the thread that calls and in a worker: what every engine runs. Plain JavaScript without imports. */

/** 64 pictures a batch of numbers that are the same everywhere. */
function pictures(Tensor, seed) {
  let x = seed
  const data = Float32Array.from({ length: 64 * 400 }, () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  })
  return { image: new Tensor('float32', data, [64, 1, 20, 20]) }
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash.subarray(0, 12), (b) => b.toString(16).padStart(2, '0')).join('')
}

/**
 * @param octavo the module dist/quantize.js   @param model the model's bytes or address   @param around (work) => what it gives, with something beside it
 * @returns digests of the files that both ways wrote, and what `around` told of each
 */
export async function quantizeBothWays(octavo, model, around = async (work) => ({ result: await work() })) {
  const ways = { here: octavo.quantizeStatic, 'in a worker': octavo.quantizeStaticInWorker }
  const told = {}
  for (const [way, quantize] of Object.entries(ways)) {
    let events = 0
    const batches = async function* () {
      for (let i = 1; i <= 60; i++) yield pictures(octavo.Tensor, i)
    }
    const { result, ...more } = await around(() => quantize(model, batches, { onProgress: () => events++ }))
    told[way] = { digest: await digest(result.model), bytes: result.model.length, batches: result.report.batches, events, ...more }
  }
  return told
}
