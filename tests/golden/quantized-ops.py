"""
Writes quantized-ops.json: what PyTorch's quantized operators give, engine by engine, for data that the tests can make again from a seed.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/quantized-ops.py

One thread. ATen's own kernels run as AVX2, the narrowest of x86 with vectors, so that the cases do not depend on the machine; the engines' products choose by
themselves, and what they found is in `versions`. A case whose operator is refused holds `error` instead of `y`. Codes are base64, floats the base64 of their bits.
"""
import base64, json, os, subprocess, sys, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn.functional as F

warnings.simplefilter("ignore")
torch.set_num_threads(1)
Q = torch.ops.quantized
ENGINES = ["fbgemm", "qnnpack", "x86", "onednn"]
TYPES = {"quint8": (torch.quint8, torch.uint8, 0, 255), "qint8": (torch.qint8, torch.int8, -128, 127), "qint32": (torch.qint32, torch.int32, -2**31, 2**31 - 1)}
f32 = lambda v: float(np.float32(v))
cases = []
seeds = iter(range(1, 1 << 30))


def stream(seed, count):
    """xorshift32 from a seed spread over its bits, as uint32: the same in tests/golden/quantized.ts."""
    x, out = (seed * 2654435761) & 0xFFFFFFFF, np.empty(count, np.uint32)
    for i in range(count):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        out[i] = x
    return out


def b64(t):
    return base64.b64encode(np.ascontiguousarray(t).tobytes()).decode()


class Codes:
    """A quantized tensor: codes in lo…hi; one scale and zero point, or lists of them along `axis`."""

    def __init__(self, dims, dtype, lo, hi, scale, zero, axis=None, last=False):
        self.spec = dict(seed=next(seeds), dims=list(dims), dtype=dtype, lo=lo, hi=hi, scale=scale, zero=zero)
        if axis is not None: self.spec["axis"] = axis
        if last: self.spec["last"] = True
        raw = lo + stream(self.spec["seed"], int(np.prod(dims))).astype(np.int64) % (hi - lo + 1)
        self.codes = torch.from_numpy(raw.reshape(dims)).to(TYPES[dtype][1])
        if axis is None: self.t = torch._make_per_tensor_quantized_tensor(self.codes, scale, zero)
        else: self.t = torch._make_per_channel_quantized_tensor(self.codes, torch.tensor(scale, dtype=torch.float64), torch.tensor(zero, dtype=torch.int64), axis)
        if last: self.t = self.t.contiguous(memory_format=torch.channels_last if len(dims) == 4 else torch.channels_last_3d)


class Floats:
    """float32 in ±amplitude, or given values."""

    def __init__(self, dims, amplitude=1.0, values=None):
        if values is None:
            self.spec = dict(seed=next(seeds), dims=list(dims), amplitude=amplitude)
            data = ((stream(self.spec["seed"], int(np.prod(dims))).astype(np.float64) / 2**31 - 1) * amplitude).astype(np.float32)
        else:
            data = np.asarray(values, np.float32)
            self.spec = dict(dims=list(dims), data=b64(data))
        self.t = torch.from_numpy(data.reshape(dims).copy())


def result(t):
    if not isinstance(t, torch.Tensor): return t
    if not t.is_quantized:
        kind = str(t.dtype).removeprefix("torch.")
        return dict(dims=list(t.shape), dtype=kind, data=b64(t.detach().contiguous().numpy()))
    out = dict(dims=list(t.shape), dtype=str(t.dtype).removeprefix("torch."), data=b64(t.int_repr().contiguous().numpy()))
    if t.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric): return dict(out, scale=t.q_scale(), zero=t.q_zero_point())
    return dict(out, scale=t.q_per_channel_scales().tolist(), zero=t.q_per_channel_zero_points().tolist(), axis=t.q_per_channel_axis())


def case(op, engine, run, inputs, **attributes):
    """Runs under `engine` (None: the operator is the same under all) and keeps inputs, attributes and what came out."""
    torch.backends.quantized.engine = engine or "fbgemm"
    row = dict(op=op, **({"engine": engine} if engine else {}), **{k: v for k, v in attributes.items() if v is not None}, inputs={k: v.spec for k, v in inputs.items() if v is not None})
    try:
        row["y"] = result(run(**{k: v.t if v is not None else None for k, v in inputs.items()}))
    except (RuntimeError, NotImplementedError, ValueError, IndexError, TypeError) as e:
        row["error"] = str(e).strip().split("\n")[0][:160]
    cases.append(row)


rng = np.random.RandomState(2013)
pick = lambda a: a[rng.randint(len(a))]
scale = lambda lo=0.003, hi=0.1: f32(np.exp(rng.uniform(np.log(lo), np.log(hi))))
SPECIALS = [0.0, -0.0, np.nan, np.inf, -np.inf, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e-45, -1e-45, 1e-38, 3.4e38, -3.4e38, 1e10, -1e10, 2147483520.0, -2147483648.0, 2147483648.0, 9.3e18, -9.3e18, 127.49999, 255.5, -128.5, 0.49999997]


def quantizing():
    for dtype, (q, _, lo, hi) in TYPES.items():
        for s in [1.0, 0.5, 0.1, f32(0.1), 3.0, 0.0078125, 1e-30, 1e30, f32(1e-38), scale()]:
            for z in ([0, 127, 255] if dtype == "quint8" else [0, -128, 127, 5] if dtype == "qint8" else [0, 7]):
                values = SPECIALS + [v * s for v in SPECIALS if np.isfinite(v) and abs(v * s) < 3e38] + [s * (k + 0.5) for k in range(-6, 7)]
                case("quantize_per_tensor", None, lambda x: torch.quantize_per_tensor(x, s, z, q), dict(x=Floats([len(values)], values=values)), dtype=dtype, scale=s, zero=z)
        for z in [0, 5, -5 if dtype == "qint8" else 200]:  # alone, where no vector is
            for v in SPECIALS[2:5]: case("quantize_per_tensor", None, lambda x: torch.quantize_per_tensor(x, 0.1, z, q), dict(x=Floats([1], values=[v])), dtype=dtype, scale=0.1, zero=z)
        for n in [0, 1, 7, 63, 129]:
            s, z = scale(), 0 if dtype == "qint32" else pick([lo, hi, 3])
            case("quantize_per_tensor", None, lambda x: torch.quantize_per_tensor(x, s, z, q), dict(x=Floats([n], 4.0)), dtype=dtype, scale=s, zero=z)
        for dims, axis, double in [([3, 5], 0, False), ([3, 5], 1, True), ([2, 4, 3, 3], 1, True), ([7, 1, 2, 2], 0, True), ([2, 3, 17], 2, False), ([1, 1], 0, False)]:
            c = dims[axis]
            s = [0.01 * (i + 1) + 0.001 if double else scale() for i in range(c)]
            z = [0 if dtype == "qint32" else int(rng.randint(max(lo, -128), min(hi, 255) + 1)) for _ in range(c)]
            st, zt = torch.tensor(s, dtype=torch.float64), torch.tensor(z)
            case("quantize_per_channel", None, lambda x: torch.quantize_per_channel(x, st, zt, axis, q), dict(x=Floats(dims, 3.0)), dtype=dtype, scale=s, zero=z, axis=axis)
            case("dequantize", None, lambda x: x.dequantize(), dict(x=Codes(dims, dtype, max(lo, -999999), min(hi, 999999), s, z, axis)))
        c = 3
        st, zt = torch.tensor([0.1, 1.0, 0.5], dtype=torch.float64), torch.tensor([0, lo if dtype != "qint32" else -9, 100])
        case("quantize_per_channel", None, lambda x: torch.quantize_per_channel(x, st, zt, 0, q), dict(x=Floats([c, len(SPECIALS)], values=SPECIALS * c)), dtype=dtype, scale=st.tolist(), zero=zt.tolist(), axis=0)
        for s in [1.0, 0.1, f32(0.1), 1e-30, 1e30, 3e38]:
            for z in [lo, hi] if dtype != "qint32" else [0, 2**31 - 1, -5]:
                for n in [1, 8, 67]: case("dequantize", None, lambda x: x.dequantize(), dict(x=Codes([n], dtype, lo, hi, s, z)))
    for s, z, lo, hi in [(0.1, 0, -128, 127), (0.02, 128, 0, 255), (1.0, 0, 0, 127), (0.5, 3, 0, 15), (1e-6, 0, -128, 127), (1e30, 5, 0, 255)]:
        for values in [SPECIALS + [s * (k + 0.5) for k in range(-140, 270, 9)] + [s * k for k in range(-140, 270, 11)]]:
            x = Floats([len(values)], values=values)
            dy = Floats([len(values)], 2.0)

            def fake(x, dy):
                x = x.clone().requires_grad_()
                y = torch.fake_quantize_per_tensor_affine(x, s, z, lo, hi)
                y.backward(dy)
                return torch.cat([y.detach(), x.grad])
            case("fake_quantize_per_tensor_affine", None, fake, dict(x=x, dy=dy), scale=s, zero=z, lo=lo, hi=hi)
    for dims, axis in [([3, 29], 0), ([2, 3, 7], 1), ([5, 2, 3, 3], 0), ([4, 6], 1)]:
        c, n = dims[axis], int(np.prod(dims))
        s, z = torch.tensor([scale() for _ in range(c)]), torch.tensor([int(rng.randint(-20, 20)) for _ in range(c)], dtype=torch.int32)
        for lo, hi in [(-128, 127), (-64, 63)]:
            x, dy = Floats(dims, 3.0), Floats(dims, 2.0)

            def fake(x, dy):
                x = x.clone().requires_grad_()
                y = torch.fake_quantize_per_channel_affine(x, s, z, axis, lo, hi)
                y.backward(dy)
                return torch.cat([y.detach(), x.grad])
            case("fake_quantize_per_channel_affine", None, fake, dict(x=x, dy=dy), scale=s.tolist(), zero=z.tolist(), axis=axis, lo=lo, hi=hi)
    s, z = torch.tensor([0.1, 1.0]), torch.tensor([3, 0], dtype=torch.int32)

    def fake(x, dy):
        x = x.clone().requires_grad_()
        y = torch.fake_quantize_per_channel_affine(x, s, z, 0, -128, 127)
        y.backward(dy)
        return torch.cat([y.detach(), x.grad])
    x, dy = Floats([2, len(SPECIALS)], values=SPECIALS * 2), Floats([2, len(SPECIALS)], 2.0)
    case("fake_quantize_per_channel_affine", None, fake, dict(x=x, dy=dy), scale=s.tolist(), zero=z.tolist(), axis=0, lo=-128, hi=127)


def weights(dims, axis, per_channel, asymmetric=False, small=False, double=False):
    c = dims[axis]
    one = lambda: scale(0.001, 0.05) * (1.0000001 if double else 1)
    zero = lambda: int(rng.randint(-100, 100)) if asymmetric else 0
    lo, hi = (-40, 40) if small else (-128, 127)
    if per_channel: return Codes(dims, "qint8", lo, hi, [one() for _ in range(c)], [zero() for _ in range(c)], axis)
    return Codes(dims, "qint8", lo, hi, one(), zero())


def output_of(sx, sw, k, dtype="quint8"):
    """Scale and zero point that spread the sums of k products over the codes, both ends clamped."""
    sw = float(np.mean(sw))
    return f32(sx * sw * np.sqrt(k) * 4000 / 60 * pick([0.5, 1, 2])), int(pick([0, 255, 128, 101, 7])) if dtype == "quint8" else int(pick([-128, 127, 0, 5]))


def linears():
    shapes = [([1, 1], 1), ([1, 3], 5), ([4, 16], 8), ([3, 31], 17), ([5, 64], 33), ([2, 3, 20], 9), ([1, 257], 10), ([7, 128], 64), ([0, 8], 4), ([33, 48], 3)]
    for engine in ENGINES:
        for (xd, n) in shapes:
            for per_channel in [False, True]:
                for relu in [False, True]:
                    full = engine == "qnnpack" or pick([False, True])
                    x = Codes(xd, "quint8", 0, 255 if full else 127, scale(), int(pick([0, 127, 64, 255 if full else 100])))
                    w = weights([n, xd[-1]], 0, per_channel, asymmetric=engine != "onednn" and rng.rand() < 0.3, double=rng.rand() < 0.3)
                    sums = x.spec["scale"] * float(np.mean(w.spec["scale"])) * np.sqrt(xd[-1])
                    b = Floats([n], 3000 * sums) if rng.rand() < 0.8 else None
                    so, zo = output_of(x.spec["scale"], w.spec["scale"], xd[-1])
                    op = Q.linear_relu if relu else Q.linear
                    case("linear", engine, lambda x, w, b: op(x, Q.linear_prepack(w, b), so, zo), dict(x=x, w=w, b=b), relu=relu, scale=so, zero=zo)
    for engine in ENGINES:  # signed activations: only a build with XNNPACK takes them
        case("linear", engine, lambda x, w: Q.linear(x, Q.linear_prepack(w, None), 1.0, 0), dict(x=Codes([2, 5], "qint8", -128, 127, 0.1, 3), w=weights([3, 5], 0, False)), relu=False, scale=1.0, zero=0)
    for engine in ["fbgemm", "qnnpack", "onednn"]:
        for xd, n in shapes:
            for relu in [False, True]:
                for reduce_range in [False, True]:
                    per_channel = rng.rand() < 0.5
                    x = Floats(xd, float(np.exp(rng.uniform(-4, 3))))
                    w = weights([n, xd[-1]], 0, per_channel, asymmetric=engine != "onednn" and rng.rand() < 0.2, double=rng.rand() < 0.3)
                    b = Floats([n], 0.5) if rng.rand() < 0.8 else None
                    op = Q.linear_relu_dynamic if relu else Q.linear_dynamic
                    case("linear_dynamic", engine, lambda x, w, b: op(x, Q.linear_prepack(w, b), reduce_range), dict(x=x, w=w, b=b), relu=relu, reduceRange=reduce_range)
        for values in [[0.0] * 6, [1.0] * 6, [-2.0] * 6, [1e-9, 0, 0, 0, 0, 0], [-1e-9, 1e-9, 0, 0, 0, 0], [1e30, -1e30, 1, 2, 3, 4]]:
            case("linear_dynamic", engine, lambda x, w, b: Q.linear_dynamic(x, Q.linear_prepack(w, b), True), dict(x=Floats([1, 6], values=values), w=weights([3, 6], 0, False), b=Floats([3], 1.0)), relu=False, reduceRange=True)


def ties(engines=ENGINES):
    """Products whose scaled sums lie at ties but for rounding errors: what tells apart where an engine rounds."""
    c = 16
    for engine in engines:
        for i in range(24):
            per_channel, depthwise = i % 2 == 1, i % 3 == 2
            sx = scale(0.005, 0.3)
            sw = [scale(0.005, 0.3)] * c
            so = f32(np.float32(sx) * np.float32(sw[0]) * np.float32([2, 4, 1, 0.5, 8, 3, 5, 10, 6][rng.randint(9)]))
            if rng.rand() < 0.5: so = float(np.nextafter(np.float32(so), np.float32(pick([0, 1e9]))))
            x = Codes([2, c, 4, 1] if i % 4 else [8, c], "quint8", 0, 127, sx, int(rng.randint(0, 20)))
            wd = [c, 1, 3, 1] if depthwise and i % 4 else [c, c, 1, 1] if i % 4 else [c, c]
            w = Codes(wd, "qint8", -3, 3, sw if per_channel else sw[0], [0] * c if per_channel else 0, 0 if per_channel else None)
            b = Floats([c], values=(rng.randint(-40, 40, c) * sx * sw[0] * 0.5).astype(np.float32)) if rng.rand() < 0.8 else None
            zo = int(rng.randint(0, 256))
            groups = c if depthwise else 1
            pad = [1, 0] if depthwise else [0, 0]
            if i % 4: case("conv2d", engine, lambda x, w, b: Q.conv2d(x, Q.conv2d_prepack(w, b, [1, 1], pad, [1, 1], groups), so, zo), dict(x=x, w=w, b=b), relu=False, scale=so, zero=zo, stride=[1, 1], padding=pad, dilation=[1, 1], groups=groups)
            else: case("linear", engine, lambda x, w, b: Q.linear(x, Q.linear_prepack(w, b), so, zo), dict(x=x, w=w, b=b), relu=False, scale=so, zero=zo)


CONVS = [
    # rank, [n, c, spatial...], filters, kernel, stride, pad, dilation, groups
    (2, [1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], [1, 1], 1), (2, [1, 3, 5, 5], 7, [3, 3], [1, 1], [1, 1], [1, 1], 1), (2, [2, 8, 6, 5], 16, [1, 1], [1, 1], [0, 0], [1, 1], 1),
    (2, [1, 5, 7, 6], 10, [3, 2], [2, 1], [1, 0], [1, 1], 5), (2, [1, 16, 7, 7], 16, [3, 3], [1, 1], [1, 1], [1, 1], 16), (2, [1, 16, 6, 7], 16, [3, 3], [2, 2], [1, 1], [1, 1], 16),
    (2, [1, 8, 8, 8], 8, [5, 5], [1, 1], [2, 2], [1, 1], 8), (2, [1, 9, 6, 6], 9, [3, 3], [1, 1], [1, 1], [1, 1], 9), (2, [1, 4, 9, 9], 6, [3, 3], [1, 1], [2, 2], [2, 2], 2),
    (2, [1, 32, 4, 4], 33, [1, 1], [2, 2], [0, 0], [1, 1], 1), (2, [1, 8, 5, 5], 16, [3, 3], [1, 1], [1, 1], [1, 1], 2), (2, [1, 12, 5, 4], 12, [1, 3], [1, 1], [0, 1], [1, 1], 3),
    (2, [1, 6, 4, 4], 12, [3, 3], [1, 1], [1, 1], [1, 1], 6), (2, [3, 2, 1, 9], 4, [1, 9], [1, 1], [0, 4], [1, 1], 1), (2, [1, 24, 6, 6], 24, [3, 3], [1, 1], [2, 2], [2, 2], 24),
    (1, [1, 3, 9], 4, [3], [1], [1], [1], 1), (1, [2, 6, 11], 9, [5], [2], [2], [1], 3), (1, [1, 4, 8], 4, [3], [1], [2], [2], 4), (1, [1, 7, 5], 5, [1], [1], [0], [1], 1),
    (3, [1, 2, 4, 4, 3], 3, [2, 2, 2], [1, 1, 1], [0, 0, 0], [1, 1, 1], 1), (3, [1, 8, 4, 4, 4], 8, [3, 3, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1], 8), (3, [1, 16, 3, 5, 4], 16, [3, 3, 3], [2, 1, 2], [1, 1, 1], [1, 1, 1], 16),
    (3, [1, 4, 3, 4, 5], 6, [3, 1, 2], [2, 1, 1], [1, 0, 1], [1, 1, 1], 2), (3, [1, 3, 3, 3, 3], 4, [1, 1, 1], [1, 1, 1], [0, 0, 0], [1, 1, 1], 1), (3, [1, 4, 5, 5, 5], 4, [3, 3, 3], [1, 1, 1], [2, 2, 2], [2, 2, 2], 1),
]


def convs(engines=ENGINES, kinds=None):
    for engine in engines:
        for rank, xd, filters, kernel, stride, pad, dilation, groups in CONVS:
            depthwise = groups == xd[1] and groups > 1
            for per_channel in [False, True]:
                for relu in [False, True]:
                    wd = [filters, xd[1] // groups, *kernel]
                    k = int(np.prod(wd[1:]))
                    full = engine == "qnnpack" or (pick([False, True]) and not depthwise)
                    x = Codes(xd, "quint8", 0, 255 if full else 127, scale(), int(pick([0, 127, 64, 255 if full else 100])))
                    w = weights(wd, 0, per_channel, asymmetric=engine not in ("onednn",) and rng.rand() < 0.25, small=depthwise and engine != "qnnpack" and rng.rand() < 0.5, double=rng.rand() < 0.3)
                    b = Floats([filters], 3000 * x.spec["scale"] * float(np.mean(w.spec["scale"])) * np.sqrt(k)) if rng.rand() < 0.8 else None
                    so, zo = output_of(x.spec["scale"], w.spec["scale"], k)
                    name = f"conv{rank}d"
                    op, pack = getattr(Q, name + ("_relu" if relu else "")), getattr(Q, name + "_prepack")
                    case(name, engine, lambda x, w, b: op(x, pack(w, b, stride, pad, dilation, groups), so, zo), dict(x=x, w=w, b=b), relu=relu, scale=so, zero=zo, stride=stride, padding=pad, dilation=dilation, groups=groups)
    for engine in engines:
        case("conv2d", engine, lambda x, w: Q.conv2d(x, Q.conv2d_prepack(w, None, [1, 1], [0, 0], [1, 1], 1), 1.0, 0), dict(x=Codes([1, 2, 3, 3], "qint8", -128, 127, 0.1, 3), w=weights([3, 2, 2, 2], 0, False)), relu=False, scale=1.0, zero=0, stride=[1, 1], padding=[0, 0], dilation=[1, 1], groups=1)


TRANSPOSED = [
    # rank, [n, c, spatial...], filters, kernel, stride, pad, output_pad, dilation, groups
    (2, [1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], [0, 0], [1, 1], 1), (2, [1, 4, 3, 3], 6, [3, 3], [2, 2], [1, 1], [1, 1], [1, 1], 1), (2, [2, 3, 4, 2], 5, [2, 3], [1, 2], [0, 1], [0, 0], [1, 1], 1),
    (2, [1, 6, 3, 4], 4, [3, 3], [1, 1], [1, 1], [0, 0], [1, 1], 2), (2, [1, 8, 4, 4], 8, [2, 2], [2, 2], [0, 0], [0, 0], [1, 1], 8), (2, [1, 4, 4, 4], 3, [3, 2], [2, 1], [2, 0], [1, 0], [2, 1], 1),
    (1, [1, 4, 5], 3, [3], [2], [1], [1], [1], 1), (1, [2, 6, 4], 4, [2], [3], [0], [0], [1], 2), (1, [1, 3, 7], 5, [4], [1], [1], [0], [2], 1),
]


def transposed_convs():
    for engine in ENGINES:
        for rank, xd, filters, kernel, stride, pad, output_pad, dilation, groups in TRANSPOSED:
            for asymmetric in [False, True]:
                if asymmetric and engine == "onednn": continue
                wrong = engine in ("onednn", "x86") and not asymmetric and not any(output_pad) and filters // groups != xd[1]  # PyTorch 2.13 mixes up the axes of these weights
                wd = [xd[1], filters // groups, *kernel]
                k = xd[1] // groups * int(np.prod(kernel))
                full = engine == "qnnpack"
                x = Codes(xd, "quint8", 0, 255 if full else 127, scale(), int(pick([0, 127, 64])))
                w = weights(wd, 1, False, asymmetric=asymmetric, double=rng.rand() < 0.3)
                b = Floats([filters], 3000 * x.spec["scale"] * w.spec["scale"] * np.sqrt(k)) if rng.rand() < 0.8 else None
                so, zo = output_of(x.spec["scale"], w.spec["scale"], k)
                name = f"conv_transpose{rank}d"
                op, pack = getattr(Q, name), getattr(Q, name + "_prepack")
                case(name, engine, lambda x, w, b: op(x, pack(w, b, stride, pad, output_pad, dilation, groups), so, zo), dict(x=x, w=w, b=b), scale=so, zero=zo, stride=stride, padding=pad, outputPadding=output_pad, dilation=dilation, groups=groups, wrong=wrong or None)
        w = weights([4, 6, 3, 3], 1, True)
        case("conv_transpose2d", engine, lambda x, w: Q.conv_transpose2d(x, Q.conv_transpose2d_prepack(w, None, [1, 1], [0, 0], [0, 0], [1, 1], 1), 1.0, 0), dict(x=Codes([1, 4, 3, 3], "quint8", 0, 127, 0.1, 3), w=w), scale=1.0, zero=0, stride=[1, 1], padding=[0, 0], outputPadding=[0, 0], dilation=[1, 1], groups=1)


def nice(n=2):
    """Scales of which some are multiples of others, so that results lie at ties."""
    a = scale(0.02, 0.5)
    return [a] + [f32(np.float32(a) * np.float32(pick([1, 2, 0.5, 4, 3]))) if rng.rand() < 0.6 else scale(0.02, 0.5) for _ in range(n - 1)]


def elementwise():
    shapes = [[1], [7], [63], [64], [65], [130], [2, 3, 5, 7], [1, 16, 4, 4], [0]]
    for engine in ["fbgemm", "qnnpack"]:
        for dtype in ["quint8", "qint8"]:
            _, _, lo, hi = TYPES[dtype]
            z = lambda: int(pick([lo, hi - 1, (lo + hi + 1) // 2, lo + 7]))
            for dims in shapes:
                for relu in [False, True]:
                    sa, sb, so = nice(3)
                    a, b, zo = Codes(dims, dtype, lo, hi, sa, z()), Codes(dims, dtype, lo, hi, sb, z()), z()
                    case("add", engine, lambda a, b: (Q.add_relu if relu else Q.add)(a, b, so, zo), dict(a=a, b=b), relu=relu, scale=so, zero=zo)
                    sm = f32(np.float32(sa) * np.float32(sb) * np.float32(pick([1, 2, 8, 50])))
                    case("mul", engine, lambda a, b: (Q.mul_relu if relu else Q.mul)(a, b, sm, zo), dict(a=a, b=b), relu=relu, scale=sm, zero=zo)
            for da, db in [([2, 3, 4, 4], [2, 3, 1, 1]), ([2, 3, 4, 4], [1]), ([3, 1], [1, 5]), ([4, 70], [70])]:
                sa, sb, so = nice(3)
                a, b, zo = Codes(da, dtype, lo, hi, sa, z()), Codes(db, dtype, lo, hi, sb, z()), z()
                case("add", engine, lambda a, b: Q.add(a, b, so, zo), dict(a=a, b=b), relu=False, scale=so, zero=zo, broadcast=True)
                sm = f32(np.float32(sa) * np.float32(sb) * np.float32(4))
                case("mul", engine, lambda a, b: Q.mul(a, b, sm, zo), dict(a=a, b=b), relu=False, scale=sm, zero=zo, broadcast=True)
            sa, sb, so = nice(3)
            a, b = Codes([2, 5, 6, 7], dtype, lo, hi, sa, z(), last=True), Codes([2, 5, 6, 7], dtype, lo, hi, sb, z(), last=True)
            case("add", engine, lambda a, b: Q.add(a, b, so, 100), dict(a=a, b=b), relu=False, scale=so, zero=100)
            for c in [0.0, 1.0, -1.0, 0.37, -12.5, 1e3, -1e3, 1e-9]:
                for relu in [False, True]:
                    a = Codes([9], dtype, lo, hi, scale(), z())
                    case("add_scalar", engine, lambda a: (Q.add_scalar_relu if relu else Q.add_scalar)(a, c), dict(a=a), relu=relu, value=c)
                    case("mul_scalar", engine, lambda a: (Q.mul_scalar_relu if relu else Q.mul_scalar)(a, c), dict(a=a), relu=relu, value=c)
            for axis, parts in [(0, [[3, 2], [1, 2]]), (1, [[2, 3, 4, 4], [2, 5, 4, 4], [2, 1, 4, 4]]), (2, [[1, 2, 3], [1, 2, 70]]), (1, [[2, 64], [2, 65]])]:
                for relu in [False, True]:
                    for last in [False, True]:
                        if last and len(parts[0]) != 4: continue
                        scales = nice(len(parts) + 1)
                        zo = z()
                        xs = {f"x{i}": Codes(d, dtype, lo, hi, scales[i + 1] if i else scales[0], zo if i == 0 else z(), last=last) for i, d in enumerate(parts)}
                        case("cat", engine, lambda **x: (Q.cat_relu if relu else Q.cat)(list(x.values()), axis, scales[0], zo), xs, relu=relu, axis=axis, scale=scales[0], zero=zo)


def activations():
    unary = {
        "relu": lambda x, **_: torch.relu(x), "relu6": lambda x, **_: Q.relu6(x, False), "hardtanh": lambda x, lo, hi, **_: F.hardtanh(x, lo, hi), "clamp": lambda x, lo, hi, **_: torch.clamp(x, lo, hi),
        "leaky_relu": lambda x, slope, scale, zero, **_: Q.leaky_relu(x, slope, False, scale, zero), "elu": lambda x, alpha, scale, zero, **_: Q.elu(x, scale, zero, alpha), "celu": lambda x, alpha, scale, zero, **_: Q.celu(x, scale, zero, alpha),
        "hardswish": lambda x, scale, zero, **_: Q.hardswish(x, scale, zero), "hardsigmoid": lambda x, **_: F.hardsigmoid(x), "sigmoid": lambda x, **_: torch.sigmoid(x), "tanh": lambda x, **_: torch.tanh(x),
        "sigmoid_out": lambda x, scale, zero, **_: Q.sigmoid(x, scale, zero), "gelu": lambda x, **_: F.gelu(x), "threshold": lambda x, lo, hi, **_: Q.threshold(x, lo, hi),
    }
    for engine in ["fbgemm", "qnnpack"]:
        for dtype in ["quint8", "qint8"]:
            _, _, low, high = TYPES[dtype]
            for name, op in unary.items():
                for i in range(6):
                    values = dict(lo=f32(rng.uniform(-3, 0)), hi=f32(rng.uniform(0.1, 4)), slope=f32(pick([0.01, 0.1, 0.3])), alpha=f32(pick([1.0, 0.5, 1.3])), scale=scale(0.01, 0.1), zero=int(pick([low, low + 40, high])))
                    x = Codes([256] if i % 2 else [300] if i else [3, 5, 1, 7], dtype, low, high, pick([1 / 16, 0.1, scale(0.01, 0.1)]), int(pick([low, low + 100, high, low + 128])))
                    if i % 2:
                        x.spec.pop("seed")
                        x.spec["every"] = True
                        x.codes = torch.arange(low, high + 1).to(TYPES[dtype][1])
                        x.t = torch._make_per_tensor_quantized_tensor(x.codes, x.spec["scale"], x.spec["zero"])
                    case(name, engine, lambda x: op(x, **values), dict(x=x), values=values)
            for dims, count in [([2, 3, 4, 4], 3), ([4, 5], 1), ([3, 7], 7)]:
                x, w = Codes(dims, dtype, low, high, scale(0.01, 0.1), low + 120), Codes([count], dtype, low, high, 0.01, low + 128)
                so, zo = scale(0.01, 0.1), low + 60
                case("prelu", engine, lambda x, w: Q.prelu(x, w, so, zo), dict(x=x, w=w), scale=so, zero=zo)
            for dims, axis in [([3, 10], 1), ([2, 4, 3], 1), ([5], 0), ([2, 3, 4, 5], 1)]:
                for so, zo in [(1 / 256, low), (scale(0.003, 0.01), low + 3)]:
                    case("softmax", engine, lambda x: Q.softmax(x, axis, so, zo), dict(x=Codes(dims, dtype, low, high, scale(0.02, 0.2), low + 100)), axis=axis, scale=so, zero=zo)


POOLS = [([1, 3, 6, 6], [2, 2], [2, 2], [0, 0]), ([2, 5, 7, 5], [3, 2], [2, 1], [1, 1]), ([1, 33, 5, 5], [5, 5], [5, 5], [0, 0]), ([1, 16, 8, 8], [3, 3], [1, 1], [1, 1]), ([1, 70, 4, 4], [2, 2], [1, 1], [0, 0]), ([3, 1, 1, 1], [1, 1], [1, 1], [0, 0])]


def pools():
    for engine in ["fbgemm", "qnnpack"]:
        for dtype in ["quint8", "qint8"]:
            _, _, lo, hi = TYPES[dtype]
            z = lambda: int(pick([lo, hi, lo + 101, lo + 128]))
            for dims, kernel, stride, pad in POOLS:
                for last in [False, True]:
                    new = lambda d: Codes(d, dtype, lo, hi, pick([1 / 32, scale()]), z(), last=last)
                    geometry = dict(kernel=kernel, stride=stride, padding=pad)
                    case("max_pool2d", engine, lambda x: F.max_pool2d(x, kernel, stride, pad), dict(x=new(dims)), **geometry)
                    for ceil in [False, True]:
                        for include in [True, False]:
                            case("avg_pool2d", engine, lambda x: F.avg_pool2d(x, kernel, stride, pad, ceil, include), dict(x=new(dims)), **geometry, ceil=ceil, include=include)
                    case("avg_pool2d", engine, lambda x: F.avg_pool2d(x, kernel, stride, pad, False, True, 5), dict(x=new(dims)), **geometry, ceil=False, include=True, divisor=5)
                    for out in [[1, 1], [3, 2], dims[2:]]: case("adaptive_avg_pool2d", engine, lambda x: F.adaptive_avg_pool2d(x, out), dict(x=new(dims)), output=out)
                    case("mean", engine, lambda x: x.mean([2, 3]), dict(x=new(dims)), axes=[2, 3], keepdim=False)
                    case("mean", engine, lambda x: x.mean([2, 3], True), dict(x=new(dims)), axes=[2, 3], keepdim=True)
                    case("mean", engine, lambda x: x.mean([1]), dict(x=new(dims)), axes=[1], keepdim=False)
                    for size in [[5, 4], [12, 12], [3, 7]]:
                        case("interpolate_nearest", engine, lambda x: F.interpolate(x, size), dict(x=new(dims)), size=size)
                        for align in [False, True]: case("interpolate_bilinear", engine, lambda x: F.interpolate(x, size, mode="bilinear", align_corners=align), dict(x=new(dims)), size=size, align=align)
            case("max_pool1d", engine, lambda x: F.max_pool1d(x, 3, 2, 1), dict(x=Codes([2, 5, 9], dtype, lo, hi, 0.1, z())), kernel=[3], stride=[2], padding=[1])
            for last in [False, True]:
                x = lambda: Codes([2, 5, 4, 6, 5], dtype, lo, hi, scale(), z(), last=last)
                case("avg_pool3d", engine, lambda x: F.avg_pool3d(x, 2, 2, 0), dict(x=x()), kernel=[2, 2, 2], stride=[2, 2, 2], padding=[0, 0, 0], ceil=False, include=True)
                case("avg_pool3d", engine, lambda x: F.avg_pool3d(x, [2, 3, 1], [1, 2, 2], [1, 1, 0], False, False), dict(x=x()), kernel=[2, 3, 1], stride=[1, 2, 2], padding=[1, 1, 0], ceil=False, include=False)
                for out in [[1, 1, 1], [2, 3, 2]]: case("adaptive_avg_pool3d", engine, lambda x: F.adaptive_avg_pool3d(x, out), dict(x=x()), output=out)


def norms():
    for dtype in ["quint8", "qint8"]:
        _, _, lo, hi = TYPES[dtype]
        z = lambda: int(pick([lo, lo + 101, lo + 128]))
        for dims in [[2, 3, 4, 4], [1, 33, 3, 5], [1, 70, 2, 2], [2, 8, 1, 1]]:
            c = dims[1]
            for relu in [False, True]:
                for last in [False, True]:
                    x, so, zo = Codes(dims, dtype, lo, hi, scale(), z(), last=last), scale(0.02, 0.1), z()
                    mean, var, w, b = Floats([c], 2.0), Floats([c], values=np.abs(stream(next(seeds), c).astype(np.float64) / 2**31).astype(np.float32)), Floats([c], 2.0), Floats([c], 1.0)
                    op = Q.batch_norm2d_relu if relu else Q.batch_norm2d
                    case("batch_norm2d", None, lambda x, w, b, mean, var: op(x, w, b, mean, var, 1e-5, so, zo), dict(x=x, w=w, b=b, mean=mean, var=var), relu=relu, scale=so, zero=zo, eps=1e-5)
            x, so, zo = Codes(dims, dtype, lo, hi, scale(), z()), scale(0.02, 0.1), z()
            n = dims[1:]
            case("layer_norm", None, lambda x, w, b: Q.layer_norm(x, n, w, b, 1e-5, so, zo), dict(x=x, w=Floats(n, 2.0), b=Floats(n, 1.0)), scale=so, zero=zo, eps=1e-5, normalized=n)
            groups = 3 if c % 3 == 0 else 2
            case("group_norm", None, lambda x, w, b: Q.group_norm(x, groups, w, b, 1e-5, so, zo), dict(x=x, w=Floats([c], 2.0), b=Floats([c], 1.0)), scale=so, zero=zo, eps=1e-5, groups=groups)
            case("instance_norm", None, lambda x, w, b: Q.instance_norm(x, w, b, 1e-5, so, zo), dict(x=x, w=Floats([c], 2.0), b=Floats([c], 1.0)), scale=so, zero=zo, eps=1e-5, wrong=dims[2:] == [1, 1] or None)  # PyTorch 2.13 leaves the second image's codes 0
        grid = Floats([2, 4, 5, 2], 1.2)
        for padding in ["zeros", "border", "reflection"]:
            for align in [False, True]:
                case("grid_sample", None, lambda x, grid: F.grid_sample(x, grid, "bilinear", padding, align), dict(x=Codes([2, 3, 5, 6], dtype, lo, hi, 0.1, z()), grid=grid), padding=padding, align=align)
        for da, db in [([3, 8], [8, 5]), ([2, 4, 6], [2, 6, 3])]:
            so, zo = 0.5, lo + 100
            case("matmul", None, lambda a, b: Q.matmul(a, b, so, zo), dict(a=Codes(da, dtype, lo, hi, 0.05, z()), b=Codes(db, dtype, lo, hi, 0.04, z())), scale=so, zero=zo)


def embeddings():
    for rows, width in [(10, 8), (5, 16), (7, 33), (3, 1), (12, 64)]:
        w = Floats([rows, width], 3.0)
        indices = stream(next(seeds), 9).astype(np.int64) % rows
        offsets = [0, 2, 2, 7]
        observer = torch.ao.quantization.default_float_qparams_observer()
        observer(w.t)
        s, z = observer.calculate_qparams()
        qw = torch.quantize_per_channel(w.t, s, z, 0, torch.quint8)
        extra = dict(indices=indices.tolist(), scales=s.tolist(), zeros=z.tolist())
        case("quantize_float_qparams", None, lambda w: torch.quantize_per_channel(w, s, z, 0, torch.quint8).int_repr(), dict(w=w), **extra)
        case("embedding_byte", None, lambda w: Q.embedding_byte(Q.embedding_bag_prepack(qw), torch.from_numpy(indices)), dict(w=w), **extra)
        for include in [False, True]:
            o = torch.tensor(offsets + ([9] if include else []))
            case("embedding_bag_byte", None, lambda w: Q.embedding_bag_byte(Q.embedding_bag_prepack(qw), torch.from_numpy(indices), o, False, 0, False, None, None, include), dict(w=w), offsets=o.tolist(), include=include, **extra)
            weights_ = Floats([9], 2.0)
            case("embedding_bag_byte", None, lambda w, p: Q.embedding_bag_byte(Q.embedding_bag_prepack(qw), torch.from_numpy(indices), o, False, 0, False, p, None, include), dict(w=w, p=weights_), offsets=o.tolist(), include=include, **extra)
        if width % 2 == 0:
            observer4 = torch.ao.quantization.default_float_qparams_observer_4bit()
            observer4(w.t)
            s4, z4 = observer4.calculate_qparams()
            qw4 = torch.quantize_per_channel(w.t, s4, z4, 0, torch.quint4x2)
            extra4 = dict(indices=indices.tolist(), scales=s4.tolist(), zeros=z4.tolist(), bits=4)
            case("embedding_4bit", None, lambda w: Q.embedding_4bit(Q.embedding_bag_prepack(qw4), torch.from_numpy(indices)), dict(w=w), **extra4)
            case("embedding_bag_4bit", None, lambda w: Q.embedding_bag_4bit(Q.embedding_bag_prepack(qw4), torch.from_numpy(indices), torch.tensor(offsets), False, 0, False, None, None, False), dict(w=w), offsets=offsets, include=False, **extra4)


def saturating():
    """Full eight-bit codes: FBGEMM without VNNI adds pairs of products in 16 bits, and its depthwise kernels always do."""
    for i in range(4):
        x, w = Codes([3, 32], "quint8", 200, 255, 0.1, 0), Codes([8, 32], "qint8", 90, 127, 0.05, 0)
        case("linear", "fbgemm", lambda x, w: Q.linear(x, Q.linear_prepack(w, None), 30.0, 0), dict(x=x, w=w), relu=False, scale=30.0, zero=0, saturates="AVX2")
    for i in range(4):
        x, w = Codes([1, 16, 6, 6], "quint8", 200, 255, 0.1, 0), Codes([16, 1, 3, 3], "qint8", 90, 127, 0.05, 0)
        case("conv2d", "fbgemm", lambda x, w: Q.conv2d(x, Q.conv2d_prepack(w, None, [1, 1], [1, 1], [1, 1], 16), 8.0, 0), dict(x=x, w=w), relu=False, scale=8.0, zero=0, stride=[1, 1], padding=[1, 1], dilation=[1, 1], groups=16, saturates="depthwise")


def saturating_apart():
    """saturating() in a process of its own, since FBGEMM asks once which instructions it may use."""
    out = subprocess.run([sys.executable, __file__, "--saturating"], env={**os.environ, "FBGEMM_ENABLE_INSTRUCTIONS": "AVX2"}, capture_output=True, text=True, check=True).stdout
    cases.extend(json.loads(out))


FAMILIES = [quantizing, linears, ties, convs, transposed_convs, elementwise, activations, pools, norms, embeddings, saturating_apart]

if __name__ == "__main__" and "--saturating" in sys.argv:
    saturating()
    print(json.dumps(cases))
elif __name__ == "__main__":
    for family in FAMILIES: family()
    vnni = "avx512_vnni" in open("/proc/cpuinfo").read()
    versions = dict(torch=torch.__version__, numpy=np.__version__, capability=torch.backends.cpu.get_cpu_capability(), vnni=vnni, engines=torch.backends.quantized.supported_engines)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quantized-ops.json")
    with open(path, "w") as file:
        file.write('{"versions":' + json.dumps(versions) + ',\n"cases":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
    print(f"{len(cases)} cases, {sum('error' in c for c in cases)} refused, {os.path.getsize(path) / 1e6:.2f} MB")
