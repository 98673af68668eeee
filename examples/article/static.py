"""The program of static.mjs for PyTorch 2.13.   python examples/article/static.py [fbgemm|qnnpack]"""
import sys, warnings
warnings.simplefilter('ignore')
import torch

engine = sys.argv[1] if len(sys.argv) > 1 else 'fbgemm'
torch.manual_seed(0)


class M(torch.nn.Module):
    def __init__(self):
        super(M, self).__init__()
        self.quant = torch.quantization.QuantStub()
        self.conv = torch.nn.Conv2d(1, 1, 1)
        self.relu = torch.nn.ReLU()
        self.dequant = torch.quantization.DeQuantStub()

    def forward(self, x):
        x = self.quant(x)
        x = self.conv(x)
        x = self.relu(x)
        x = self.dequant(x)
        return x


model_fp32 = M()
model_fp32.eval()
model_fp32.qconfig = torch.quantization.get_default_qconfig(engine)
torch.backends.quantized.engine = engine
model_fp32_fused = torch.quantization.fuse_modules(model_fp32, [['conv', 'relu']])
model_fp32_prepared = torch.quantization.prepare(model_fp32_fused)
input_fp32 = torch.randn(4, 1, 4, 4)
model_fp32_prepared(input_fp32)
model_int8 = torch.quantization.convert(model_fp32_prepared)
res = model_int8(input_fp32)

print(model_int8)
print(model_int8.conv.weight().int_repr().flatten().tolist(), model_int8.conv.scale, model_int8.conv.zero_point)
print(*torch.quantize_per_tensor(res, model_int8.conv.scale, model_int8.conv.zero_point, torch.quint8).int_repr().flatten().tolist())
