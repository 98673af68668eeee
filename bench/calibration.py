"""
ONNX Runtime's calibration of one model, one thread, one method; prints a JSON line.

    python calibration.py MODEL INPUTS METHOD [COUNT]

INPUTS   a .npy of preprocessed samples along its first axis, or a .json list of pictures, which are then preprocessed as bench/calibration.ts says
METHOD   MinMax, Percentile or Entropy, with ONNX Runtime's defaults
"""
import contextlib
import json
import os
import sys
import tempfile
import time

import numpy
import onnxruntime
from onnxruntime.quantization.calibrate import CalibrationDataReader, CalibrationMethod, create_calibrator
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry


def samples(path):
    if path.endswith(".npy"):
        data = numpy.load(path)
        for i in range(len(data)):
            yield data[i : i + 1]
        return
    from PIL import Image

    for picture in json.load(open(path)):
        image = Image.open(picture).convert("RGB")
        short = min(image.size)
        width, height = (int(256 * side / short) for side in image.size)
        image = image.resize((width, height), Image.BILINEAR)
        left, top = (width - 224) // 2, (height - 224) // 2
        bgr = numpy.asarray(image.crop((left, top, left + 224, top + 224)), numpy.float32)[:, :, ::-1]
        yield numpy.ascontiguousarray((bgr - numpy.float32([104, 117, 123])).transpose(2, 0, 1)[None])


class Reader(CalibrationDataReader):
    def __init__(self, name, path):
        self.name, self.samples = name, samples(path)

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {self.name: sample}


def one_thread(calibrator):
    """The session that create_calibrator opens, as it opens it, but on one thread."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    calibrator.infer_session = onnxruntime.InferenceSession(calibrator.augmented_model_path, sess_options=options, providers=["CPUExecutionProvider"])
    return calibrator.infer_session.get_inputs()[0].name


def main(model, inputs, method):
    types = list({*QDQRegistry, *QLinearOpsRegistry})
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        start = time.perf_counter()
        calibrator = create_calibrator(model, types, os.path.join(folder, "augmented.onnx"), CalibrationMethod[method])
        name = one_thread(calibrator)
        if inputs.endswith(".npy"):
            reading = time.perf_counter()
            numpy.load(inputs)
            start += time.perf_counter() - reading
        calibrator.collect_data(Reader(name, inputs))
        ranges = calibrator.compute_data()
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "values": len(ranges.keys()), "onnxruntime": onnxruntime.__version__, "numpy": numpy.__version__}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
