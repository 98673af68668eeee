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


FAMILIES = [quantizing, linears, ties, convs, transposed_convs]

if __name__ == "__main__":
    for family in FAMILIES: family()
    vnni = "avx512_vnni" in open("/proc/cpuinfo").read()
    versions = dict(torch=torch.__version__, numpy=np.__version__, capability=torch.backends.cpu.get_cpu_capability(), vnni=vnni, engines=torch.backends.quantized.supported_engines)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "quantized-ops.json")
    with open(path, "w") as file:
        file.write('{"versions":' + json.dumps(versions) + ',\n"cases":[\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
    print(f"{len(cases)} cases, {sum('error' in c for c in cases)} refused, {os.path.getsize(path) / 1e6:.2f} MB")
