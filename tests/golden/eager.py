"""
Writes eager.json: what PyTorch's float modules and functions give, how they print and what they refuse.

    python tests/golden/eager.py            (torch 2.13.0; the version is kept in the file)

Arguments are written as the TypeScript side takes them: positions, then an object of camelCase names. Tensors are {s: shape, t: dtype, b: base64 of
little-endian elements}; every case begins from a seed of its own, so that adding one changes no other.
"""
import base64, json, pathlib, re, warnings
import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings('ignore')
torch.set_num_threads(1)
NAMES = {torch.float32: 'float32', torch.float64: 'float64', torch.int64: 'int64', torch.int32: 'int32', torch.bool: 'bool', torch.uint8: 'uint8'}
camel = lambda name: re.sub(r'_([a-z0-9])', lambda m: m.group(1).upper(), name)


def encode(value):
    if isinstance(value, torch.Tensor):
        t = value.detach().contiguous()
        return {'s': list(t.shape), 't': NAMES[t.dtype], 'b': base64.b64encode(t.numpy().tobytes()).decode()}
    if isinstance(value, (tuple, list)):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        return {camel(k): encode(v) for k, v in value.items()}
    if isinstance(value, float) and value in (float('inf'), float('-inf')):
        return {'inf': 1 if value > 0 else -1}
    return value


def flat(value):
    return [t for v in value for t in flat(v)] if isinstance(value, (tuple, list)) else [] if value is None else [value]


cases = {'modules': [], 'functions': [], 'reprs': [], 'inits': [], 'errors': [], 'random': []}
seeds = iter(range(1, 100000))


def randomise(module):
    """Weights that show every mistake: norms' ones and zeros as well."""
    for name, t in list(module.named_parameters()) + list(module.named_buffers()):
        if not t.is_floating_point(): continue
        t.data.uniform_(0.5, 1.5) if name.endswith(('weight', 'running_var')) and t.dim() == 1 else t.data.uniform_(-0.6, 0.6)


def module(name, args, inputs, train=False, tol=None, last=False, times=1, **kwargs):
    torch.manual_seed(next(seeds))
    m = getattr(nn, name)(*args, **kwargs)
    randomise(m)
    m.train(train)
    state = {k: encode(v.clone()) for k, v in m.state_dict().items()}
    inputs = inputs() if callable(inputs) else inputs
    given = encode(list(inputs))
    with torch.no_grad():
        for _ in range(times): out = m(*inputs)
    case = {'name': name, 'args': encode(list(args)) + ([encode(kwargs)] if kwargs else []), 'train': train, 'state': state, 'inputs': given, 'outputs': encode(flat(out)), 'repr': repr(m)}
    if train and any(True for _ in m.buffers()): case['after'] = {k: encode(v.clone()) for k, v in m.state_dict().items()}
    if tol: case['tol'] = tol
    if last: case['last'] = True
    if times > 1: case['times'] = times
    cases['modules'].append(case)


def function(name, args, tol=None, owner=F, **kwargs):
    torch.manual_seed(next(seeds))
    args = args() if callable(args) else args
    given = encode(list(args))
    named = {k: v() if callable(v) else v for k, v in kwargs.items()}
    with torch.no_grad(): out = getattr(owner, name)(*args, **named)
    case = {'name': camel(name), 'args': given + ([encode(named)] if named else []), 'outputs': encode(flat(out))}
    if tol: case['tol'] = tol
    cases['functions'].append(case)


def prints(name, *args, **kwargs):
    cases['reprs'].append({'name': name, 'args': encode(list(args)) + ([encode(kwargs)] if kwargs else []), 'repr': repr(getattr(nn, name)(*args, **kwargs))})


def refuses(name, args=(), inputs=None, kind='module', train=False, **kwargs):
    """Holds that PyTorch raises too."""
    given = encode(list(args)) + ([encode(kwargs)] if kwargs else [])
    ins = None if inputs is None else encode(list(inputs))
    try:
        if kind == 'module':
            m = getattr(nn, name)(*args, **kwargs).train(train)
            if inputs is not None: m(*inputs)
        else: getattr(F, name)(*args, **kwargs)
    except Exception as e:
        cases['errors'].append({'kind': kind, 'name': name if kind == 'module' else camel(name), 'args': given, 'inputs': ins, 'train': train, 'python': str(e).split('\n')[0][:120]})
        return
    raise SystemExit(f'PyTorch accepts {name}{args}{kwargs}')


x = lambda *shape: (lambda: [torch.randn(shape)])
r = torch.randn

# ── linear, identity, flatten
module('Linear', [5, 3], x(4, 5)); module('Linear', [5, 3], x(2, 3, 5), bias=False); module('Linear', [1, 1], x(1)); module('Linear', [17, 9], x(0, 17)); module('Linear', [3, 2], x(3)); module('Linear', [64, 33], x(7, 64))
module('Identity', [], x(2, 3)); module('Flatten', [], x(2, 3, 4)); module('Flatten', [0], x(2, 3)); module('Flatten', [1, 2], x(2, 3, 4, 5)); module('Unflatten', [1, (2, 3)], x(2, 6, 2))

# ── convolutions
module('Conv1d', [3, 5, 3], x(2, 3, 11)); module('Conv1d', [4, 6, 4], x(1, 4, 10), stride=2, padding=3, dilation=2, groups=2); module('Conv1d', [2, 2, 1], x(2, 7)); module('Conv1d', [3, 4, 4], x(2, 3, 9), padding='same'); module('Conv1d', [3, 4, 3], x(2, 3, 9), padding=2, padding_mode='circular', bias=False)
for last in (False, True):
    module('Conv2d', [3, 8, 3], x(2, 3, 9, 7), last=last); module('Conv2d', [1, 1, 1], x(1, 1, 1, 1), last=last); module('Conv2d', [6, 6, 3], x(2, 6, 8, 8), padding=1, groups=6, stride=2, last=last)
    module('Conv2d', [4, 8, (3, 1)], x(1, 4, 9, 5), stride=(2, 1), padding=(1, 0), dilation=(2, 3), groups=2, bias=False, last=last)
module('Conv2d', [3, 4, 5], x(3, 7, 6), padding=2); module('Conv2d', [2, 3, 2], x(2, 2, 5, 5), padding='same'); module('Conv2d', [2, 3, 3], x(1, 2, 5, 6), padding='valid', stride=2)
module('Conv2d', [2, 3, 3], x(1, 2, 5, 6), padding=(2, 1), padding_mode='reflect'); module('Conv2d', [2, 3, 3], x(1, 2, 5, 6), padding=(2, 1), padding_mode='replicate'); module('Conv2d', [2, 3, (4, 2)], x(1, 2, 5, 6), padding='same', padding_mode='circular')
module('Conv2d', [3, 5, 3, 2, 1], x(1, 3, 8, 8)); module('Conv2d', [16, 16, 3], x(1, 16, 6, 6), padding=1); module('Conv2d', [3, 2, 3], x(0, 3, 5, 5))
module('Conv3d', [2, 4, 3], x(1, 2, 5, 6, 4)); module('Conv3d', [2, 4, (1, 2, 3)], x(1, 2, 4, 5, 6), stride=(1, 2, 1), padding=(0, 1, 2), groups=2); module('Conv3d', [1, 2, 2], x(1, 3, 3, 3)); module('Conv3d', [2, 4, 3], x(1, 2, 5, 5, 5), last=True)
module('ConvTranspose1d', [3, 4, 3], x(2, 3, 6)); module('ConvTranspose1d', [4, 6, 4], x(1, 4, 5), stride=3, padding=2, output_padding=1, groups=2, dilation=2, bias=False); module('ConvTranspose1d', [2, 3, 2], x(2, 5))
for last in (False, True):
    module('ConvTranspose2d', [3, 4, 3], x(2, 3, 5, 4), last=last); module('ConvTranspose2d', [4, 4, (3, 2)], x(1, 4, 4, 5), stride=2, padding=(1, 0), output_padding=(1, 0), groups=4, last=last)
module('ConvTranspose2d', [3, 2, 3], x(3, 4, 4)); module('ConvTranspose2d', [2, 3, 3], x(1, 2, 4, 4), dilation=2)

# ── norms
for last in (False, True):
    module('BatchNorm2d', [5], x(3, 5, 4, 3), last=last); module('BatchNorm2d', [5], x(3, 5, 4, 3), train=True, last=last)
module('BatchNorm2d', [3], x(2, 3, 4, 4), affine=False); module('BatchNorm2d', [3], x(2, 3, 4, 4), track_running_stats=False); module('BatchNorm2d', [3], x(2, 3, 4, 4), train=True, momentum=None, times=3); module('BatchNorm2d', [3], x(2, 3, 4, 4), train=True, momentum=0.3, eps=1e-3, times=2)
module('BatchNorm1d', [4], x(5, 4)); module('BatchNorm1d', [4], x(5, 4), bias=False); module('GroupNorm', [2, 4], x(2, 4, 3), bias=False); module('BatchNorm1d', [4], x(5, 4, 3)); module('BatchNorm1d', [4], x(5, 4), train=True); module('BatchNorm1d', [4], x(1, 4, 6), train=True); module('BatchNorm3d', [2], x(2, 2, 3, 2, 2)); module('BatchNorm3d', [2], x(2, 2, 3, 2, 2), train=True)
module('LayerNorm', [6], x(3, 6)); module('LayerNorm', [(3, 4)], x(2, 3, 4), eps=1e-3); module('LayerNorm', [4], x(2, 3, 4), elementwise_affine=False); module('LayerNorm', [4], x(2, 4), bias=False); module('LayerNorm', [1], x(3, 1)); module('LayerNorm', [33], x(2, 33))
module('GroupNorm', [2, 6], x(3, 6, 4)); module('GroupNorm', [3, 6], x(2, 6, 3, 3), affine=False); module('GroupNorm', [1, 4], x(3, 4)); module('GroupNorm', [4, 4], x(1, 4, 2, 2, 2), eps=1e-2)
module('InstanceNorm1d', [3], x(2, 3, 7)); module('InstanceNorm1d', [3], x(3, 7), affine=True); module('InstanceNorm2d', [3], x(2, 3, 4, 5), affine=True); module('InstanceNorm2d', [3], x(2, 3, 4, 5), affine=True, last=True); module('InstanceNorm2d', [3], x(2, 3, 4, 5), affine=True, track_running_stats=True); module('InstanceNorm2d', [3], x(2, 3, 4, 5), train=True, track_running_stats=True, times=2); module('InstanceNorm3d', [2], x(2, 2, 3, 2, 4))

# ── activations, on values of every size and the special ones
edge = lambda: [torch.cat([torch.linspace(-9, 9, 41), torch.tensor([0.0, -0.0, 1e-30, -1e-30, 30.0, -30.0, 100.0, -100.0, 3.0, -3.0, 6.0, float('inf'), float('-inf'), float('nan')])])]
# Vectorised, GELU of infinity is NaN or not by where the element lies.
finite = lambda: [edge()[0][:-3]]
for name in ('ReLU', 'ReLU6', 'Hardswish', 'Hardsigmoid', 'Sigmoid', 'Tanh', 'GELU', 'SiLU', 'Mish', 'SELU', 'Softsign', 'ELU', 'LeakyReLU', 'Hardtanh', 'Softplus'):
    module(name, [], finite if name == 'GELU' else edge); module(name, [], x(2, 3, 2, 2), last=True); module(name, [], x(0,)); module(name, [], x())
module('GELU', [], finite, approximate='tanh'); module('ELU', [0.5], edge); module('LeakyReLU', [0.2], edge); module('LeakyReLU', [-0.3], edge); module('Hardtanh', [-2.0, 0.5], edge); module('Softplus', [2.0, 5.0], edge, tol=1e-4)
module('ReLU', [], x(3), inplace=True); module('LeakyReLU', [0.1, True], x(3)); module('ELU', [], x(3), inplace=True); module('SiLU', [True], x(3)); module('ReLU6', [], x(3), inplace=True); module('Hardtanh', [], x(3), inplace=True)
module('PReLU', [], edge); module('PReLU', [3], x(2, 3, 4)); module('PReLU', [3], x(2, 3, 2, 2), last=True); module('PReLU', [3], x(4, 3)); module('PReLU', [], x())
for dim in (0, 1, -1): module('Softmax', [dim], x(3, 4)); module('LogSoftmax', [dim], x(3, 4))
module('Softmax', [], x(2, 3)); module('Softmax', [], x(2, 3, 2)); module('Softmax', [1], x(2, 3, 2, 2), last=True); module('Softmax', [0], x()); module('Softmax', [0], lambda: [torch.tensor([1e4, 0.0, -1e4])]); module('LogSoftmax', [1], x(2, 37)); module('Softmax', [1], x(0, 3))
module('Dropout', [], x(3, 4)); module('Dropout', [0.0], x(3), train=True); module('Dropout', [1.0], x(3), train=True); module('Dropout2d', [0.3], x(1, 2, 2, 2))

# ── pools
for last in (False, True):
    module('MaxPool2d', [2], x(2, 3, 7, 6), last=last); module('MaxPool2d', [3], x(1, 2, 7, 8), stride=2, padding=1, ceil_mode=True, last=last); module('AvgPool2d', [2], x(2, 3, 7, 6), last=last); module('AvgPool2d', [3], x(1, 2, 7, 8), stride=2, padding=1, ceil_mode=True, last=last)
    module('AdaptiveAvgPool2d', [1], x(2, 3, 5, 7), last=last); module('AdaptiveAvgPool2d', [(2, 3)], x(2, 3, 4, 9), last=last); module('AdaptiveAvgPool2d', [(3, None)], x(2, 3, 7, 5), last=last); module('AdaptiveAvgPool2d', [4], x(1, 2, 6, 3), last=last)
module('MaxPool2d', [(2, 3)], x(3, 6, 7), stride=(1, 2), dilation=2); module('MaxPool2d', [2], x(2, 3, 5, 5), return_indices=True); module('MaxPool2d', [3, 2, 1], x(1, 1, 4, 4), return_indices=True, ceil_mode=True); module('MaxPool2d', [2, 3], x(1, 1, 7, 7), ceil_mode=True)
module('MaxPool1d', [3], x(2, 3, 10), stride=2); module('MaxPool1d', [2], x(3, 7), ceil_mode=True); module('MaxPool3d', [2], x(1, 2, 4, 5, 6)); module('MaxPool3d', [(1, 2, 2)], x(2, 4, 5, 6), padding=(0, 1, 1), return_indices=True)
module('AvgPool1d', [3], x(2, 3, 10), stride=2, padding=1); module('AvgPool1d', [3], x(3, 10), count_include_pad=False, padding=1, ceil_mode=True); module('AvgPool2d', [3], x(1, 2, 6, 7), padding=1, count_include_pad=False); module('AvgPool2d', [(3, 2)], x(1, 2, 6, 7), divisor_override=4); module('AvgPool2d', [3], x(1, 2, 6, 8), stride=2, padding=1, ceil_mode=True, divisor_override=5); module('AvgPool3d', [2], x(1, 2, 4, 5, 6)); module('AvgPool3d', [2], x(1, 2, 5, 5, 5), stride=2, ceil_mode=True, count_include_pad=False)
module('AdaptiveAvgPool1d', [3], x(2, 3, 8)); module('AdaptiveAvgPool1d', [1], x(3, 8)); module('AdaptiveAvgPool3d', [(1, 2, 3)], x(1, 2, 3, 5, 7)); module('AdaptiveAvgPool1d', [5], x(1, 2, 3)); module('AdaptiveMaxPool1d', [3], x(2, 3, 8)); module('AdaptiveMaxPool2d', [(2, 3)], x(2, 3, 5, 6)); module('AdaptiveMaxPool2d', [(3, None)], x(3, 7, 5)); module('AdaptiveMaxPool3d', [2], x(1, 2, 3, 4, 5))

# ── upsampling
module('Upsample', [], x(1, 2, 3, 4), scale_factor=2.0); module('Upsample', [(5, 7)], x(1, 2, 3, 4)); module('Upsample', [], x(1, 2, 3, 4), scale_factor=2.0, mode='bilinear'); module('Upsample', [], x(1, 2, 3, 4), size=(6, 9), mode='bilinear', align_corners=True); module('Upsample', [], x(1, 2, 5), scale_factor=1.7, mode='linear'); module('Upsample', [], x(1, 2, 5), scale_factor=2.3, mode='nearest')
module('Upsample', [], x(1, 1, 4, 4), scale_factor=(1.5, 2.5), mode='bicubic', tol=2e-5); module('Upsample', [], x(1, 1, 3, 4, 2), scale_factor=2.0, mode='trilinear', align_corners=True, tol=2e-5); module('Upsample', [3], x(1, 2, 7, 5), mode='bilinear'); module('UpsamplingNearest2d', [], x(1, 1, 2, 3), scale_factor=3.0); module('UpsamplingBilinear2d', [(4, 5)], x(1, 1, 2, 3)); module('Upsample', [], x(1, 2, 3, 4), scale_factor=2.0, last=True); module('Upsample', [], x(1, 2, 3, 4), size=(7, 5), mode='nearest-exact')
for n, s in ((7, 10), (10, 7), (3, 11), (13, 4), (5, 5), (1, 6)): function('interpolate', lambda n=n: [r(1, 1, n)], size=s); function('interpolate', lambda n=n: [r(1, 1, n)], size=s, mode='nearest-exact'); function('interpolate', lambda n=n: [r(1, 1, n)], size=s, mode='linear'); function('interpolate', lambda n=n: [r(1, 1, n)], size=s, mode='area')
for f in (0.5, 0.33, 1.3, 2.6, 3.0): function('interpolate', lambda: [r(1, 1, 9)], scale_factor=f); function('interpolate', lambda: [r(1, 1, 9)], scale_factor=f, mode='linear', tol=2e-5); function('interpolate', lambda: [r(1, 1, 9)], scale_factor=f, mode='linear', recompute_scale_factor=True)

# ── embeddings
ids = lambda n, *shape: (lambda: [torch.randint(0, n, shape)])
module('Embedding', [7, 3], ids(7, 2, 4)); module('Embedding', [7, 3], ids(7, 5), padding_idx=2); module('Embedding', [4, 1], ids(4)); module('Embedding', [5, 3], ids(5, 6), max_norm=0.4); module('Embedding', [5, 3], ids(5, 6), max_norm=0.4, norm_type=1.0); module('Embedding', [5, 3], ids(5, 0)); module('Embedding', [5, 2], lambda: [torch.tensor([1, 0], dtype=torch.int32)])
for mode in ('sum', 'mean', 'max'):
    module('EmbeddingBag', [8, 3], ids(8, 4, 5), mode=mode); module('EmbeddingBag', [8, 3], lambda: [torch.randint(0, 8, (7,)), torch.tensor([0, 3, 3, 6])], mode=mode); module('EmbeddingBag', [8, 3], lambda: [torch.tensor([1, 2, 2, 0, 2]), torch.tensor([0, 2, 4])], mode=mode, padding_idx=2); module('EmbeddingBag', [8, 2], lambda: [torch.randint(0, 8, (5,)), torch.tensor([0, 2, 5])], mode=mode, include_last_offset=True)
module('EmbeddingBag', [8, 3], lambda: [torch.randint(0, 8, (6,)), torch.tensor([0, 4]), torch.randn(6)], mode='sum'); module('EmbeddingBag', [8, 3], ids(8, 2, 3), max_norm=0.5)

# ── recurrent
for name in ('RNN', 'GRU', 'LSTM'):
    two = name == 'LSTM'
    state = lambda *s: (lambda a=s: (torch.randn(a), torch.randn(a)) if two else torch.randn(a))
    module(name, [3, 4], x(5, 2, 3)); module(name, [3, 4], lambda: [torch.randn(2, 5, 3), state(2, 2, 4)()], batch_first=True, num_layers=2); module(name, [3, 5], x(4, 3, 3), bidirectional=True, num_layers=2); module(name, [2, 3], x(4, 2), bias=False); module(name, [2, 3], lambda: [torch.randn(1, 2), state(1, 3)()], batch_first=True); module(name, [2, 2], x(3, 1, 2), batch_first=True, bidirectional=True); module(name, [2, 3, 2], x(3, 2, 2), dropout=0.5); module(name, [16, 16], x(6, 3, 16))
    module(name + 'Cell', [3, 4], lambda: [torch.randn(2, 3), state(2, 4)()]); module(name + 'Cell', [3, 4], x(2, 3)); module(name + 'Cell', [3, 4], x(3), bias=False)
module('RNN', [3, 4], x(5, 2, 3), nonlinearity='relu'); module('RNNCell', [3, 4], x(2, 3), nonlinearity='relu')

# ── functions
w = lambda *shape: (lambda: r(shape))
for n in (1, 2, 3): function(f'conv{n}d', lambda n=n: [r(2, 4, *[6] * n), r(6, 2, *[3] * n), r(6)], stride=2, padding=1, groups=2)
for n in (1, 2): function(f'conv_transpose{n}d', lambda n=n: [r(2, 4, *[5] * n), r(4, 3, *[3] * n), r(6)], stride=2, padding=1, groups=2, output_padding=1)
function('conv2d', lambda: [r(1, 2, 5, 5), r(3, 2, 2, 2)]); function('linear', lambda: [r(3, 4), r(2, 4)]); function('linear', lambda: [r(3, 4), r(4)]); function('linear', lambda: [r(4), r(2, 4), r(2)])
function('batch_norm', lambda: [r(3, 2, 4), r(2), torch.rand(2) + 0.5, r(2), r(2)], eps=1e-3); function('batch_norm', lambda: [r(3, 2, 4), None, None, None, None], training=True); function('layer_norm', lambda: [r(2, 3, 4), [3, 4]]); function('layer_norm', lambda: [r(2, 3), [3]], weight=w(3), bias=w(3)); function('group_norm', lambda: [r(2, 4, 3), 2, r(4), r(4)]); function('instance_norm', lambda: [r(2, 3, 5)])
for mode in ('constant', 'reflect', 'replicate', 'circular'): function('pad', lambda mode=mode: [r(1, 2, 3, 4), [1, 2, 0, 1], mode])
function('pad', lambda: [r(2, 3), [-1, 1, 1, -1], 'constant', 2.5]); function('leaky_relu', lambda: [r(3, 3), 0.3]); function('elu', lambda: [r(5), 0.7]); function('celu', lambda: [r(5), 0.7]); function('gelu', lambda: [r(5)], approximate='tanh'); function('softmax', lambda: [r(2, 3), 1]); function('log_softmax', lambda: [r(2, 3), 1]); function('prelu', lambda: [r(2, 3), r(3)]); function('dropout', lambda: [r(4)], training=False)
function('embedding', lambda: [torch.tensor([[1, 2], [0, 3]]), r(4, 3)]); function('max_pool2d', lambda: [r(1, 2, 5, 5), 2]); function('avg_pool2d', lambda: [r(1, 2, 5, 5), 2], stride=1); function('adaptive_avg_pool2d', lambda: [r(1, 2, 5, 5), [2, None]]); function('adaptive_avg_pool1d', lambda: [r(1, 2, 5), 2])
for align in (False, True):
    function('affine_grid', lambda: [r(2, 2, 3), [2, 1, 3, 4]], align_corners=align); function('affine_grid', lambda: [r(1, 3, 4), [1, 1, 2, 3, 2]], align_corners=align); function('affine_grid', lambda: [r(1, 2, 3), [1, 1, 1, 5]], align_corners=align)
    for mode in ('bilinear', 'nearest', 'bicubic'):
        for padding in ('zeros', 'border', 'reflection'): function('grid_sample', lambda: [r(2, 2, 4, 5), r(2, 3, 3, 2) * 1.3], mode=mode, padding_mode=padding, align_corners=align, tol=5e-5 if mode == 'bicubic' else 2e-5)
    function('grid_sample', lambda: [r(1, 2, 3, 4, 3), r(1, 2, 2, 2, 3)], align_corners=align)

# ── printing
prints('Linear', 2, 3, bias=False); prints('Conv2d', 1, 2, 3, 2, 1, 1, 1, True, 'reflect'); prints('Conv2d', 3, 4, (1, 3), padding='same', bias=False); prints('Conv1d', 2, 4, 3, dilation=2, groups=2); prints('ConvTranspose2d', 2, 4, 3, stride=2, output_padding=1); prints('BatchNorm2d', 4, eps=1e-3, momentum=None); prints('BatchNorm1d', 4, affine=False, track_running_stats=False); prints('BatchNorm2d', 4, bias=False); prints('LayerNorm', (2, 3), eps=1e-12, elementwise_affine=False)
prints('MaxPool2d', (3, 2), stride=2, ceil_mode=True); prints('AvgPool1d', 2); prints('AdaptiveAvgPool2d', (None, 3)); prints('Dropout', 0.25, True); prints('Embedding', 4, 3, padding_idx=-1, max_norm=1.0, norm_type=1.5, scale_grad_by_freq=True, sparse=True); prints('EmbeddingBag', 4, 3, max_norm=2.0, mode='sum', padding_idx=0); prints('LSTM', 3, 4, 2, bias=False, batch_first=True, dropout=0.1, bidirectional=True); prints('RNN', 3, 4, nonlinearity='relu'); prints('RNNCell', 3, 4, False, 'relu'); prints('Upsample', scale_factor=(2.0, 1.5), mode='bilinear'); prints('Upsample', 5); prints('Hardtanh', -0.5, 2.0, True); prints('Softplus', 2.0); prints('Softmax', -1); prints('PReLU', 4, 0.1); prints('LeakyReLU', 1e-5); prints('Identity'); prints('Sequential'); prints('ModuleList')


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_a = nn.Conv2d(3, 4, 3)
        self.body = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.many = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Sequential(nn.Tanh(), nn.Tanh()), nn.ReLU(), nn.ReLU(), nn.ReLU()])
        self.empty_list = nn.ModuleList()


cases['nested'] = {'repr': repr(Block()), 'parameters': [n for n, _ in Block().named_parameters()], 'modules': [n for n, _ in Block().named_modules()], 'state': list(Block().state_dict())}

# ── first values
for i, (name, args, kwargs) in enumerate([('Linear', [7, 5], {}), ('Conv2d', [3, 4, 3], {'groups': 1}), ('Conv1d', [4, 4, 3], {'groups': 2}), ('ConvTranspose2d', [3, 4, 2], {}), ('LSTM', [3, 4], {'num_layers': 2, 'bidirectional': True}), ('GRUCell', [3, 4], {}), ('Embedding', [6, 5], {'padding_idx': 1}), ('Embedding', [2, 3], {}), ('EmbeddingBag', [5, 3], {}), ('BatchNorm2d', [3], {}), ('PReLU', [2], {}), ('Linear', [40, 50], {})]):
    torch.manual_seed(100 + i)
    m = getattr(nn, name)(*args, **kwargs)
    cases['inits'].append({'seed': 100 + i, 'name': name, 'args': encode(args) + ([encode(kwargs)] if kwargs else []), 'state': {k: encode(v) for k, v in m.state_dict().items()}, 'order': list(m.state_dict())})

# ── random numbers of one stream
for seed in (0, 42, 2**31 + 7, 2**40 + 3, -5):
    torch.manual_seed(seed)
    cases['random'].append({'seed': seed, 'draws': [
        ['rand', [5], encode(torch.rand(5))], ['rand64', [3], encode(torch.rand(3, dtype=torch.float64))], ['randn', [3], encode(torch.randn(3))], ['randn', [40], encode(torch.randn(40))], ['randn', [16], encode(torch.randn(16))],
        ['randperm', 9, encode(torch.randperm(9))], ['randint', [3, 17, 6], encode(torch.randint(3, 17, (6,)))], ['uniform', [-2.5, 0.1, 4], encode(torch.empty(4).uniform_(-2.5, 0.1))], ['normal64', [4], encode(torch.randn(4, dtype=torch.float64))], ['rand', [700], encode(torch.rand(700))],
    ]})

# ── refused
refuses('Linear', [5, 3], [r(4, 4)]); refuses('Conv2d', [3, 4, 3], [r(1, 2, 5, 5)]); refuses('Conv2d', [3, 4, 7], [r(1, 3, 5, 5)]); refuses('Conv2d', [3, 4, 3], [r(3, 5)]); refuses('Conv2d', [3, 4, 3], groups=2); refuses('Conv2d', [3, 4, 3], padding='same', stride=2); refuses('Conv2d', [3, 4, 3], padding_mode='mirror'); refuses('Conv2d', [3, 4, 3], [r(1, 3, 2, 9)], padding=2, padding_mode='reflect')
refuses('ConvTranspose2d', [3, 4, 3], [r(1, 3, 4, 4)], output_padding=1); refuses('BatchNorm2d', [3], [r(2, 3, 4)]); refuses('BatchNorm2d', [3], [r(2, 4, 4, 4)]); refuses('BatchNorm1d', [3], [r(1, 3)], train=True); refuses('LayerNorm', [4], [r(2, 3)]); refuses('GroupNorm', [2, 3]); refuses('GroupNorm', [2, 4], [r(2, 3, 3)]); refuses('InstanceNorm2d', [3], [r(2, 3)]); refuses('InstanceNorm1d', [3], [r(2, 3, 1)], train=True)
refuses('MaxPool2d', [2], [r(1, 1, 4, 4)], padding=2); refuses('MaxPool2d', [5], [r(1, 1, 4, 4)]); refuses('AvgPool2d', [2], [r(4, 4)]); refuses('AvgPool2d', [2], [r(1, 1, 4, 4)], divisor_override=0); refuses('AdaptiveAvgPool2d', [2], [r(2, 2)]); refuses('PReLU', [2], [r(1, 3, 2)]); refuses('Softmax', [2], [r(2, 3)]); refuses('Dropout', [1.5])
refuses('Embedding', [4, 2], [torch.tensor([4])]); refuses('Embedding', [4, 2], [torch.tensor([-1])]); refuses('Embedding', [4, 2], [torch.tensor([0.5])]); refuses('Embedding', [4, 2], padding_idx=4); refuses('EmbeddingBag', [4, 2], [torch.tensor([1, 2])]); refuses('EmbeddingBag', [4, 2], [torch.tensor([[1, 2]]), torch.tensor([0])]); refuses('EmbeddingBag', [4, 2], [torch.tensor([1, 2]), torch.tensor([1])]); refuses('EmbeddingBag', [4, 2], [torch.tensor([1, 5]), torch.tensor([0])])
refuses('LSTM', [3, 4], [r(2, 2, 2)]); refuses('GRU', [3, 4], [r(2, 2, 3), r(1, 3, 4)]); refuses('RNN', [3, 4], nonlinearity='elu'); refuses('LSTM', [3, 4], dropout=1.5); refuses('LSTMCell', [3, 4], [r(2, 2)]); refuses('Upsample', [], [r(1, 1, 3)]); refuses('Upsample', [4], [r(1, 1, 3)], mode='bilinear'); refuses('Upsample', [4], [r(1, 1, 3)], align_corners=True); refuses('Unflatten', [1, (2, 2)], [r(2, 5)])
refuses('conv2d', [r(1, 2, 4, 4), r(3, 3, 2, 2)], kind='function'); refuses('conv2d', [r(1, 2, 4, 4), r(3, 2, 2, 2), r(2)], kind='function'); refuses('linear', [r(2, 3), r(4, 2)], kind='function'); refuses('linear', [r(2, 3), r(4, 3), r(3)], kind='function'); refuses('pad', [r(2, 3), [3, 0], 'reflect'], kind='function'); refuses('pad', [r(2), [1, 1, 1, 1]], kind='function'); refuses('grid_sample', [r(1, 1, 2, 2), r(2, 2, 2, 2)], kind='function'); refuses('grid_sample', [r(1, 1, 2, 2), r(1, 2, 2, 2)], mode='cubic', kind='function'); refuses('affine_grid', [r(1, 2, 2), [1, 1, 2, 2]], kind='function'); refuses('affine_grid', [r(1, 2, 3), [1, 1, 0, 2]], kind='function'); refuses('batch_norm', [r(2, 3), r(2), r(2)], kind='function'); refuses('softmax', [r(2), 3], kind='function')

out = {'torch': torch.__version__, **cases}
path = pathlib.Path(__file__).with_name('eager.json')
path.write_text(json.dumps(out, separators=(',', ':')).replace('{"name"', '\n{"name"') + '\n')
print({k: len(v) for k, v in cases.items()}, path.stat().st_size)
