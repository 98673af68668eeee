"""
Writes resnet20.json: the published ResNet-20 quantized statically by PyTorch: scales and zero points of every layer, hashes of weights and of the codes that every layer gives.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/resnet20.py resnet20-12fca82f.th IMAGES     (IMAGES: raw bytes of images of CIFAR-10, [n, 32, 32, 3])
"""
import base64, hashlib, json, os, sys, warnings

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.ao.nn.quantized as nnq
import torch.ao.quantization as q

warnings.simplefilter("ignore")
torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, fro, to):
        super().__init__()
        self.more = (to - fro) // 2
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(fro, to, 3, stride=1 if to == fro else 2, padding=1, bias=False), nn.BatchNorm2d(to), nn.ReLU()
        self.conv2, self.bn2, self.skip = nn.Conv2d(to, to, 3, padding=1, bias=False), nn.BatchNorm2d(to), nnq.FloatFunctional()
        self.widen = nnq.FloatFunctional()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if self.more:
            x = x[:, :, ::2, ::2]
            zeros = self.widen.mul_scalar(x, 0.0)
            half = zeros[:, : self.more]
            x = self.widen.cat([half, x, half], 1)
        return self.skip.add_relu(y, x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = q.QuantStub(), q.DeQuantStub()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        stage = lambda fro, to: nn.Sequential(Block(fro, to), Block(to, to), Block(to, to))
        self.layer1, self.layer2, self.layer3, self.linear = stage(16, 16), stage(16, 32), stage(32, 64), nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.relu1(self.bn1(self.conv1(self.quant(x)))))))
        return self.dequant(self.linear(x.mean([2, 3])))


path, images = sys.argv[1:]
state = {k.removeprefix("module."): v for k, v in torch.load(path, map_location="cpu")["state_dict"].items()}
bytes_ = np.fromfile(images, np.uint8).reshape(-1, 32, 32, 3)
mean, std = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
x = (torch.from_numpy(bytes_).permute(0, 3, 1, 2).contiguous().float() / 255 - mean) / std
sha = lambda t: hashlib.sha256(np.ascontiguousarray(t.contiguous().numpy()).tobytes()).hexdigest()[:32]


def flow(engine):
    torch.backends.quantized.engine = engine
    model = ResNet20().eval()
    model.load_state_dict(state, strict=False)
    blocks = [f"layer{s}.{i}" for s in (1, 2, 3) for i in range(3)]
    model = q.fuse_modules(model, [["conv1", "bn1", "relu1"]] + [g for b in blocks for g in ([f"{b}.conv1", f"{b}.bn1", f"{b}.relu1"], [f"{b}.conv2", f"{b}.bn2"])])
    model.qconfig = q.get_default_qconfig(engine)
    prepared = q.prepare(model)
    for batch in x.split(4): prepared(batch)
    made, layers = q.convert(prepared), []
    for name, m in made.named_modules():
        if isinstance(m, nnq.QFunctional): m.activation_post_process.register_forward_hook(lambda _, i, o, name=name: layers.append((name, o)))
        elif hasattr(m, "scale") or name == "dequant": m.register_forward_hook(lambda _, i, o, name=name: layers.append((name, o)))
    logits = made(x[:2])
    outputs = {k: [v.item() for v in (s, made.state_dict()[k[:-5] + "zero_point"])] for k, s in made.state_dict().items() if k.endswith("scale")}
    weights = {n: sha(m.weight().int_repr()) for n, m in made.named_modules() if callable(getattr(m, "weight", None))}
    rows = lambda o: o.flatten()[:24].int_repr().tolist()
    return {"engine": engine, "outputs": outputs, "weights": weights, "logits": logits.flatten().tolist(),
            "layers": [{"path": n, "dims": list(o.shape), "sha256": sha(o.int_repr()), "first": rows(o)} for n, o in layers if o.is_quantized]}


golden = {"torch": torch.__version__, "images": base64.b64encode(bytes_.tobytes()).decode(), "flows": [flow("fbgemm"), flow("qnnpack")]}
out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resnet20.json")
with open(out, "w") as file: file.write(json.dumps(golden, separators=(",", ":")) + "\n")
print(os.path.getsize(out), [len(f["layers"]) for f in golden["flows"]], [l["path"] for l in golden["flows"][0]["layers"]][:14], golden["flows"][0]["logits"][:10])
