"""Small files of torch.save with every value they hold.   python torch-files.py > torch-files.json   (PyTorch 2.13)"""
import base64, io, json, warnings
import torch, torch.nn as nn
from torch.ao.quantization import FakeQuantize, default_qconfig, quantize_dynamic
import torch.ao.nn.quantized as nnq
warnings.filterwarnings('ignore')
torch.manual_seed(1)
torch.backends.quantized.engine = 'fbgemm'

def raw(t):
    return base64.b64encode(t.contiguous().flatten().view(torch.uint8).numpy().tobytes() if t.numel() else b'').decode()

def describe(v):
    if isinstance(v, torch.Tensor):
        v = v.detach()
        out = {'t': 'tensor', 'dtype': str(v.dtype)[6:], 'dims': list(v.shape)}
        if v.is_quantized:
            if v.qscheme() == torch.per_tensor_affine: out['q'] = {'scale': v.q_scale(), 'zeroPoint': v.q_zero_point()}
            else: out['q'] = {'scales': v.q_per_channel_scales().double().tolist(), 'zeroPoints': v.q_per_channel_zero_points().double().tolist(), 'axis': v.q_per_channel_axis(), 'qscheme': str(v.qscheme())[6:]}
            v = v.int_repr()
        if v.dtype == torch.bfloat16: v, out['dtype'] = v.float(), 'float32'
        return out | {'raw': raw(v)}
    if isinstance(v, dict): return {'t': 'dict', 'items': [[k, describe(x)] for k, x in v.items()]}
    if isinstance(v, (list, tuple)): return {'t': type(v).__name__, 'items': [describe(x) for x in v]}
    if isinstance(v, torch.dtype): return {'t': 'value', 'v': str(v)[6:]}
    if isinstance(v, torch.ScriptObject):
        inner = v.__getstate__()
        return {'t': 'script', 'state': describe(inner[0] if isinstance(inner, tuple) and len(inner) == 2 and isinstance(inner[1], str) else inner)}
    return {'t': 'value', 'v': v}

w = torch.randn(3, 4)
base = torch.randn(4, 6)
model = nn.Sequential()
model.rnn, model.fc, model.cell, model.gru = nn.LSTM(3, 2), nn.Linear(2, 2), nn.LSTMCell(2, 2), nn.GRU(2, 2)
static = nn.Sequential(nnq.Linear(3, 2), nnq.Conv2d(2, 3, 3), nnq.Quantize(0.5, 3, torch.quint8))
fake = FakeQuantize(); fake(torch.randn(8))
image = torch.randn(2, 3, 4, 5)
values = {
    'types': {'float': w, 'double': w.double(), 'half': w.half(), 'bfloat16': w.bfloat16(), 'long': torch.tensor([2**62, -5]), 'int': torch.tensor([-7, 2**31 - 1], dtype=torch.int32),
              'short': torch.tensor([-3], dtype=torch.int16), 'char': torch.tensor([-128, 127], dtype=torch.int8), 'byte': torch.tensor([255], dtype=torch.uint8), 'bool': torch.tensor([True, False, True])},
    'quantized': {'tensor': torch.quantize_per_tensor(w, 0.1, 7, torch.quint8), 'qint32': torch.quantize_per_tensor(w, 1e-4, 0, torch.qint32),
                  'channel': torch.quantize_per_channel(w, torch.rand(4) + .01, torch.tensor([0, 1, -2, 3]), 1, torch.qint8), 'floats': torch.quantize_per_channel(w, torch.rand(3) + .1, torch.rand(3), 0, torch.quint8),
                  'transposed': torch.quantize_per_tensor(w, 0.1, 7, torch.quint8).t()},
    'views': {'base': base, 'row': base[1], 't': base.t(), 'step': base[::2, 1::2], 'expand': base[:1].expand(3, 6), 'last': image.contiguous(memory_format=torch.channels_last), 'permuted': image.permute(3, 0, 2, 1),
              'empty': torch.empty(0, 3), 'scalar': torch.tensor(2.5), 'parameter': nn.Parameter(w)},
    'nested': {'epoch': 3, 'best': 0.25, 'big': 2**70, 'none': None, 'yes': True, 'name': 'é漢', 'state': {'a': [1, (2, w[0])], 'deep': {'b': {}}}, 'size': torch.Size([1, 2])},
    'dynamic': quantize_dynamic(model, {nn.LSTM, nn.GRU, nn.Linear, nn.LSTMCell}, dtype=torch.qint8).state_dict(),
    'static': static.state_dict(),
    'fake': fake.state_dict(),
}
cases = []
for name, value in values.items():
    for legacy in (False, True):
        if legacy and name == 'dynamic': continue
        out = io.BytesIO()
        torch.save(value, out, _use_new_zipfile_serialization=not legacy)
        cases.append({'name': name + (' legacy' if legacy else ''), 'file': base64.b64encode(out.getvalue()).decode(), 'value': describe(value)})
print(json.dumps({'torch': torch.__version__, 'cases': cases}))
