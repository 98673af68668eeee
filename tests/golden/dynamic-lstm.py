"""
Writes dynamic-lstm.json: what ONNX Runtime's com.microsoft:DynamicQuantizeLSTM makes of small layers.

    python -m venv v && v/bin/pip install onnx==1.23.0 onnxruntime==1.32.0 numpy
    v/bin/python tests/golden/dynamic-lstm.py

One thread: with more, ONNX Runtime quantizes the states of a batch in parts. Weights are small enough that its 16-bit sums do not saturate on processors without
VNNI either. Where Y is not asked for, its rows that have ended still widen the range of the others; every case asks for Y. A row of no steps
keeps its state here and gets zeros there: lengths start at 1.
"""
import base64, json, os
import numpy as np
import onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(20813)
b64 = lambda a: base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()
DIRECTIONS = ["forward", "reverse", "bidirectional"]
#: names, and whether both sides compute them without approximation
ACTIVATIONS = [(["Relu", "LeakyRelu", "Relu"], True), (["LeakyRelu", "Relu", "LeakyRelu"], True), (["Sigmoid", "Tanh", "Tanh"], False)]


def weights(dirs, k, n, dtype, per_channel):
    """Codes of 7 bits around the middle, float scales, zero points that ONNX Runtime takes: constant, and 0 for per-channel int8."""
    signed = dtype == np.int8
    middle = 0 if signed or not per_channel else int(rng.integers(120, 136))
    if not per_channel and rng.integers(2): middle += int(rng.integers(-5, 6))
    if not signed and middle < 60: middle += 128
    codes = (rng.integers(-60, 61, (dirs, k, n)) + middle).clip(-128 if signed else 0, 127 if signed else 255).astype(dtype)
    shape = [dirs, n] if per_channel else [dirs]
    return codes, rng.uniform(0.0005, 0.004, shape).astype(np.float32), np.full(shape, middle, dtype)


def case(i):
    dirs_name = DIRECTIONS[i % 3]
    dirs = 2 if dirs_name == "bidirectional" else 1
    activations, exact = ACTIVATIONS[i // 3 % 3]
    steps, batch = int(rng.integers(1, 6)), int(rng.choice([1, 1, 2, 5]))
    inputs, hidden = int(rng.choice([1, 3, 8, 13])), int(rng.choice([1, 4, 7, 16]))
    per_channel, dtype = bool(i % 2), [np.int8, np.uint8][i // 2 % 2]
    w, ws, wz = weights(dirs, inputs, 4 * hidden, dtype, per_channel)
    r, rs, rz = weights(dirs, hidden, 4 * hidden, dtype, per_channel)
    f = lambda *dims: rng.normal(0, 1, dims).astype(np.float32)
    attributes = {"hidden_size": hidden, "direction": dirs_name, "activations": activations * dirs}
    if exact: attributes["activation_alpha"] = [0.25] * sum(a == "LeakyRelu" for a in activations * dirs)
    if i % 5 == 0: attributes["clip"] = 0.75
    feeds, constants = {"X": f(steps, batch, inputs)}, {"W": w, "R": r, "ws": ws, "wz": wz, "rs": rs, "rz": rz}
    if i % 4 < 3: constants["B"] = f(dirs, 8 * hidden)
    if i % 3 < 2: feeds["h"], feeds["c"] = f(dirs, batch, hidden), f(dirs, batch, hidden)
    if i % 7 == 3: constants["P"] = f(dirs, 3 * hidden)
    if i % 4 == 1: feeds["lengths"] = rng.integers(1, steps + 1, batch).astype(np.int32)
    known = {**feeds, **constants}
    order = ["X", "W", "R", "B", "lengths", "h", "c", "P", "ws", "wz", "rs", "rz"]
    node = helper.make_node("DynamicQuantizeLSTM", [n if n in known else "" for n in order], ["Y", "Yh", "Yc"], "lstm", domain="com.microsoft", **attributes)
    value = lambda n, a: helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
    outs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ["Y", "Yh", "Yc"]]
    graph = helper.make_graph([node], "lstm", [value(n, a) for n, a in feeds.items()], outs, [numpy_helper.from_array(a, n) for n, a in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)], ir_version=10).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    results = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    tensor = lambda a: {"dtype": str(a.dtype), "dims": list(a.shape), "data": b64(a)}
    name = f"{dirs_name} {activations[0]} {np.dtype(dtype)} {'per channel' if per_channel else 'per direction'} {[steps, batch, inputs, hidden]} {sorted(set(known) & {'B', 'P', 'h', 'lengths'})}"
    return {"name": name, "exact": exact, "model": b64(np.frombuffer(model, np.uint8)), "feeds": {n: tensor(a) for n, a in feeds.items()},
            "outputs": {n: tensor(a) for n, a in zip(["Y", "Yh", "Yc"], results)}}


cases = [case(i) for i in range(72)]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dynamic-lstm.json")
with open(path, "w") as file:
    json.dump({"madeBy": f"onnxruntime {onnxruntime.__version__}, tests/golden/dynamic-lstm.py", "cases": cases}, file, indent=0)
    file.write("\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")
