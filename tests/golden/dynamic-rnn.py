"""
Writes dynamic-rnn.json: recurrent layers, cells and fused linear layers, what PyTorch's dynamic quantization makes of them and what they give; a small
language model layer by layer; and dynamic-rnn.pt, a state dict with packed parameters.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/dynamic-rnn.py
"""
import base64, json, os, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn as nn
import torch.ao.quantization as q

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(51)
here = os.path.dirname(os.path.abspath(__file__))

b64 = lambda t: base64.b64encode(np.ascontiguousarray(t.detach().contiguous().numpy()).tobytes()).decode()
plain = lambda t: {"dims": list(t.shape), "dtype": str(t.dtype)[6:], "data": b64(t)}
flat = lambda v: [plain(v)] if isinstance(v, torch.Tensor) else [p for t in v for p in flat(t)]


def codes(t):
    if not t.is_quantized: return plain(t)
    if t.qscheme() == torch.per_tensor_affine: return plain(t.int_repr()) | {"scale": t.q_scale(), "zero": t.q_zero_point()}
    return plain(t.int_repr()) | {"scale": t.q_per_channel_scales().tolist(), "zero": t.q_per_channel_zero_points().tolist()}


def weights(m):
    if hasattr(m, "get_weight"): return {k: codes(v) for k, v in m.get_weight().items()} | {k: plain(v) for k, v in m.get_bias().items()}
    return {"weight": codes(m.weight())}


QCONFIGS = {"qint8": q.default_dynamic_qconfig, "float16": q.float16_dynamic_qconfig, "perChannel": q.per_channel_dynamic_qconfig}


def case(engine, qconfig, name, args, options, make):
    """One module inside a Sequential, on inputs (x, and states where there are any)."""
    torch.backends.quantized.engine = engine
    layer = getattr(nn, name)(*args, **options)
    model = nn.Sequential(layer).eval()
    made = q.quantize_dynamic(model, {"0": QCONFIGS[qconfig]})
    inputs = make()
    return {"engine": engine, "qconfig": qconfig, "name": name, "args": args, "options": options, "state": {k: plain(v) for k, v in model.state_dict().items()}, "inputs": [flat(i) for i in inputs],
            "repr": str(made), "keys": list(made.state_dict()), "weights": weights(made[0]), "outputs": flat(made[0](*inputs))}


def layers(engine, qconfig):
    many = [
        (5, 7, 1, {}, (6, 2), False), (3, 1, 1, {}, (1, 1), True), (13, 17, 1, {"bidirectional": True}, (9, 3), True), (9, 8, 2, {"batch_first": True}, (4, 5), True),
        (6, 9, 2, {"bidirectional": True, "batch_first": True, "dropout": 0.3}, (3, 7), False), (21, 24, 1, {}, (12, 1), False), (6, 5, 3, {}, (2, 0), False),
    ]
    if engine in ("qnnpack", "onednn"): many.pop()  # their linear_dynamic loses the axes of an empty input, and the network refuses that
    for name in ("LSTM", "GRU"):
        for inputs, hidden, count, options, (steps, batch), initial in many if qconfig == "qint8" and engine in ("fbgemm", "qnnpack") else many[1:4]:
            for spread in (1.0, 0.0, 30.0) if inputs == 5 else (1.0,):
                shape = [batch, steps, inputs] if options.get("batch_first") else [steps, batch, inputs]
                state = [count * (2 if options.get("bidirectional") else 1), batch, hidden]
                def make():
                    x = torch.randn(shape) * spread
                    if not initial: return (x,)
                    return (x, (torch.randn(state), torch.randn(state)) if name == "LSTM" else torch.randn(state))
                yield case(engine, qconfig, name, [inputs, hidden, count], options, make)


def cells(engine, qconfig):
    for name, options in (("LSTMCell", {}), ("GRUCell", {}), ("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"})):
        for inputs, hidden, batch, initial in ((4, 3, 2, False), (11, 14, 5, True)):
            def make():
                x, state = torch.randn(batch, inputs), torch.randn(batch, hidden)
                return (x,) if not initial else (x, (state, torch.randn(batch, hidden)) if name == "LSTMCell" else state)
            yield case(engine, qconfig, name, [inputs, hidden], options, make)


def fused(engine, qconfig):
    torch.backends.quantized.engine = engine
    model = q.fuse_modules(nn.Sequential(nn.Linear(19, 11), nn.ReLU(), nn.Linear(11, 4)).eval(), ["0", "1"])
    made, x = q.quantize_dynamic(model, {"0": QCONFIGS[qconfig], "2": QCONFIGS[qconfig]}), torch.randn(6, 19)
    return {"engine": engine, "qconfig": qconfig, "state": {k: plain(v) for k, v in model.state_dict().items()}, "x": plain(x), "y": plain(made(x)), "repr": str(made), "keys": list(made.state_dict()), "weight": codes(made[0].weight())}


class Language(nn.Module):
    def __init__(self, words, features, hidden):
        super().__init__()
        self.embedding, self.lstm, self.fc = nn.Embedding(words, features), nn.LSTM(features, hidden, 2, batch_first=True), nn.Linear(hidden, words)

    def forward(self, ids): return self.fc(self.lstm(self.embedding(ids))[0])


def language(engine):
    torch.backends.quantized.engine = engine
    model = Language(40, 16, 24).eval()
    made, ids, seen = q.quantize_dynamic(model), torch.randint(40, (3, 11)), []
    for name, m in made.named_children(): m.register_forward_hook(lambda m, i, o, name=name: seen.append([name, plain(o[0] if isinstance(o, tuple) else o)]))
    made(ids)
    if engine == "fbgemm": torch.save(made.state_dict(), os.path.join(here, "dynamic-rnn.pt"))
    return {"engine": engine, "state": {k: plain(v) for k, v in model.state_dict().items()}, "ids": plain(ids), "layers": seen, "repr": str(made), "keys": list(made.state_dict()), "weights": weights(made.lstm)}


golden = {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability(), "cases": [], "fused": [], "language": [language(e) for e in ("fbgemm", "qnnpack")]}
for engine in ("fbgemm", "qnnpack", "x86", "onednn"):
    for qconfig in ("qint8", "perChannel", "float16"):
        if engine in ("x86", "onednn") and qconfig != "qint8" or engine == "qnnpack" and qconfig == "float16": continue
        golden["cases"] += [*layers(engine, qconfig), *cells(engine, qconfig)]
        golden["fused"].append(fused(engine, qconfig))
path = os.path.join(here, "dynamic-rnn.json")
with open(path, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(path), len(golden["cases"]))
