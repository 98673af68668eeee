/** One fresh process, from import to the first answer.   node cold.mjs octavo|onnxruntime-web ENTRY MODEL */
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

const [who, entry, model] = process.argv.slice(2)
const start = performance.now()
const api = await import(pathToFileURL(entry).href)
const dims = [1, 3, 224, 224]
const pixels = new Float32Array(3 * 224 * 224).fill(0.5)
const bytes = new Uint8Array(await readFile(model))
if (who === 'octavo') {
  const session = await api.InferenceSession.create(bytes)
  await session.run({ [session.inputNames[0]]: new api.Tensor('float32', pixels, dims) })
} else {
  api.env.wasm.numThreads = 1
  const session = await api.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all', logSeverityLevel: 3 })
  await session.run({ [session.inputNames[0]]: new api.Tensor('float32', pixels, dims) })
}
console.log(JSON.stringify({ ms: performance.now() - start }))
