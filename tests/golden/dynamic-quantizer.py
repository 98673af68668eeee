"""
Writes dynamic-quantizer.json: what ONNX Runtime's quantize_dynamic makes of small models, and how close the real ones stay to float when it has quantized them.

    python -m venv v && v/bin/pip install onnx==1.23.0 onnxruntime==1.32.0 numpy
    v/bin/python tests/golden/dynamic-quantizer.py ../shared/data

One thread. Real models: quantized with the op types that Octavo quantizes (ConvInteger makes Silero useless: 433 of 1875 decisions), per tensor and per channel.
Every weight there has the codes that quantizeDynamic gives it. The speech is cut as the recipes say: 512 samples and 64 before them for Silero, frames of 512 every 128 for DTLN, whose second stage gets the samples themselves.
"""
import base64, gzip, hashlib, io, json, logging, os, sys, tempfile, wave
import numpy as np
import onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

logging.disable(logging.WARNING)
rng = np.random.default_rng(20813)
work = tempfile.mkdtemp()
b64 = lambda a: base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()
tensor = lambda a: {"dtype": str(a.dtype), "dims": list(a.shape), "data": b64(a)}
normal = lambda *dims: rng.normal(0, 1, dims).astype(np.float32)


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def quantized(path, **options):
    made = os.path.join(work, "q.onnx")
    quantize_dynamic(path, made, op_types_to_quantize=["MatMul", "Gemm", "LSTM"], extra_options={"EnableSubgraph": True}, **options)
    return onnx.load(made)


def small(name, nodes, constants, feeds, outputs, exact, **options):
    value = lambda n, a: helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape)
    outs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    graph = helper.make_graph(nodes, name, [value(n, a) for n, a in feeds.items()], outs, [numpy_helper.from_array(a, n) for n, a in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    path = os.path.join(work, "f.onnx")
    onnx.save(model, path)
    made = quantized(path, **options)
    results = session(made.SerializeToString()).run(None, feeds)
    names = {"per_channel": "perChannel", "reduce_range": "reduceRange", "weight_type": "weightType"}
    given = {names[k]: {QuantType.QInt8: "int8", QuantType.QUInt8: "uint8"}.get(v, v) for k, v in options.items()}
    return {"name": name, "options": {"perChannel": False, **given}, "exact": exact, "model": b64(np.frombuffer(model.SerializeToString(), np.uint8)), "feeds": {n: tensor(a) for n, a in feeds.items()},
            "ops": [n.op_type for n in made.graph.node], "outputs": {n: tensor(a) for n, a in zip(outputs, results)},
            "constants": [tensor(numpy_helper.to_array(i)) for i in made.graph.initializer]}


def products(**options):
    """A MatMul, two Gemms with a bias, one of them transposed, and one activation for two of them."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"], "matmul"), helper.make_node("Gemm", ["a", "v", "b"], ["c"], "gemm", transB=1), helper.make_node("Gemm", ["a", "u", "d"], ["e"], "gemm2"),
             helper.make_node("Relu", ["e"], ["y"], "relu")]
    return small(f"products {options}", nodes, {"w": normal(7, 12), "v": normal(5, 12), "b": normal(5), "u": normal(12, 3), "d": normal(3)}, {"x": normal(4, 7)}, ["c", "y"], True, **options)


def recurrent(direction, **options):
    dirs = 2 if direction == "bidirectional" else 1
    node = helper.make_node("LSTM", ["x", "w", "r", "b", "", "h", "c"], ["y", "yh", "yc"], "lstm", hidden_size=6, direction=direction)
    constants = {"w": normal(dirs, 24, 5) / 3, "r": normal(dirs, 24, 6) / 3, "b": normal(dirs, 48)}
    return small(f"{direction} {options}", [node], constants, {"x": normal(4, 2, 5), "h": normal(dirs, 2, 6), "c": normal(dirs, 2, 6)}, ["y", "yh", "yc"], False, **options)


cases = [products(), products(per_channel=True), products(reduce_range=True), products(per_channel=True, reduce_range=True), products(weight_type=QuantType.QUInt8),
         products(weight_type=QuantType.QUInt8, per_channel=True), products(weight_type=QuantType.QUInt8, reduce_range=True)]
for direction in ["forward", "reverse", "bidirectional"]:
    for options in [{}, {"per_channel": True}, {"per_channel": True, "reduce_range": True}]:
        cases.append(recurrent(direction, **options))


def speech(data):
    with gzip.open(os.path.join(data, "datasets/audio/silero_test_60s.wav.gz")) as f:
        sound = wave.open(io.BytesIO(f.read()))
    return np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float32) / 32768


def silero(model, samples):
    run, state, before, out = session(model), np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32), []
    for i in range(0, len(samples) - 511, 512):
        chunk = samples[i:i + 512]
        y, state = run.run(["output", "stateN"], {"input": np.concatenate([before, chunk])[None], "state": state, "sr": np.array(16000, np.int64)})
        before = chunk[-64:]
        out.append(y.ravel())
    return np.concatenate(out)


def dtln(model, samples):
    run, state, out = session(model), np.zeros((1, 2, 128, 2), np.float32), []
    first, second = [i.name for i in run.get_inputs()]
    for i in range(0, len(samples) - 511, 128):
        frame = samples[i:i + 512]
        x = np.abs(np.fft.rfft(frame)).astype(np.float32) if first == "input_2" else frame
        y, state = run.run(None, {first: x[None, None], second: state})
        out.append(y.ravel())
    return np.concatenate(out)


def constants(graph):
    yield from map(numpy_helper.to_array, graph.initializer)
    for attribute in (a for node in graph.node for a in node.attribute if a.type == onnx.AttributeProto.GRAPH):
        yield from constants(attribute.g)


def closeness(run, a, b):
    if run is silero: return {"equal": int(((a > 0.5) == (b > 0.5)).sum()), "decisions": len(a)}
    a, b = a.astype(float), b.astype(float)
    return {"sqnr": round(float(10 * np.log10((a * a).sum() / ((a - b) ** 2).sum())), 2)}


models = []
data = sys.argv[1]
samples = speech(data)
for file, run in [("silero_vad_16k_op15", silero), ("silero_vad_op18_ifless", silero), ("dtln_model_1", dtln), ("dtln_model_2", dtln)]:
    path = os.path.join(data, "models/onnx-float", f"{file}.onnx")
    reference = run(path, samples)
    for per_channel in [False, True]:
        made = quantized(path, per_channel=per_channel)
        codes = sorted(hashlib.sha256(a.tobytes()).hexdigest()[:16] for a in constants(made.graph) if a.dtype == np.int8 and a.ndim > 1 and a.any())
        models.append({"file": file, "perChannel": per_channel, **closeness(run, reference, run(made.SerializeToString(), samples)), "codes": codes})
        print(models[-1])

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dynamic-quantizer.json")
with open(path, "w") as file:
    json.dump({"madeBy": f"onnxruntime {onnxruntime.__version__}, tests/golden/dynamic-quantizer.py", "cases": cases, "models": models}, file, indent=0)
    file.write("\n")
print(len(cases), "cases,", os.path.getsize(path), "bytes")
