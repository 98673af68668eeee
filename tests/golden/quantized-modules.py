"""
Writes quantized-modules.json: single modules observed, calibrated and converted by PyTorch, with what they print, save and compute.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/quantized-modules.py
"""
import base64, json, os, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn as nn
import torch.ao.nn.intrinsic as nni
import torch.ao.nn.quantized as nnq
import torch.ao.quantization as q

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(31)
ENGINES = ("fbgemm", "qnnpack")


class Functionals(nn.Module):
    """Every operation of FloatFunctional, on two tensors of one shape."""

    def __init__(self):
        super().__init__()
        self.quant = q.QuantStub()
        for name in ("sum", "scaled", "joined", "clipped", "product"): setattr(self, name, nnq.FloatFunctional())

    def forward(self, x, y):
        x, y = self.quant(x), self.quant(y)
        total = self.sum.add(x, y)
        return [total, self.scaled.mul(x, total), self.joined.cat([x, total], 1), self.clipped.add_relu(x, y), self.product.matmul(x, y),
                self.sum.add_scalar(x, 0.5), self.sum.add_scalar(x, -9.0), self.sum.mul_scalar(x, -1.5), self.sum.mul_scalar(x, 0.25)]


b64 = lambda t: base64.b64encode(np.ascontiguousarray(t.detach().contiguous().numpy()).tobytes()).decode()
plain = lambda t: {"dims": list(t.shape), "dtype": str(t.dtype)[6:], "data": b64(t)}


def codes(t):
    if not t.is_quantized: return plain(t)
    if t.qscheme() == torch.per_tensor_affine: return plain(t.int_repr()) | {"scale": t.q_scale(), "zero": t.q_zero_point()}
    return plain(t.int_repr()) | {"scale": t.q_per_channel_scales().tolist(), "zero": t.q_per_channel_zero_points().tolist()}


tensors = lambda state: {k: codes(v) for k, v in state.items() if isinstance(v, torch.Tensor)}


def functionals(engine):
    torch.backends.quantized.engine = engine
    model = Functionals().eval()
    model.qconfig = q.get_default_qconfig(engine)
    batches = [[torch.randn(2, 5, 5), torch.randn(2, 5, 5) * 2] for _ in range(3)]
    prepared = q.prepare(model)
    for x in batches[:2]: prepared(*x)
    made = q.convert(prepared)
    return {"engine": engine, "batches": [[plain(t) for t in b] for b in batches], "prepared": tensors(prepared.state_dict()), "state": tensors(made.state_dict()),
            "repr": str(made), "float": str(model), "y": [codes(t) for t in made(*batches[2])]}


activation = lambda e: q.MinMaxObserver.with_args(reduce_range=e == "fbgemm")
QCONFIGS = {
    "default": lambda e: q.QConfig(activation(e), q.get_default_qconfig(e).weight), "per_tensor": lambda e: q.QConfig(activation(e), q.default_weight_observer),
    "slopes": lambda e: q.QConfig(activation(e), q.MinMaxObserver.with_args(dtype=torch.quint8)), "rows": lambda e: q.float_qparams_weight_only_qconfig, "rows_4bit": lambda e: q.float_qparams_weight_only_qconfig_4bit,
}

# name, arguments in order, arguments by name, shape of the input, qconfig
MODULES = [
    ("Conv1d", [3, 5, 3], {"padding": 1, "stride": 2}, [2, 3, 9], "default"), ("Conv1d", [4, 4, 3], {"padding": 2, "padding_mode": "reflect", "bias": False}, [1, 4, 7], "default"),
    ("Conv2d", [4, 6, 3], {"groups": 2, "dilation": 2, "padding": [2, 1]}, [2, 4, 7, 8], "default"), ("Conv2d", [3, 4, 3], {"padding": 1, "padding_mode": "reflect"}, [1, 3, 5, 6], "default"),
    ("Conv2d", [3, 7, 1], {"bias": False}, [1, 3, 4, 4], "per_tensor"), ("Conv3d", [2, 3, 2], {}, [1, 2, 4, 4, 3], "default"), ("Linear", [11, 5], {}, [3, 11], "default"), ("Linear", [8, 3], {"bias": False}, [2, 4, 8], "per_tensor"),
    ("ConvTranspose1d", [3, 4, 3], {"stride": 2, "padding": 1, "output_padding": 1}, [1, 3, 6], "per_tensor"), ("ConvTranspose1d", [4, 4, 2], {"groups": 2, "bias": False}, [2, 4, 5], "per_tensor"),
    ("ConvTranspose2d", [4, 6, 3], {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, [1, 4, 4, 5], "per_tensor"), ("ConvTranspose2d", [3, 5, [2, 3]], {"dilation": [1, 2]}, [2, 3, 4, 3], "per_tensor"),
    ("BatchNorm2d", [5], {}, [2, 5, 4, 3], "default"), ("BatchNorm2d", [3], {"eps": 0.01, "momentum": 0.3}, [1, 3, 5, 5], "per_tensor"), ("BatchNorm3d", [3], {}, [1, 3, 2, 3, 4], "default"),
    ("BNReLU2d", [5], {}, [2, 5, 4, 3], "default"), ("BNReLU3d", [3], {}, [1, 3, 2, 3, 4], "default"),
    ("ConvReLU1d", [3, 5, 3], {"padding": 1}, [2, 3, 9], "default"), ("ConvReLU2d", [3, 5, 3], {"bias": False}, [2, 3, 6, 6], "default"), ("ConvReLU3d", [2, 3, 2], {}, [1, 2, 4, 4, 3], "default"), ("LinearReLU", [7, 5], {}, [3, 7], "default"),
    ("ReLU6", [], {}, [3, 17], "default"), ("ReLU6", [True], {}, [2, 3], "default"), ("Hardswish", [], {}, [3, 33], "default"), ("LeakyReLU", [0.2], {}, [3, 33], "default"), ("ELU", [1.3], {}, [3, 33], "default"), ("Dropout", [0.3], {}, [3, 5], "default"),
    ("PReLU", [], {}, [2, 3, 4], "slopes"), ("PReLU", [3], {}, [2, 3, 5], "slopes"), ("MaxPool2d", [2], {}, [1, 3, 6, 6], "default"),
    ("LayerNorm", [[3, 5]], {}, [4, 3, 5], "default"), ("LayerNorm", [6], {"elementwise_affine": False, "eps": 0.001}, [4, 6], "default"), ("GroupNorm", [2, 6], {}, [2, 6, 5], "default"), ("GroupNorm", [3, 3], {"affine": False}, [2, 3, 5], "default"),
    ("InstanceNorm1d", [3], {}, [2, 3, 7], "default"), ("InstanceNorm2d", [3], {"affine": True}, [2, 3, 4, 5], "default"), ("InstanceNorm3d", [2], {"affine": True}, [2, 2, 3, 4, 2], "default"),
    ("Embedding", [7, 6], {}, [3, 4], "rows"), ("EmbeddingBag", [7, 6], {"mode": "sum"}, [3, 4], "rows"), ("EmbeddingBag", [9, 4], {"mode": "sum"}, [2, 5], "rows_4bit"), ("EmbeddingBag", [5, 3], {}, [2, 3], "rows"),
]
FUSED = {"BNReLU2d": nn.BatchNorm2d, "BNReLU3d": nn.BatchNorm3d, "ConvReLU1d": nn.Conv1d, "ConvReLU2d": nn.Conv2d, "ConvReLU3d": nn.Conv3d, "LinearReLU": nn.Linear}


def make(name, args, named):
    args = [tuple(a) if isinstance(a, list) else a for a in args]
    named = {k: tuple(v) if isinstance(v, list) else v for k, v in named.items()}
    if name in FUSED: return getattr(nni, name)(FUSED[name](*args, **named), nn.ReLU())
    return getattr(nn, name)(*args, **named)


def result_of(made, x):
    """What a converted model computes. The AVX2 kernel of prelu gives slope * x for positive x, so that one is computed in float."""
    if not isinstance(made[-1], nnq.PReLU): return made(x)
    layer = made[-1]
    return torch.quantize_per_tensor(nn.functional.prelu(made[0](x).dequantize(), layer.weight.dequantize()), layer.scale, layer.zero_point, torch.quint8)


def module(name, args, named, shape, qconfig, engine):
    torch.backends.quantized.engine = engine
    table = name.startswith("Embedding")
    model = (nn.Sequential(make(name, args, named)) if table else nn.Sequential(q.QuantStub(), make(name, args, named))).eval()
    with torch.no_grad():
        for key, p in model.state_dict().items():
            if key.endswith(("running_mean", "bias")): p.normal_()
            if key.endswith("running_var") or p.ndim == 1 and key.endswith("weight"): p.uniform_(0.3, 2)
            if name in ("LayerNorm", "GroupNorm") and key.endswith("weight"): p.normal_()
    model.qconfig = QCONFIGS[qconfig](engine)
    draw = (lambda: torch.randint(0, args[0], shape)) if table else (lambda: torch.randn(shape) * 3)
    batches = [draw() for _ in range(3)]
    prepared = q.prepare(model)
    for x in batches[:2]: prepared(x.clone())
    made = q.convert(prepared)
    result = {"name": name, "args": args, "named": named, "engine": engine, "qconfig": qconfig, "float": {k: plain(v) for k, v in model.state_dict().items()}, "batches": [plain(b) for b in batches],
              "prepared": tensors(prepared.state_dict()), "y": codes(result_of(made, batches[2].clone()))}
    try: saved, text = made.state_dict(), str(made)
    except RuntimeError as e:  # QNNPACK unpacks few of the weights that it packs
        assert "unpack" in str(e)
        return result
    state = {k: codes(v) for k, v in saved.items() if isinstance(v, torch.Tensor) and v.dtype != torch.quint4x2}
    packed = {k: [None if t is None else codes(t) for t in v] for k, v in saved.items() if isinstance(v, tuple)}
    return result | {"keys": list(saved), "state": state, "packed": packed, "repr": text}


golden = {"torch": torch.__version__, "functionals": [functionals(e) for e in ENGINES], "modules": [module(*m, e) for m in MODULES for e in ENGINES]}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quantized-modules.json")
with open(path, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(path))
