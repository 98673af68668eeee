"""
Writes fake-quantize.json: what PyTorch's fake-quantize modules of every QAT preset give, batch by batch, with observer and rounding switched on and off.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/fake-quantize.py

One thread. Batches are made from a seed as in observers.py; results are the first 16 hex digits of SHA-256 over float32 little-endian bytes.
"""
import hashlib, json, os, random, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.ao.quantization as q

warnings.simplefilter("ignore")
torch.set_num_threads(1)
SEED = 20


def data(seed, count, scale, shift):
    """Sums of three numbers of xorshift32, in float64, then float32: the tests make the same."""
    x, out = seed & 0xFFFFFFFF, np.empty(count)
    for i in range(count):
        v = 0.0
        for _ in range(3):
            x ^= (x << 13) & 0xFFFFFFFF
            x ^= x >> 17
            x ^= (x << 5) & 0xFFFFFFFF
            v += x / 2**32
        out[i] = (v - 1.5) * scale + shift
    return out.astype(np.float32)


sha = lambda t: hashlib.sha256(np.ascontiguousarray(t.detach().numpy().astype("<f4")).tobytes()).hexdigest()[:16]
CONFIGS = {f"{engine} v{version}": q.get_default_qat_qconfig(engine, version) for engine in ("fbgemm", "qnnpack", "x86", "onednn") for version in (0, 1)}
CONFIGS |= {name: getattr(q, name) for name in ("default_qat_qconfig", "default_qat_qconfig_v2", "default_dynamic_qat_qconfig")}
from torch.ao.quantization.qconfig import default_per_channel_symmetric_qnnpack_qat_qconfig, default_symmetric_qnnpack_qat_qconfig
CONFIGS |= {"default_symmetric_qnnpack_qat_qconfig": default_symmetric_qnnpack_qat_qconfig, "default_per_channel_symmetric_qnnpack_qat_qconfig": default_per_channel_symmetric_qnnpack_qat_qconfig}
from torch.ao.quantization.fake_quantize import default_fixed_qparams_range_0to1_fake_quant, default_fixed_qparams_range_neg1to1_fake_quant, default_histogram_fake_quant
SINGLE = {"default_fixed_qparams_range_0to1_fake_quant": default_fixed_qparams_range_0to1_fake_quant, "default_fixed_qparams_range_neg1to1_fake_quant": default_fixed_qparams_range_neg1to1_fake_quant,
          "default_histogram_fake_quant": default_histogram_fake_quant}


def run(factory, rng, dims):
    module, steps = factory(), []
    for i in range(6):
        step = {"seed": rng.randint(1, 2**31), "scale": float(np.float32(10 ** rng.uniform(-4, 3))), "shift": rng.choice([0.0, 0.0, 0.5, -2.0])}
        step["observe"], step["round"] = (True, True) if i < 2 else (rng.random() < 0.7, rng.random() < 0.7)
        module.enable_observer(step["observe"])
        module.enable_fake_quant(step["round"])
        y = module(torch.from_numpy(data(step["seed"], int(np.prod(dims)), step["scale"], step["shift"]).reshape(dims)))
        scale, zero = module.calculate_qparams()
        step |= {"y": sha(y), "buffers": {k: [float(v) for v in t.flatten()] for k, t in module.state_dict().items() if k != "activation_post_process.histogram"},
                 "qscale": [float(v) for v in scale], "qzero": [int(v) for v in zero]}
        steps.append(step)
    return {"dims": dims, "keys": list(module.state_dict()), "steps": steps}


rng, cases = random.Random(SEED), []
for name, config in CONFIGS.items():
    for kind in ("activation", "weight"):
        for dims in ([3, 7], [1, 1, 1, 1], [4, 3, 3, 3]):
            cases.append({"config": name, "kind": kind, **run(getattr(config, kind), rng, dims)})
for name, factory in SINGLE.items():
    for dims in ([3, 7], [4, 3, 3, 3]): cases.append({"config": name, "kind": "single", **run(factory, rng, dims)})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake-quantize.json")
with open(path, "w") as file:
    file.write(json.dumps({"torch": torch.__version__, "seed": SEED})[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
print(os.path.getsize(path), len(cases))
