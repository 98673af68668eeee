"""
Writes eager-flow.json: float models, what PyTorch makes of them by static and dynamic quantization, and the codes that every layer gives.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/eager-flow.py
"""
import base64, json, os, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn as nn
import torch.ao.quantization as q

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(20)


class M(nn.Module):
    """One convolution of one weight, and a ReLU, between stubs."""

    def __init__(self):
        super().__init__()
        self.quant, self.conv, self.relu, self.dequant = q.QuantStub(), nn.Conv2d(1, 1, 1), nn.ReLU(), q.DeQuantStub()

    def forward(self, x): return self.dequant(self.relu(self.conv(self.quant(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant = q.QuantStub()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv2, self.bn2 = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=2), nn.BatchNorm2d(12)
        self.fc1, self.relu2, self.fc2, self.dequant = nn.Linear(48, 10), nn.ReLU(), nn.Linear(10, 5), q.DeQuantStub()

    def forward(self, x):
        x = self.pool(self.relu1(self.bn1(self.conv1(self.quant(x)))))
        x = torch.flatten(self.bn2(self.conv2(x)), 1)
        return self.dequant(self.fc2(self.relu2(self.fc1(x))))


b64 = lambda t: base64.b64encode(np.ascontiguousarray(t.detach().contiguous().numpy()).tobytes()).decode()
plain = lambda t: {"dims": list(t.shape), "dtype": str(t.dtype)[6:], "data": b64(t)}


def codes(t):
    if not t.is_quantized: return plain(t)
    if t.qscheme() == torch.per_tensor_affine: return plain(t.int_repr()) | {"scale": t.q_scale(), "zero": t.q_zero_point()}
    return plain(t.int_repr()) | {"scale": t.q_per_channel_scales().tolist(), "zero": t.q_per_channel_zero_points().tolist()}


def static(name, model, fuse, shape, engine):
    torch.backends.quantized.engine = engine
    model.eval()
    batches = [torch.randn(shape) for _ in range(4)]
    fused = q.fuse_modules(model, fuse)
    fused.qconfig = q.get_default_qconfig(engine)
    prepared = q.prepare(fused)
    for x in batches[:3]: prepared(x)
    made, layers = q.convert(prepared), []
    for path, module in made.named_modules():
        if path and not list(module.children()) or hasattr(module, "_packed_params"):
            if "." not in path: module.register_forward_hook(lambda m, i, o, path=path: layers.append({"path": path, "y": codes(o)}))
    made(batches[3])
    weights = {path: codes(m.weight()) for path, m in made.named_modules() if callable(getattr(m, "weight", None))}
    keys = list(made.state_dict())
    return {"model": name, "engine": engine, "fuse": fuse, "state": {k: plain(v) for k, v in model.state_dict().items()}, "fused": {k: plain(v) for k, v in fused.state_dict().items()},
            "batches": [plain(b) for b in batches], "weights": weights, "layers": layers, "keys": keys, "prepared": {k: plain(v) for k, v in prepared.state_dict().items()}}


def dynamic(engine):
    torch.backends.quantized.engine = engine
    model = nn.Sequential(nn.Linear(17, 9), nn.ReLU(), nn.Linear(9, 4)).eval()
    x = torch.randn(5, 17)
    made = q.quantize_dynamic(model)
    return {"model": "MLP", "engine": engine, "state": {k: plain(v) for k, v in model.state_dict().items()}, "x": plain(x), "y": plain(made(x)), "repr": str(made), "keys": list(made.state_dict())}


golden = {"torch": torch.__version__, "static": [], "dynamic": [dynamic(e) for e in ("fbgemm", "qnnpack")]}
for engine in ("fbgemm", "qnnpack"):
    golden["static"].append(static("M", M(), [["conv", "relu"]], [4, 1, 4, 4], engine))
    net = Net()
    for bn in (net.bn1, net.bn2):
        bn.running_mean.normal_(), bn.running_var.uniform_(0.3, 2), bn.weight.data.uniform_(0.5, 2), bn.bias.data.normal_()
    golden["static"].append(static("Net", net, [["conv1", "bn1", "relu1"], ["conv2", "bn2"], ["fc1", "relu2"]], [2, 3, 8, 8], engine))
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "eager-flow.json")
with open(path, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(path))
