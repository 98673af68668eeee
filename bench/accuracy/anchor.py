"""Quantizes models with ONNX Runtime's own quantizer, on calibration data that Octavo prepared.

    python anchor.py JOBS.json > results, one JSON object a line

JOBS.json is a list of {"name", "model", "kind": "static" | "dynamic", "feeds", "out"}: `feeds` is a folder with one
INPUT.npy for each input, samples along a first axis of its own; `out` is the folder that the quantized models go to.
Needs: pip install onnx onnxruntime sympy
"""
import json
import logging
import os
import sys
import tempfile
import time
import warnings

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

METHODS = {"MinMax": CalibrationMethod.MinMax, "Entropy": CalibrationMethod.Entropy, "Percentile": CalibrationMethod.Percentile}
# A DequantizeLinear with an axis, which scales per channel need, exists from this opset on.
OPSET = 17
# The histogram calibrators hold every activation of a stretch of samples at once.
STRETCH_BYTES = 32 * 2**20
STRETCH_SAMPLES = 20


class Feeds(CalibrationDataReader):
    """Samples of a folder of arrays, one by one."""

    def __init__(self, folder):
        files = [f for f in os.listdir(folder) if f.endswith(".npy")]
        self.arrays = {f[: -len(".npy")]: np.load(os.path.join(folder, f), mmap_mode="r") for f in files}
        self.set_range(0, len(self))

    def __len__(self):
        return len(next(iter(self.arrays.values())))

    def set_range(self, start_index, end_index):
        self.at, self.end = start_index, end_index

    def get_next(self):
        if self.at >= self.end:
            return None
        self.at += 1
        return {name: np.ascontiguousarray(array[self.at - 1]) for name, array in self.arrays.items()}

    def stretch(self):
        """Samples to calibrate in one go: all where they are small, else the largest divisor of their number that is small enough."""
        if sum(a.nbytes for a in self.arrays.values()) <= STRETCH_BYTES:
            return len(self)
        return max(d for d in range(1, STRETCH_SAMPLES + 1) if len(self) % d == 0)


def first_line(error):
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def prepared(path, folder):
    """The float model as the quantizer's guide wants it: a newer opset, shapes inferred, optimised. Falls back to the model itself."""
    model = onnx.load(path)
    version = max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    notes = []
    if version < OPSET:
        try:
            # Old files list weights among the inputs, which the optimiser then must not fold.
            weights = {i.name for i in model.graph.initializer}
            inputs = [i for i in model.graph.input if i.name not in weights]
            model = onnx.version_converter.convert_version(model, OPSET)
            del model.graph.input[:]
            model.graph.input.extend(inputs)
            notes.append(f"opset {version} converted to {OPSET}")
        except Exception as error:  # noqa: BLE001: whatever the converter cannot do, the model is tried as it is
            notes.append(f"opset {version} kept: {first_line(error)}")
    source, target = os.path.join(folder, "source.onnx"), os.path.join(folder, "prepared.onnx")
    onnx.save(model, source)
    for options in ({}, {"skip_symbolic_shape": True}):
        try:
            quant_pre_process(source, target, **options)
            return target, notes + [f"quant_pre_process {k}" for k in options]
        except Exception as error:  # noqa: BLE001
            failure = first_line(error)
    return source, notes + [f"not pre-processed: {failure}"]


def static(job, model, notes):
    for name, method in METHODS.items():
        feeds = Feeds(job["feeds"])
        out = os.path.join(job["out"], f"{job['name']}.{name}.onnx")
        options = {"CalibStridedMinMax": feeds.stretch()}
        start = time.perf_counter()
        try:
            quantize(model, out, feeds, method, options)
        except ValueError:
            # Its adjustment of small bias scales fails on a Gemm whose weight has scales per channel; without it the model quantizes.
            feeds.set_range(0, len(feeds))
            start = time.perf_counter()
            quantize(model, out, feeds, method, options | {"QDQDisableWeightAdjustForInt32Bias": True})
            notes.append(f"{name}: QDQDisableWeightAdjustForInt32Bias")
        yield name, out, time.perf_counter() - start


def quantize(model, out, feeds, method, options):
    quantize_static(
        model, out, feeds, quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=method, extra_options=options)


def dynamic(job, model, _notes):
    for name, options in {"dynamic": {}, "dynamic, per channel": {"per_channel": True}}.items():
        out = os.path.join(job["out"], f"{job['name']}.{name}.onnx")
        start = time.perf_counter()
        quantize_dynamic(model, out, weight_type=QuantType.QInt8, **options)
        yield name, out, time.perf_counter() - start


def say(**line):
    print(json.dumps(line), flush=True)


def main(path):
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    say(versions={"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__, "python": sys.version.split()[0]})
    with open(path, encoding="utf8") as file:
        jobs = json.load(file)
    for job in jobs:
        with tempfile.TemporaryDirectory() as folder:
            model, notes = prepared(job["model"], folder)
            try:
                for method, out, seconds in (static if job["kind"] == "static" else dynamic)(job, model, notes):
                    say(name=job["name"], method=method, path=out, seconds=round(seconds, 2), notes=notes)
            except Exception as error:  # noqa: BLE001: the table says which model the quantizer cannot do
                say(name=job["name"], method="failed", error=first_line(error), notes=notes)


if __name__ == "__main__":
    main(sys.argv[1])
