"""PyTorch's side of bench/eager.mjs: prepare and 100 calibration batches of ResNet-20, one thread; prints a JSON line."""
import json
import time
import warnings

import torch
import torch.ao.nn.quantized as nnq
import torch.ao.quantization as q
import torch.nn as nn

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(1)


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.more = (b - a) // 2
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(a, b, 3, 2 if self.more else 1, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()
        self.conv2, self.bn2, self.sum = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b), nnq.FloatFunctional()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if self.more:
            x = x[:, :, ::2, ::2]
            none = torch.zeros(x.shape[0], self.more, *x.shape[2:])
            x = torch.cat([none, x, none], 1)
        return self.sum.add_relu(y, x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.conv1, self.bn1, self.relu1 = q.QuantStub(), nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        stage = lambda a, b: nn.Sequential(Block(a, b), Block(b, b), Block(b, b))
        self.layer1, self.layer2, self.layer3 = stage(16, 16), stage(16, 32), stage(32, 64)
        self.linear, self.dequant = nn.Linear(64, 10), q.DeQuantStub()

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.relu1(self.bn1(self.conv1(self.quant(x)))))))
        return self.dequant(self.linear(x.mean([2, 3])))


groups = [["conv1", "bn1", "relu1"]]
for stage in (1, 2, 3):
    for block in range(3):
        p = f"layer{stage}.{block}."
        groups += [[p + "conv1", p + "bn1", p + "relu1"], [p + "conv2", p + "bn2"]]
model = q.fuse_modules(Net().eval(), groups)
model.qconfig = q.get_default_qconfig("fbgemm")
batches = [torch.randn(16, 3, 32, 32) for _ in range(100)]
with torch.no_grad():
    start = time.perf_counter()
    prepared = q.prepare(model)
    for batch in batches:
        prepared(batch)
    seconds = time.perf_counter() - start
print(json.dumps({"version": torch.__version__, "calibration": seconds * 1000}))
