"""
Writes qat.json: modules of quantization-aware training by PyTorch, alone and in whole flows (fuse, prepare, forwards, convert), with what they print and save.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/qat.py

One thread. Layers are written as the TypeScript side makes them: a class's name, arguments, options in camelCase. Batches are made from a seed as in observers.py.
"""
import base64, copy, json, os, re, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn as nn
import torch.ao.nn.intrinsic as nni
import torch.ao.nn.intrinsic.qat as nniqat
import torch.ao.nn.intrinsic.quantized as nniq
import torch.ao.nn.qat as nnqat
import torch.ao.nn.qat.dynamic as nnqatd
import torch.ao.nn.quantized as nnq
import torch.ao.quantization as q
from torch.ao.quantization import qconfig as qconfigs

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(43)

b64 = lambda t: base64.b64encode(np.ascontiguousarray(t.detach().contiguous().numpy()).tobytes()).decode()
plain = lambda t: {"dims": list(t.shape), "dtype": str(t.dtype)[6:], "data": b64(t)}


def codes(t):
    if not t.is_quantized: return plain(t)
    if t.qscheme() == torch.per_tensor_affine: return plain(t.int_repr()) | {"scale": t.q_scale(), "zero": t.q_zero_point()}
    return plain(t.int_repr()) | {"scale": t.q_per_channel_scales().tolist(), "zero": t.q_per_channel_zero_points().tolist()}


def data(seed, shape):
    """Sums of three numbers of xorshift32, in float64, then float32: the tests make the same."""
    x, out = seed, np.empty(int(np.prod(shape)))
    for i in range(out.size):
        v = 0.0
        for _ in range(3):
            x ^= (x << 13) & 0xFFFFFFFF
            x ^= x >> 17
            x ^= (x << 5) & 0xFFFFFFFF
            v += x / 2**32
        out[i] = v - 1.5
    return torch.from_numpy(out.astype(np.float32).reshape(shape))


seeds = iter(range(1000, 10**9, 7919))


def batch(shape):
    seed = next(seeds)
    return {"seed": seed, "dims": list(shape)}, data(seed, shape)


state = lambda m: {k: plain(v) for k, v in m.state_dict().items() if isinstance(v, torch.Tensor) and not v.is_quantized}
snake = lambda name: re.sub("([A-Z])", lambda m: "_" + m[1].lower(), name)
QCONFIGS = {f"{engine} v{version}": q.get_default_qat_qconfig(engine, version) for engine in ("fbgemm", "qnnpack", "x86", "onednn") for version in (0, 1)}
QCONFIGS |= {name: getattr(qconfigs, name) for name in ("default_dynamic_qat_qconfig", "default_embedding_qat_qconfig", "default_embedding_qat_qconfig_4bit", "default_symmetric_qnnpack_qat_qconfig")}


def layer(spec):
    name, args, options = spec
    made = getattr(nn, name)(*args, **{snake(k): v for k, v in options.items()})
    if "BatchNorm" in name:
        for t in (made.running_mean, made.weight.data, made.bias.data): t.normal_()
        made.running_var.uniform_(0.3, 2)
    return made


CONV = {1: ["Conv1d", [3, 5, 3], {"padding": 1}], 2: ["Conv2d", [4, 6, 3], {"stride": 2, "padding": 1, "groups": 2}], 3: ["Conv3d", [2, 4, [1, 3, 2]], {"padding": [0, 1, 1]}]}
INPUT = {1: [2, 3, 7], 2: [2, 4, 5, 6], 3: [2, 2, 2, 3, 4]}
bias = lambda spec, on: [spec[0], spec[1], spec[2] | {"bias": on}]
RELU, LINEAR = ["ReLU", [], {}], ["Linear", [7, 5], {}]
bn = lambda n: [f"BatchNorm{n}d", [CONV[n][1][1]], {}]

# ── modules alone: the class, the float layers that it is made of, what goes in

MODULES = []
for n in (1, 2, 3):
    MODULES.append((f"Conv{n}d", [CONV[n]], INPUT[n]))
    MODULES.append((f"ConvReLU{n}d", [CONV[n], RELU], INPUT[n]))
    for on in (False, True):
        MODULES.append((f"ConvBn{n}d", [bias(CONV[n], on), bn(n)], INPUT[n]))
        MODULES.append((f"ConvBnReLU{n}d", [bias(CONV[n], on), bn(n), RELU], INPUT[n]))
MODULES += [("Linear", [LINEAR], [4, 7]), ("Linear", [bias(LINEAR, False)], [2, 3, 7]), ("LinearReLU", [LINEAR, RELU], [4, 7])]
MODULES += [("LinearBn1d", [bias(LINEAR, on), ["BatchNorm1d", [5], {"momentum": 0.3, "eps": 1e-3}]], [6, 7]) for on in (False, True)]
MODULES.append(("dynamic.Linear", [LINEAR], [4, 7]))
MODULES += [("Embedding", [["Embedding", [6, 5], {"paddingIdx": 2}]], "ids"), ("EmbeddingBag", [["EmbeddingBag", [6, 5], {"mode": "sum"}]], "bags")]
# train, eval: forward in that mode; slow, fast, freeze, update: switches; still: observers off
STEPS = ["train", "train", "eval", "still", "train"]
BN_STEPS = ["train", "train", "eval", "train", "freeze", "train", "slow", "eval", "train", "update", "train", "fast", "train", "eval"]


def qat_class(name):
    if name == "dynamic.Linear": return nnqatd.Linear
    return getattr(nniqat, name, None) or getattr(nnqat, name)


def inputs(kind):
    if kind == "ids": return [(plain(t), t) for t in (torch.randint(0, 6, (2, 4)),)]
    if kind == "bags": return [(plain(t), t) for t in (torch.randint(0, 6, (7,)), torch.tensor([0, 3, 3]))]
    return [batch(kind)]


def switch(m, name):
    if name in ("slow", "fast"): m._enable_slow_path_for_better_numerical_stability = name == "slow"
    elif name == "freeze": m.freeze_bn_stats()
    elif name == "update": m.update_bn_stats()
    elif name == "still": m.apply(q.disable_observer)


def module(name, layers, kind, qconfig):
    made = [layer(l) for l in layers]
    source = made[0] if len(made) == 1 else getattr(nni, name)(*made)
    source.qconfig = QCONFIGS[qconfig]
    q.propagate_qconfig_(source)
    m = qat_class(name).from_float(source)
    case = {"name": name, "layers": layers, "qconfig": qconfig, "float": state(source), "initial": repr(m), "steps": []}
    for step in BN_STEPS if "Bn" in name else STEPS:
        if step in ("train", "eval"):
            getattr(m, step)()
            x = inputs(kind)
            case["steps"].append({"mode": step, "x": [p for p, _ in x], "y": plain(m(*[t for _, t in x]))})
        elif not (name == "LinearBn1d" and step in ("slow", "fast")):
            switch(m, step)
            case["steps"].append({"mode": step})
    back = m.to_float()
    return case | {"state": state(m), "repr": repr(m), "training": [n for n, x in m.named_modules() if x.training], "toFloat": {"repr": repr(back), "state": state(back)}}


modules = []
for qconfig in ("fbgemm v1", "qnnpack v1"):
    for name, layers, kind in MODULES:
        if "Embedding" in name: modules.append(module(name, layers, kind, "default_embedding_qat_qconfig" if qconfig[0] == "f" else "default_embedding_qat_qconfig_4bit"))
        else: modules.append(module(name, layers, kind, "default_dynamic_qat_qconfig" if name == "dynamic.Linear" else qconfig))

# ── flows: a model of layers in a row between stubs

QAT_1D = q.get_default_qat_module_mappings() | {nn.Conv1d: nnqat.Conv1d, nni.ConvReLU1d: nniqat.ConvReLU1d}
STATIC_1D = q.get_default_static_quant_module_mappings() | {nnqat.Conv1d: nnq.Conv1d, nniqat.ConvReLU1d: nniq.ConvReLU1d}
image = lambda n: CONV[n][1][1]
FLOWS = []
for n in (1, 2, 3):
    for extra, fuse in (([], None), ([RELU], ["1", "2"]), ([bn(n)], ["1", "2"]), ([bn(n), RELU], ["1", "2", "3"])):
        FLOWS.append(([CONV[n], *extra], [fuse] if fuse else [], INPUT[n], {}))
    FLOWS.append(([bias(CONV[n], False), bn(n), RELU], [["1", "2", "3"]], INPUT[n], {"slow": True}))
FLOWS += [([LINEAR], [], [6, 7], {}), ([LINEAR, RELU], [["1", "2"]], [6, 7], {}), ([LINEAR, ["BatchNorm1d", [5], {}]], [["1", "2"]], [6, 7], {}), ([bias(LINEAR, False), ["BatchNorm1d", [5], {}]], [["1", "2"]], [6, 7], {})]
FLOWS.append(([["Conv2d", [3, 4, 1], {}], ["Sigmoid", [], {}], ["Conv2d", [4, 4, 3], {"groups": 4}], ["BatchNorm2d", [4], {}], ["MaxPool2d", [2], {}], ["Flatten", [], {}], ["Linear", [16, 6], {}], RELU], [["3", "4"], ["7", "8"]], [4, 3, 6, 6], {}))
FLOWS.append(([CONV[1], RELU], [["1", "2"]], INPUT[1], {"mapping": "1d"}))
FLOWS.append(([CONV[1]], [], INPUT[1], {"mapping": "1d"}))


def flow(layers, fuse, shape, options, qconfig, engine):
    torch.backends.quantized.engine = engine
    model = nn.Sequential(q.QuantStub(), *[layer(l) for l in layers], q.DeQuantStub()).train()
    case = {"layers": layers, "fuse": fuse, "options": options, "qconfig": qconfig, "engine": engine, "float": state(model)}
    fused = q.fuse_modules_qat(model, fuse) if fuse else model
    fused.qconfig = QCONFIGS[qconfig]
    prepared = q.prepare_qat(fused, mapping=QAT_1D if options.get("mapping") else None)
    case |= {"fused": repr(fused), "steps": []}
    for m in prepared.modules():
        if hasattr(m, "_enable_slow_path_for_better_numerical_stability"): m._enable_slow_path_for_better_numerical_stability = options.get("slow", False)
    for mode in ("train", "train", "train", "eval"):
        p, x = batch(shape)
        getattr(prepared, mode)()
        case["steps"].append({"mode": mode, "x": p, "y": plain(prepared(x))})
    case |= {"prepared": state(prepared), "repr": repr(prepared)}
    made, seen = q.convert(prepared, mapping=STATIC_1D if options.get("mapping") else None), []
    for name, m in made.named_children(): m.register_forward_hook(lambda m, i, o, name=name: seen.append({"path": name, "y": codes(o)}))
    p, x = batch(shape)
    made(x)
    case |= {"x": p, "seen": seen}
    if engine == "qnnpack" and layers[0][0] == "Conv3d": return case  # QNNPACK does not tell what it packed there
    return case | {"weights": {n: codes(m.weight()) for n, m in made.named_modules() if callable(getattr(m, "weight", None))},
                   "biases": {n: plain(m.bias()) for n, m in made.named_modules() if callable(getattr(m, "bias", None)) and m.bias() is not None}, "converted": repr(made), "made": list(made.state_dict())}


flows = [flow(*f, f"{engine} v1", engine) for engine in ("fbgemm", "qnnpack") for f in FLOWS]
flows += [flow(*FLOWS[i], f"{engine} v{v}", engine) for engine, v in (("fbgemm", 0), ("qnnpack", 0), ("x86", 1), ("onednn", 1), ("x86", 0)) for i in (8, 18)]


# ── the article's model

class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.conv, self.bn, self.relu, self.dequant = q.QuantStub(), nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.ReLU(), q.DeQuantStub()

    def forward(self, x): return self.dequant(self.relu(self.bn(self.conv(self.quant(x)))))


def article(engine):
    torch.backends.quantized.engine = engine
    model = M().train()
    model.qconfig = QCONFIGS[f"{engine} v1"]
    seen = [batch((4, 1, 4, 4)) for _ in range(4)]
    batches = [x for _, x in seen]
    fused = q.fuse_modules_qat(model, [["conv", "bn", "relu"]])
    outputs = []

    def run(m):
        for x in batches[:3]: outputs.append(plain(m(x)))

    prepared = q.prepare_qat(fused)
    text = repr(prepared)
    run(prepared)
    made = q.convert(copy.deepcopy(prepared).eval())
    outputs.clear()
    again = q.quantize_qat(fused, run, [])
    assert torch.equal(made(batches[3]), again(batches[3]))
    return {"engine": engine, "float": state(model), "batches": [p for p, _ in seen], "outputs": outputs, "prepared": state(prepared), "fresh": text, "repr": repr(prepared), "converted": repr(made),
            "weight": codes(made.conv.weight()), "bias": plain(made.conv.bias()), "codes": codes(made.conv(made.quant(batches[3]))), "y": plain(made(batches[3]))}


# ── an embedding's flow, and a dynamic one

def embedding(name, size):
    torch.backends.quantized.engine = "fbgemm"
    table = getattr(nn, name)(9, size)
    model = nn.Sequential(table).train()
    table.qconfig = qconfigs.default_embedding_qat_qconfig
    prepared = q.prepare_qat(model, mapping=q.get_embedding_qat_module_mappings())
    ids = torch.randint(0, 9, (3, 4))
    y = plain(prepared(ids))
    made = q.convert(prepared.eval(), mapping=q.get_embedding_static_quant_module_mappings())
    return {"name": name, "size": size, "float": state(model), "repr": repr(prepared), "ids": plain(ids), "y": y, "converted": repr(made), "z": plain(made(ids)), "weight": plain(made[0].weight().int_repr()),
            "scales": made[0].weight().q_per_channel_scales().tolist(), "zeros": made[0].weight().q_per_channel_zero_points().tolist()}


def dynamic(engine):
    torch.backends.quantized.engine = engine
    model = nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3)).train()
    model.qconfig = q.default_dynamic_qat_qconfig
    prepared = q.prepare_qat(model, mapping={nn.Linear: nnqatd.Linear})
    steps = []
    for _ in range(2):
        p, x = batch((4, 7))
        steps.append({"x": p, "y": plain(prepared(x))})
    text, kept = repr(prepared), state(prepared)
    made = q.convert(prepared.eval(), mapping=q.get_default_dynamic_quant_module_mappings())
    p, x = batch((4, 7))
    return {"engine": engine, "float": state(model), "steps": steps, "repr": text, "prepared": kept, "x": p, "y": plain(made(x)), "converted": repr(made)}


# ── how vectors print

VECTORS = [[], [1.0], [1.5, -2.25], [1e-5, 1.0], [0.0, 3.0], [0.0], [1e9, 1.0], [float("inf"), 1.5], [float("nan"), 2.0, float("-inf")], [0.03125, 0.09375, -0.03125], [1000.5, 0.1], [123456.0, 1.0], [2.0**-127], list(np.linspace(-3, 100, 30)), list(range(1200)), [0.1] * 19]
texts = [{"values": [str(float(x)) for x in v], "dtype": d, "text": str(torch.tensor(v, dtype=getattr(torch, d)))} for v in VECTORS for d in ("float32", "int32", "int64", "uint8") if d == "float32" or all(float(x) == int(x) and 0 <= x < 256 for x in v if x == x and abs(x) != float("inf")) and all(np.isfinite(v))]

mappings, shown = {}, []


def show(factory):
    """What it makes, printed: its place in the list of such."""
    text = repr(factory())
    if text not in shown: shown.append(text)
    return shown.index(text)


for engine in ("fbgemm", "qnnpack", "x86", "onednn"):
    for version in (0, 1):
        m = q.get_default_qat_qconfig_mapping(engine, version)
        mappings[f"{engine} v{version}"] = {name: [show(c.activation), show(c.weight)] for name, c in [("", m.global_qconfig)] + [(t if isinstance(t, str) else t.__name__, c) for t, c in m.object_type_qconfigs.items()]}
names = lambda table: sorted(f"{a.__module__.split('.modules')[0].removeprefix('torch.').removeprefix('ao.')}.{a.__name__}" for a in table)
tables = {"qat": names(q.get_default_qat_module_mappings())}

golden = {"torch": torch.__version__, "modules": modules, "flows": flows, "article": [article(e) for e in ("fbgemm", "qnnpack")], "embeddings": [embedding("Embedding", 12), embedding("EmbeddingBag", 12)],
          "dynamic": [dynamic(e) for e in ("fbgemm", "qnnpack")], "texts": texts, "mappings": mappings, "shown": shown, "tables": tables}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "qat.json")
with open(path, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(path), len(modules), len(flows))
