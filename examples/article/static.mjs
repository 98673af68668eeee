/**
 * Static quantization: a model trained in float32 gets int8 weights and int8 activations, whose ranges are measured on a few inputs first.
 *
 *   node examples/article/static.mjs [fbgemm|qnnpack]        (after npm run build)
 *
 * static.py beside this file is the same program for PyTorch. Both print the same numbers.
 */
import * as torch from 'octavo/torch'
import * as nn from 'octavo/torch/nn'
import { convert, DeQuantStub, fuseModules, getDefaultQConfig, prepare, QuantStub } from 'octavo/torch/quantization'

const engine = process.argv[2] ?? 'fbgemm'
await torch.init() // loads the WebAssembly; PyTorch has nothing like it
torch.manualSeed(0) // the same random numbers as torch.manual_seed(0)

// a floating point model where some layers could be quantized
class M extends nn.Module {
  quant = new QuantStub() // from here on values are int8
  conv = new nn.Conv2d(1, 1, 1)
  relu = new nn.ReLU()
  dequant = new DeQuantStub() // from here on they are floats again

  forward(x) {
    x = this.quant(x)
    x = this.conv(x)
    x = this.relu(x)
    x = this.dequant(x)
    return x
  }
}

const modelFp32 = new M()
modelFp32.eval() // static quantization is for trained models

// how weights and activations are quantized, and whose arithmetic runs: fbgemm for servers, qnnpack for phones
modelFp32.qconfig = getDefaultQConfig(engine)
torch.backends.quantized.engine = engine

// conv and relu become one layer
const modelFp32Fused = fuseModules(modelFp32, [['conv', 'relu']])

// observers, which note the range of what passes through them; then inputs like those to come
const modelFp32Prepared = prepare(modelFp32Fused)
const inputFp32 = torch.randn([4, 1, 4, 4])
modelFp32Prepared(inputFp32)

// int8 weights, and the measured ranges as scales and zero points
const modelInt8 = convert(modelFp32Prepared)
const res = modelInt8(inputFp32)

console.log(String(modelInt8))
console.log(`[${torch.intRepr(modelInt8.conv.weight()).flatten().toList()}] ${modelInt8.conv.scale} ${modelInt8.conv.zeroPoint}`)
console.log(torch.intRepr(torch.quantizePerTensor(res, modelInt8.conv.scale, modelInt8.conv.zeroPoint, torch.quint8)).flatten().toList().join(' '))
