"""Public names of PyTorch's eager quantization, by module.   python torch-names.py > torch-names.json   (PyTorch 2.13)"""
import importlib, json, warnings

warnings.simplefilter("ignore")
import torch

MODULES = [
    "torch.ao.quantization", "torch.ao.quantization.observer", "torch.ao.quantization.fake_quantize", "torch.ao.quantization.qconfig", "torch.ao.quantization.quantize",
    "torch.ao.quantization.quantization_mappings", "torch.ao.quantization.fuser_method_mappings", "torch.ao.quantization.stubs", "torch.ao.quantization.utils",
    "torch.ao.nn.quantized", "torch.ao.nn.quantized.functional", "torch.ao.nn.quantized.dynamic", "torch.ao.nn.qat", "torch.ao.nn.qat.dynamic", "torch.ao.nn.intrinsic",
    "torch.ao.nn.intrinsic.qat", "torch.ao.nn.intrinsic.quantized", "torch.ao.nn.intrinsic.quantized.dynamic", "torch.ao.nn.quantizable", "torch.ao.ns._numeric_suite", "torch.nn.utils.fusion",
]
# Of torch itself only what the table may name.
TORCH = "quantize_per_tensor quantize_per_channel quantize_per_tensor_dynamic dequantize int_repr q_scale q_zero_point q_per_channel_scales q_per_channel_zero_points q_per_channel_axis " \
        "fake_quantize_per_tensor_affine fake_quantize_per_channel_affine _choose_qparams_per_tensor _make_per_tensor_quantized_tensor _make_per_channel_quantized_tensor load save manual_seed".split()


def names(path):
    module = importlib.import_module(path)
    return sorted(n for n in set(dir(module)) | set(getattr(module, "__all__", ())) if (not n.startswith("__")) and hasattr(module, n) and type(getattr(module, n)).__name__ != "module")


legacy = importlib.import_module("torch.quantization")
found = {path: names(path) for path in MODULES}
found["torch"] = [n for n in TORCH if hasattr(torch, n)]
found["torch.Tensor"] = [n for n in "int_repr q_scale q_zero_point q_per_channel_scales q_per_channel_zero_points q_per_channel_axis qscheme dequantize is_quantized".split() if hasattr(torch.Tensor, n)]
found["torch.backends.quantized"] = [n for n in ("engine", "supported_engines") if hasattr(torch.backends.quantized, n)]
# What the older path torch.quantization still has.
found["torch.quantization"] = sorted(n for n in dir(legacy) if not n.startswith("_") and hasattr(legacy, n))
lines = ",\n".join(f"{json.dumps(path)}:{json.dumps(' '.join(n))}" for path, n in found.items())
print(f'{{"torch":{json.dumps(torch.__version__)},"modules":{{\n{lines}}}}}')
