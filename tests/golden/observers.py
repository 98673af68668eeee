"""
Writes observers.json: what PyTorch's observers, and ONNX Runtime's calibration, make of data that the tests can make again from a seed.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy onnx onnxruntime
    ATEN_CPU_CAPABILITY=avx2 v/bin/python tests/golden/observers.py [--histograms N]

One thread and AVX2, because the order of a sum and the points of linspace depend on both. Arrays are kept as SHA-256 of their little-endian bytes.
"""
import contextlib, hashlib, io, json, os, random, sys, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import onnxruntime
from onnxruntime.quantization.calibrate import HistogramCollector
from torch.ao.quantization import observer as ob, qconfig as qc, qconfig_mapping as qm

warnings.simplefilter("ignore")
torch.set_num_threads(1)
SEED = 20813
rng = random.Random(SEED)
f32 = lambda v: float(np.float32(v))
sha = lambda a: hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()[:16]
name = lambda t: str(t).removeprefix("torch.")


def data(seed, count, kind, scale, shift):
    """The same in tests/quantization/golden.ts: xorshift32, then float64 operations that any IEEE machine repeats."""
    x, out = (seed & 0xFFFFFFFF) or 0x9E3779B9, np.empty(count, np.float64)
    def u():
        nonlocal x
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        return x / 4294967296
    for i in range(count):
        v = u() + u() + u() - 1.5 if kind != "uniform" else u() - 0.5
        if kind == "relu": v = max(0.0, v)
        if kind == "heavy": v = v * v * v * v * v
        if kind == "steps": v = float(int(v * 80))
        out[i] = v * scale + shift
    with np.errstate(over="ignore"):
        return out.astype(np.float32)


def plain(t):
    """JSON has no NaN and no infinity: they are strings."""
    def one(v):
        v = float(v)
        return str(v) if v != v or v in (float("inf"), float("-inf")) else int(v) if v == int(v) and v != 0 else v
    return [one(v) for v in np.asarray(t).reshape(-1)]


def qparams(o):
    try:
        scale, zero = o.calculate_qparams()
        return {"scale": plain(scale), "zeroPoint": plain(zero)}
    except AssertionError:
        return {"error": True}


TINY, HUGE, INF, NAN = 1e-40, 3e38, float("inf"), float("nan")
EDGE = [(-1, 1), (0, 0), (-0.5, 254.5), (INF, -INF), (NAN, NAN), (-INF, INF), (-1, INF), (-INF, 1), (INF, INF), (TINY, TINY), (-TINY, TINY), (-HUGE, HUGE), (0, HUGE), (-HUGE, 0),
        (2, 3), (-3, -2), (1, -1), (1e-8, 2e-8), (-2e-8, 1e-8), (0.5, 127.5), (-2.5, 252.5), (-127.5, 127.5), (-128, 127), (127, 128), (-1e-38, 1e30), (-2**31, 2**31)]
DTYPES = [torch.quint8, torch.qint8, torch.qint32, torch.quint4x2, torch.uint8, torch.int8, torch.int16, torch.int32, torch.uint16]
RANGES = {torch.quint8: [(0, 127), (0, 255), (0, 15)], torch.qint8: [(-127, 127), (-8, 7), (-64, 63)], torch.uint8: [(0, 200)], torch.qint32: [(-2**31, 2**31 - 1)], torch.int16: [(-2**15, 2**15 - 1)]}


def ranges(n):
    out = []
    for _ in range(n):
        a, b = (rng.gauss(0, 1) * 10 ** rng.uniform(-6, 6) for _ in range(2))
        out.append((f32(min(a, b)), f32(max(a, b))))
    return out


def qparam_cases():
    cases = []
    for dtype in DTYPES:
        for scheme in (torch.per_tensor_affine, torch.per_tensor_symmetric, torch.per_channel_affine, torch.per_channel_symmetric, torch.per_channel_affine_float_qparams):
            channel = "channel" in str(scheme)
            for low, high in [(None, None)] + RANGES.get(dtype, []):
                for reduce in (False, True):
                    cls = ob.PerChannelMinMaxObserver if channel else ob.MinMaxObserver
                    options = {"dtype": name(dtype), "qscheme": name(scheme), "reduceRange": reduce, "quantMin": low, "quantMax": high, "eps": rng.choice([2**-23, 2**-12])}
                    try:
                        o = cls(dtype=dtype, qscheme=scheme, reduce_range=reduce, quant_min=low, quant_max=high, eps=options["eps"])
                    except NotImplementedError:
                        cases.append({**options, "refused": True})
                        continue
                    options["range"] = [o.quant_min, o.quant_max]
                    pairs = rng.sample(EDGE, 4) + ranges(3) if not channel else [p for p in rng.sample(EDGE, 6) if p not in ((INF, -INF), (1, -1))] + ranges(4)
                    if channel:
                        o.min_val, o.max_val = (torch.tensor([p[i] for p in pairs]) for i in (0, 1))
                        cases.append({**options, "min": plain(o.min_val), "max": plain(o.max_val), **qparams(o)})
                        continue
                    for a, b in pairs:
                        o.min_val, o.max_val = torch.tensor(a, dtype=torch.float), torch.tensor(b, dtype=torch.float)
                        cases.append({**options, "min": plain(o.min_val), "max": plain(o.max_val), **qparams(o)})
    o = ob.PerChannelMinMaxObserver()
    cases.append({"dtype": "quint8", "qscheme": "per_channel_affine", "reduceRange": False, "quantMin": None, "quantMax": None, "eps": 2**-23, "range": [0, 255], "min": [], "max": [], **qparams(o)})
    o.min_val, o.max_val = torch.tensor([INF, 0]), torch.tensor([-INF, 0])
    cases.append({"dtype": "quint8", "qscheme": "per_channel_affine", "reduceRange": False, "quantMin": None, "quantMax": None, "eps": 2**-23, "range": [0, 255], "min": ["inf", 0], "max": ["-inf", 0], **qparams(o)})
    return cases


def qrange_cases():
    cases = []
    for dtype in DTYPES:
        for low, high in [(1, 5), (-5, -1), (0, 0), (5, -5), (-128, 128), (-128, 127), (0, 255), (0, 256), (-2**31, 2**31), (-2**31, 2**31 - 1), (-127, 127), (-3, 4)]:
            for reduce in (False, True):
                case = {"dtype": name(dtype), "quantMin": low, "quantMax": high, "reduceRange": reduce}
                try:
                    o = ob.MinMaxObserver(dtype=dtype, quant_min=low, quant_max=high, reduce_range=reduce)
                    cases.append({**case, "range": [o.quant_min, o.quant_max]})
                except AssertionError:
                    cases.append({**case, "error": True})
    return cases


def batches(n, count=300, kinds=("uniform", "normal", "relu", "heavy", "steps")):
    out, scale = [], 10 ** rng.uniform(-3, 3)
    for _ in range(n):
        out.append({"seed": rng.getrandbits(32), "count": rng.choice([1, 7, 33, count, count, count]), "kind": rng.choice(kinds), "scale": f32(scale * rng.uniform(0.3, 3)), "shift": rng.choice([0.0, 0.0, f32(rng.gauss(0, scale))])})
    return out


EXPLICIT = [[], [0.0], [5.0], [-5.0], [3.0, 3.0, 3.0], ["nan", 1.0], ["inf", 1.0, -2.0], ["-inf", 0.5], ["inf"], [TINY, -TINY], [HUGE, -HUGE], [1e9], [-0.0], [16777216.0], [0.1, 0.2, 0.3]]
tensor = lambda b: torch.tensor([float(v) for v in b["values"]], dtype=torch.float) if "values" in b else torch.from_numpy(data(**b))


def minmax_cases():
    cases = []
    for i in range(60):
        cls = (ob.MinMaxObserver, ob.MovingAverageMinMaxObserver)[i % 2]
        options = {} if i % 2 == 0 else {"averaging_constant": rng.choice([0.01, 0.01, 0.5, 0.1, 1])}
        o, steps = cls(**options), []
        todo = batches(rng.randint(1, 6))
        if i >= 30: todo.insert(rng.randint(0, len(todo)), {"values": EXPLICIT[i % len(EXPLICIT)]})
        for b in todo:
            o(tensor(b))
            steps.append({"batch": b, "min": plain(o.min_val), "max": plain(o.max_val), **qparams(o)})
        cases.append({"observer": cls.__name__, "options": options, "steps": steps})
    for i in range(40):
        cls = (ob.PerChannelMinMaxObserver, ob.MovingAveragePerChannelMinMaxObserver)[i % 2]
        dims = [rng.randint(1, 9) for _ in range(rng.randint(2, 4))]
        options = {"ch_axis": rng.randrange(-1, len(dims))}
        if i % 2: options["averaging_constant"] = rng.choice([0.01, 0.3, 1])
        o, steps = cls(**options), []
        for b in batches(rng.randint(1, 4)):
            b["count"] = int(np.prod(dims))
            o(torch.from_numpy(data(**b)).reshape(dims))
            steps.append({"batch": b, "min": plain(o.min_val), "max": plain(o.max_val), **qparams(o)})
        cases.append({"observer": cls.__name__, "options": options, "dims": dims, "steps": steps})
    return cases


def histogram_cases(n):
    cases = []
    for i in range(n):
        options = {"bins": rng.choice([2048] * 5 + [256, 1000, 64, 7, 2047]), "reduce_range": bool(i & 1)}
        dtype, scheme = rng.choice([(torch.quint8, torch.per_tensor_affine)] * 3 + [(torch.qint8, torch.per_tensor_affine), (torch.qint8, torch.per_tensor_symmetric), (torch.int16, torch.per_tensor_affine)])
        o, steps = ob.HistogramObserver(dtype=dtype, qscheme=scheme, **options), []
        todo = batches(rng.randint(3, 5))
        if i % 3 == 2: todo.insert(rng.randint(0, len(todo)), {"values": EXPLICIT[(i // 3) % len(EXPLICIT)]})
        for b in todo:
            before = (float(o.min_val), float(o.max_val))
            kept = {k: v.clone() for k, v in o.state_dict().items()}
            try:
                o(tensor(b))
            except RuntimeError as e:  # NaN: PyTorch has stored it by then; the state of before goes on
                o.load_state_dict(kept)
                steps.append({"batch": b, "refused": True})
                continue
            after = (float(o.min_val), float(o.max_val))
            merged = before != after and before[0] <= before[1]
            if o.min_val > o.max_val:
                steps.append({"batch": b, "min": plain(o.min_val), "max": plain(o.max_val), "histogram": sha(o.histogram.numpy())})
                continue
            low, high = o._non_linear_param_search()
            steps.append({"batch": b, "merged": merged, "min": plain(o.min_val), "max": plain(o.max_val), "histogram": sha(o.histogram.numpy()), "low": plain(low), "high": plain(high), **qparams(o)})
        cases.append({"options": {**options, "dtype": name(dtype), "qscheme": name(scheme)}, "steps": steps})
    return cases


def histc_cases():
    """Lattices, where elements lie on the edges of bins, and bins that are no power of two: the order of the operations shows."""
    out = []
    for _ in range(60):
        bins, scale = rng.choice([1000, 7, 2047, 10, 999, 2048]), f32(rng.uniform(0.1, 3))
        b = {"seed": rng.getrandbits(32), "count": 2000, "kind": "steps", "scale": scale, "shift": 0.0}
        x = torch.from_numpy(data(**b))
        low, high = float(x.min()), float(x.max())
        out.append({"batch": b, "bins": bins, "low": low, "high": high, "histogram": sha(torch.histc(x, bins, min=low, max=high).numpy())})
    return out


def sum_cases():
    out = []
    for count in [1, 2, 5, 7, 8, 9, 31, 32, 33, 100, 255, 256, 512, 1000, 2047, 2048, 2049, 5000, 20000]:
        b = {"seed": rng.getrandbits(32), "count": count, "kind": "normal", "scale": 100.0, "shift": 0.0}
        out.append({"batch": b, "sum": plain(torch.from_numpy(data(**b)).sum())})
    return out


def linspace_cases():
    out = []
    for count in [2, 3, 8, 9, 64, 129, 2048, 2049, 2050, 32769, 1001 * 16 + 1]:
        for low, high in ranges(3) + [(1e6, f32(1e6 + 0.5)), (-HUGE / 4, HUGE / 4)]:
            out.append({"count": count, "start": low, "end": high, "points": sha(torch.linspace(torch.tensor(low), torch.tensor(high), count).numpy())})
    return out


def choose_cases():
    out = []
    some = [(0, 0), (-1, 1), (0, 1), (-1, 0), (1e-6, 2e-6), (-1e-6, 1e-6), (-1e-6, 0), (TINY, TINY), (-TINY, TINY), (5, 6), (-6, -5), (-3e37, 3e37), (-0.01, 0.012), (0, 1e-39)] + ranges(150)
    for low, high in some:
        x = torch.tensor([low, high], dtype=torch.float)
        for reduce in (False, True):
            scale, zero = torch._choose_qparams_per_tensor(x, reduce)
            out.append({"min": plain(x[0])[0], "max": plain(x[1])[0], "range": [0, 255], "sparse": False, "reduce": reduce, "scale": scale, "zeroPoint": zero})
        for qmin, qmax, sparse in ((-128, 127, True), (-127, 127, True), (0, 255, True), (-128, 127, False)):
            scale, zero = torch.ones(1), torch.zeros(1, dtype=torch.int32)
            torch.fused_moving_avg_obs_fake_quant(x, torch.ones(1, dtype=torch.long), torch.ones(1, dtype=torch.long), torch.tensor(INF), torch.tensor(-INF), scale, zero, 0.01, qmin, qmax, 0, False, sparse)
            out.append({"min": plain(x[0])[0], "max": plain(x[1])[0], "range": [qmin, qmax], "sparse": sparse, "reduce": False, "scale32": plain(scale)[0], "zeroPoint": int(zero)})
    return out


def describe(factory):
    if factory is None: return None
    p = getattr(factory, "p", factory)
    values = {k: name(v) if isinstance(v, (torch.dtype, torch.qscheme)) else v for k, v in getattr(p, "keywords", {}).items()}
    o = factory()
    made = {k: getattr(o, k) for k in ("quant_min", "quant_max", "reduce_range", "is_dynamic", "ch_axis", "bins", "averaging_constant") if hasattr(o, k)}
    for k in ("dtype", "qscheme"):
        if hasattr(o, k): made[k] = name(getattr(o, k))
    if hasattr(o, "eps"): made["eps"] = float(o.eps)
    for k in ("scale", "zero_point"):
        if hasattr(o, k): made[k] = float(getattr(o, k))
    return {"observer": getattr(p, "func", p).__name__, "args": values, "made": made}


def config_cases():
    one = lambda q: {"activation": describe(q.activation), "weight": describe(q.weight)}
    names = ["default_qconfig", "default_debug_qconfig", "default_per_channel_qconfig", "default_dynamic_qconfig", "float16_dynamic_qconfig", "float16_static_qconfig", "per_channel_dynamic_qconfig",
             "float_qparams_weight_only_qconfig", "float_qparams_weight_only_qconfig_4bit", "default_reuse_input_qconfig", "default_symmetric_qnnpack_qconfig", "default_per_channel_symmetric_qnnpack_qconfig", "default_quint8_weight_qconfig"]
    observers = ["default_observer", "default_placeholder_observer", "default_debug_observer", "default_weight_observer", "weight_observer_range_neg_127_to_127", "default_histogram_observer", "default_per_channel_weight_observer",
                 "per_channel_weight_observer_range_neg_127_to_127", "default_dynamic_quant_observer", "default_float_qparams_observer", "default_float_qparams_observer_4bit", "default_fixed_qparams_range_neg1to1_observer",
                 "default_fixed_qparams_range_0to1_observer", "default_symmetric_fixed_qparams_observer", "default_affine_fixed_qparams_observer", "default_reuse_input_observer"]
    def key(t):
        return t if isinstance(t, str) else ("nn." if isinstance(t, type) else "torch." if t in (torch.sigmoid, torch.tanh) else "F.") + t.__name__
    backends = ["fbgemm", "qnnpack", "x86", "onednn"]
    mapping = lambda m: {"global": one(m.global_qconfig), "objectType": [[key(t), one(q)] for t, q in m.object_type_qconfigs.items()]}
    return {"qconfigs": {n: one(getattr(qc, n)) for n in names}, "observers": {n: describe(getattr(ob, n)) for n in observers},
            "default": {b: one(qc.get_default_qconfig(b)) for b in backends}, "mapping": {b: mapping(qm.get_default_qconfig_mapping(b)) for b in backends}}


def calibration_cases():
    cases = []
    for i in range(60):
        method = ("percentile", "entropy", "percentile")[i % 3]
        options = {"symmetric": i % 3 == 2, "bins": 128 if method == "entropy" and i % 2 else rng.choice([2048, 512, 301]), "percentile": rng.choice([99.999, 99.9, 99.0, 90.0]), "quantizedBins": 128}
        c, steps = HistogramCollector(method, options["symmetric"], options["bins"], options["quantizedBins"], options["percentile"], "same"), []
        todo = batches(rng.randint(1, 4), 2000, ("uniform", "normal", "relu"))
        for b in todo:
            b["count"] = max(b["count"], 300)  # one small value first would ask for bins without end
        if i % 10 == 9: todo.insert(0, {"values": [0.0, 0.0]})
        for b in todo:
            with contextlib.redirect_stdout(io.StringIO()):
                c.collect({"x": tensor(b).numpy()})
                hist = c.get_histogram_dict()["x"]
                low, high = c.compute_collection_result()["x"][:2]
            steps.append({"batch": b, "counts": sha(np.asarray(hist[0]).astype(np.float64)), "edges": sha(np.asarray(hist[1]).astype(np.float32)), "bins": len(hist[0]), "low": plain(low), "high": plain(high)})
        cases.append({"method": method, "options": options, "steps": steps})
    return cases


def main():
    count = int(sys.argv[sys.argv.index("--histograms") + 1]) if "--histograms" in sys.argv else 80
    versions = {"torch": torch.__version__, "cpu": torch.backends.cpu.get_cpu_capability(), "numpy": np.__version__, "onnxruntime": onnxruntime.__version__, "seed": SEED}
    def made(cases, *args):
        rng.seed(SEED)  # every kind of case from the same seed: adding to one leaves the others
        return cases(*args)
    golden = {"versions": versions, "qparams": made(qparam_cases), "qranges": made(qrange_cases), "minmax": made(minmax_cases), "histcs": made(histc_cases), "sums": made(sum_cases), "linspaces": made(linspace_cases),
              "choose": made(choose_cases), "configs": made(config_cases), "calibration": made(calibration_cases), "histograms": made(histogram_cases, count)}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "observers.json")
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(f'"{k}": ' + (json.dumps(v) if not isinstance(v, list) else "[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in v) + "\n]") for k, v in golden.items()) + "\n}\n")
    print(os.path.getsize(path), {k: len(v) for k, v in golden.items()})


main()
