"""
Writes optim.json: parameters and state after each step of torch.optim's loops over one tensor, and learning rates over schedules.

    python -m venv v && v/bin/pip install torch==2.13.0 numpy
    v/bin/python tests/golden/optim.py

One thread, AVX2. Numbers are made from a seed; results are the first 16 hex digits of SHA-256 over float32 little-endian bytes.
"""
import hashlib, json, os

os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
import numpy as np
import torch

torch.set_num_threads(1)


def data(seed, count, scale):
    x, out = seed & 0xFFFFFFFF, np.empty(count)
    for i in range(count):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        out[i] = (x / 2**32 - 0.5) * scale
    return torch.from_numpy(out.astype(np.float32))


sha = lambda t: hashlib.sha256(np.ascontiguousarray(t.detach().numpy().astype("<f4")).tobytes()).hexdigest()[:16]
OPTIONS = [("SGD", o) for o in ({"lr": 0.1}, {"lr": 0.03, "weight_decay": 0.01}, {"lr": 0.1, "momentum": 0.9}, {"lr": 0.01, "momentum": 0.9, "dampening": 0.3, "weight_decay": 1e-3},
                                {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 5e-4}, {"lr": 0.02, "momentum": 0.5, "maximize": True})]
cases = []
for kind, options in OPTIONS:
    for count in (1, 7, 50, 70001):
        scale = 1e-3 if count == 7 else 2.0
        p = torch.nn.Parameter(data(11, count, 1.0))
        opt, steps = getattr(torch.optim, kind)([p], **options), []
        for i in range(6):
            p.grad = data(100 + i, count, scale)
            opt.step()
            steps.append({"param": sha(p), **{k: sha(v) for k, v in opt.state_dict()["state"].get(0, {}).items() if v is not None}})
        cases.append({"kind": kind, "options": options, "count": count, "scale": scale, "steps": steps, "group": opt.state_dict()["param_groups"][0]})
L, schedules = torch.optim.lr_scheduler, []
for name, args, make in (("StepLR", [3, 0.5], lambda o: L.StepLR(o, 3, 0.5)), ("StepLR", [1], lambda o: L.StepLR(o, 1)), ("MultiStepLR", [[2, 5, 5, 9], 0.3], lambda o: L.MultiStepLR(o, [2, 5, 5, 9], 0.3)),
                         ("CosineAnnealingLR", [7, 0.001], lambda o: L.CosineAnnealingLR(o, 7, 0.001)), ("CosineAnnealingLR", [20], lambda o: L.CosineAnnealingLR(o, 20)), ("LambdaLR", [0.95], lambda o: L.LambdaLR(o, lambda e: 0.95**e))):
    opt = torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))]}, {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.3}], lr=0.1)
    s, rates = make(opt), []
    for _ in range(30):
        rates.append(s.get_last_lr())
        opt.step()
        s.step()
    schedules.append({"name": name, "args": args, "rates": rates})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.json")
with open(path, "w") as file:
    file.write(json.dumps({"torch": torch.__version__})[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + '\n], "schedules": [\n' + ",\n".join(json.dumps(s) for s in schedules) + "\n]}\n")
print(os.path.getsize(path), len(cases))
