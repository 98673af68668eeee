"""
Writes numeric-suite.json: what PyTorch's Numeric Suite finds in a network of convolutions, sums and linear layers quantized statically, and in linear layers quantized dynamically.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/numeric-suite.py
"""
import base64, copy, json, os, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn as nn
import torch.ao.ns._numeric_suite as ns
import torch.ao.nn.intrinsic as nni
import torch.ao.nn.quantized as nnq
import torch.ao.quantization as q

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(31)


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.skip, self.join = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nnq.FloatFunctional(), nnq.FloatFunctional()

    def forward(self, x): return self.join.cat([self.skip.add_relu(self.bn(self.conv(x)), x), x], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant = q.QuantStub()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()
        self.pool, self.branch = nn.MaxPool2d(2), Branch()
        self.fc1, self.relu2, self.scaled, self.fc2, self.dequant = nn.Linear(72, 6), nn.ReLU(), nnq.FloatFunctional(), nn.Linear(6, 3), q.DeQuantStub()

    def forward(self, x):
        x = torch.flatten(self.branch(self.pool(self.relu1(self.bn1(self.conv1(self.quant(x)))))), 1)
        return self.dequant(self.fc2(self.scaled.mul_scalar(self.relu2(self.fc1(x)), 0.5)))


b64 = lambda t: base64.b64encode(np.ascontiguousarray(t.detach().contiguous().numpy()).tobytes()).decode()
plain = lambda t: {"dims": list(t.shape), "dtype": str(t.dtype)[6:], "data": b64(t)}


def codes(t):
    if not t.is_quantized: return plain(t)
    if t.qscheme() == torch.per_tensor_affine: return plain(t.int_repr()) | {"scale": t.q_scale(), "zero": t.q_zero_point()}
    return plain(t.int_repr()) | {"scale": t.q_per_channel_scales().tolist(), "zero": t.q_per_channel_zero_points().tolist()}


state = lambda model: {k: plain(v) for k, v in model.state_dict().items()}
logged = lambda d: {k: {name: [codes(t) for t in values] for name, values in stats.items()} for k, stats in d.items()}
weights = lambda f, m: {k: {name: codes(t.detach()) for name, t in pair.items()} for k, pair in ns.compare_weights(f.state_dict(), m.state_dict()).items()}


class Shapes(ns.Logger):
    """A logger of another kind: keeps shapes, as tensors."""

    def __init__(self):
        super().__init__()
        self.stats["shape"] = []

    def forward(self, x, y): self.stats["shape"].append(torch.tensor(list(x.shape)))


def suite(float_model, made, swap, x):
    pair = lambda: (copy.deepcopy(float_model), copy.deepcopy(made))
    f, m = pair()
    stub = ns.compare_model_stub(f, m, swap, x)
    f2, m2 = pair()
    ns.compare_model_stub(f2, m2, swap, x, logger_cls=Shapes)
    modules = [name for name, _ in m.named_modules()]
    f3, m3 = pair()
    allowed = logged(ns.compare_model_outputs(f3, m3, x, allow_list={nn.Linear, nnq.Linear, nni.LinearReLU}))
    return {"x": plain(x), "weights": weights(float_model, made), "outputs": logged(ns.compare_model_outputs(*pair(), x)), "allowed": list(allowed), "stub": logged(stub), "shapes": logged(ns.get_logger_dict(m2)),
            "modules": modules}


def static(engine):
    torch.backends.quantized.engine = engine
    net = Net().eval()
    for bn in (net.bn1, net.branch.bn):
        bn.running_mean.normal_(), bn.running_var.uniform_(0.3, 2), bn.weight.data.uniform_(0.5, 2), bn.bias.data.normal_()
    fused = q.fuse_modules(net, [["conv1", "bn1", "relu1"], ["branch.conv", "branch.bn"], ["fc1", "relu2"]])
    fused.qconfig = q.default_per_channel_qconfig if engine == "fbgemm" else q.default_qconfig
    prepared = q.prepare(fused)
    for _ in range(3): prepared(torch.randn(4, 2, 6, 6))
    made = q.convert(prepared)
    swap = {nn.Conv2d, nni.ConvReLU2d, nn.Linear, nni.LinearReLU, nnq.FloatFunctional}
    cases = [suite(fused, made, swap, torch.randn(n, 2, 6, 6)) for n in (1, 3)]
    unfused = ns.compare_model_outputs(copy.deepcopy(net), copy.deepcopy(made), torch.randn(1, 2, 6, 6))
    return {"engine": engine, "state": state(net), "prepared": state(prepared), "cases": cases, "unfused": {"weights": list(weights(net, made)), "outputs": list(unfused)}}


def dynamic(engine):
    torch.backends.quantized.engine = engine
    model = nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3)).eval()
    return {"engine": engine, "state": state(model), "cases": [suite(model, q.quantize_dynamic(model), {nn.Linear}, torch.randn(2, 7))]}


golden = {"torch": torch.__version__, "static": [static(e) for e in ("fbgemm", "qnnpack")], "dynamic": [dynamic(e) for e in ("fbgemm", "qnnpack")]}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "numeric-suite.json")
with open(path, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(path))
for c in golden["static"][:1] + golden["dynamic"][:1]:
    s = c["cases"][0]
    print(list(s["weights"]), list(s["outputs"]), s["allowed"], list(s["stub"]), s["modules"], list(s["shapes"]), c.get("unfused"), sep="\n")
