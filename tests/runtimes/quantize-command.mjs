/** Quantizing in the engine that runs this file (Node, Deno, Bun): prints the result as one line of JSON. */
import { quantizeBothWays } from './quantize.mjs'

const octavo = await import('../../dist/quantize.js')
console.log(JSON.stringify(await quantizeBothWays(octavo, new URL('../../examples/digits/digits-float.onnx', import.meta.url))))
