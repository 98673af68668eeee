/** What bench/eager.mjs runs: prints a JSON line. */
import { init } from '../src/autograd/init.js'
import { backends, manualSeed, openGraph, randn, trace, Value } from '../src/entry/torch.js'
import { exportOnnx } from '../src/entry/torch/onnx.js'
import { convert, fuseModules, getDefaultQConfig, prepare } from '../src/entry/torch/quantization.js'
import { decodeModel } from '../src/formats/onnx/decode.js'
import { QuantizableResNet20, RESNET20_FUSED } from '../tests/support/quantizable-resnet20.js'
import { pair } from './measure.js'

const BATCHES = 100
const { tier } = await init({ wasmFolder: 'dist' })
manualSeed(1)
backends.quantized.engine = 'fbgemm'
const float = fuseModules(new QuantizableResNet20().eval(), RESNET20_FUSED)
float.qconfig = getDefaultQConfig('fbgemm')
const batches = Array.from({ length: BATCHES }, () => randn([16, 3, 32, 32]))
const start = performance.now()
const prepared = prepare(float)
for (const batch of batches) prepared(batch)
const calibration = performance.now() - start

const int8 = convert(prepared)
const x = randn([1, 3, 32, 32])
const feeds = { input: new Value('float32', x.toArray(), x.shape) }
const [traced, onnx] = [openGraph(trace(int8, x)), openGraph(decodeModel(exportOnnx(int8, x)))]
const eager = await pair(() => traced.runSync(feeds), () => int8(x))
const plan = await pair(() => onnx.runSync(feeds), () => traced.runSync(feeds))
console.log(JSON.stringify({ tier, eager, plan, calibration }))
