"""Trains the digit classifier of examples/digits and writes it as float and as int8 ONNX. Called by tools/train-digits.mjs: FOLDER SIZE OUT"""
import os, sys
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn

FOLDER, SIZE, OUT = sys.argv[1], int(sys.argv[2]), sys.argv[3]
EPOCHS, BATCH = 8, 128
torch.manual_seed(0)


def load(name):
    pixels = np.fromfile(os.path.join(FOLDER, f"{name}.pixels"), np.uint8).reshape(-1, 1, SIZE, SIZE)
    return torch.tensor(pixels).float() / 255, torch.tensor(np.fromfile(os.path.join(FOLDER, f"{name}.labels"), np.uint8)).long()


def train():
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * (SIZE // 4) ** 2, 10))
    images, labels = load("train")
    steps = EPOCHS * (len(images) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH)[: len(images) // BATCH]:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimizer.step()
            schedule.step()
    images, labels = load("test")
    with torch.no_grad():
        print(f"float: {(net(images).argmax(1) == labels).float().mean():.4f} of {len(labels)} right")
    return net


def to_onnx(net):
    conv1, conv2, linear = net[0], net[3], net[7]
    tensors = {"conv1.weight": conv1.weight, "conv1.bias": conv1.bias, "conv2.weight": conv2.weight, "conv2.bias": conv2.bias, "linear.weight": linear.weight, "linear.bias": linear.bias}
    conv = lambda i, x: [
        helper.make_node("Conv", [x, f"conv{i}.weight", f"conv{i}.bias"], [f"conv{i}"], f"conv{i}", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", [f"conv{i}"], [f"relu{i}"], f"relu{i}"),
        helper.make_node("MaxPool", [f"relu{i}"], [f"pool{i}"], f"pool{i}", kernel_shape=[2, 2], strides=[2, 2]),
    ]
    nodes = [*conv(1, "image"), *conv(2, "pool1"), helper.make_node("Flatten", ["pool2"], ["flat"], "flatten"),
             helper.make_node("Gemm", ["flat", "linear.weight", "linear.bias"], ["scores"], "linear", transB=1), helper.make_node("Softmax", ["scores"], ["probabilities"], "softmax", axis=1)]
    graph = helper.make_graph(nodes, "digits", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, SIZE, SIZE])], [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])],
                              [numpy_helper.from_array(t.detach().numpy(), name) for name, t in tensors.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tools/train-digits.py")
    onnx.checker.check_model(model)
    return model


class Drawings(CalibrationDataReader):
    def __init__(self):
        self.batches = iter(load("calibrate")[0].split(50))

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"image": batch.numpy()}


def check(path):
    import onnxruntime

    images, labels = load("test")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    right = (session.run(None, {"image": images.numpy()})[0].argmax(1) == labels.numpy()).mean()
    print(f"{os.path.basename(path)}: {os.path.getsize(path)} bytes, {right:.4f} right")


float_path, int8_path = os.path.join(OUT, "digits-float.onnx"), os.path.join(OUT, "digits-int8.onnx")
onnx.save(to_onnx(train()), float_path)
quantize_static(float_path, int8_path, Drawings(), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=["Conv", "Relu", "MaxPool", "Flatten", "Reshape", "Gemm"])
for path in (float_path, int8_path):
    check(path)
