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


golden = {"torch": torch.__version__, "functionals": [functionals(e) for e in ENGINES]}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quantized-modules.json")
with open(path, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(path))
