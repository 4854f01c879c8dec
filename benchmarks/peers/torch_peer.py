"""PyTorch, eagerly, as it runs: `python torch_peer.py 1` on that many threads."""
import math, sys
import torch
from torch.nn import functional as F
from contender import contend

torch.set_num_threads(int(sys.argv[1]))


def tensors(inputs):
    return {name: torch.from_numpy(a.copy()) for name, a in inputs.items()}


def numpy(results):
    return {name: t.detach().numpy() for name, t in results.items()}


def nothing(_):
    pass


def product(inputs, options):
    t = tensors(inputs)
    a, b = (x.T if letter == 't' else x for x, letter in zip((t['a'], t['b']), options['transposed']))
    return lambda: {'c': a @ b}, numpy, nothing


def mlp(inputs, options):
    t = tensors(inputs)
    x, y, layers = t['x'], t['y'].long(), options['layers']
    linears = []
    for i in range(layers):
        w, b = t[f'w{i}'], t[f'b{i}']
        linear = torch.nn.Linear(*w.shape)
        with torch.no_grad():
            linear.weight.copy_(w.T)
            linear.bias.copy_(b)
        linears += [linear] if i == layers - 1 else [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*linears)
    optimizer = {'sgd': torch.optim.SGD, 'adam': torch.optim.Adam}[options['optimizer']]
    return training(model, optimizer(model.parameters(), lr=options['lr']), x, y)


def cnn(inputs, options):
    t = tensors(inputs)
    x, y = t.pop('x'), t.pop('y').long()
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10),
    )
    model.load_state_dict(t)
    return training(model, torch.optim.Adam(model.parameters(), lr=options['lr']), x, y)


def training(model, optimizer, x, y):
    def run():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run, lambda loss: {'loss': [loss]}, nothing


def conv(inputs, _):
    t = tensors(inputs)
    x, w, dy = t['x'].requires_grad_(), t['w'].requires_grad_(), t['dy']

    def run():
        x.grad = w.grad = None
        y = F.conv2d(x, w, padding=1)
        y.backward(dy)
        return {'y': y, 'dx': x.grad, 'dw': w.grad}

    return run, numpy, nothing


def block(inputs, options):
    batch, time, width, heads = (options[k] for k in ('batch', 'time', 'width', 'heads'))
    t = tensors(inputs)
    dy = t.pop('dy')
    # As nn.Linear keeps them: [out, in].
    p = {name: (a.T.contiguous() if a.dim() == 2 else a).requires_grad_() for name, a in t.items()}
    mask = torch.triu(torch.full((time, time), -math.inf), 1)

    def run():
        for a in p.values():
            a.grad = None
        x = p['x']
        joint = F.linear(F.layer_norm(x, (width,), p['gain1'], p['shift1']), p['qkv'], p['qkvBias'])
        q, k, v = (a.view(batch, time, heads, width // heads).transpose(1, 2) for a in joint.split(width, 2))
        scores = q @ k.transpose(2, 3) / math.sqrt(width // heads) + mask
        seen = (F.softmax(scores, -1) @ v).transpose(1, 2).reshape(batch, time, width)
        z = x + F.linear(seen, p['out'], p['outBias'])
        wide = F.gelu(F.linear(F.layer_norm(z, (width,), p['gain2'], p['shift2']), p['up'], p['upBias']))
        y = z + F.linear(wide, p['down'], p['downBias'])
        y.backward(dy)
        return y

    def read(y):
        return numpy({'y': y, 'dx': p['x'].grad, 'qkv': p['qkv'].grad.T, 'down': p['down'].grad.T, 'gain1': p['gain1'].grad})

    return run, read, nothing


def tanh(inputs, _):
    t = tensors(inputs)
    x, w, b = t['x'], t['w'], t['b']
    return lambda: {'y': torch.tanh(x * w + b)}, numpy, nothing


def leaves(a):
    return [v.clone().requires_grad_() for v in a]


def scalars(inputs, options):
    width, layers = options['width'], options['layers']
    w, b, start = (leaves(a) for a in tensors(inputs).values())

    def run():
        for a in w + b + start:
            a.grad = None
        x = start
        for l in range(layers):
            row = []
            for j in range(width):
                s = b[l * width + j]
                for i in range(width):
                    s = s + w[(l * width + j) * width + i] * x[i]
                row.append(torch.tanh(s))
            x = row
        total = x[0]
        for a in x[1:]:
            total = total + a
        total.backward()
        return total

    def read(total):
        return {'y': [total.item()], 'dx': [a.grad.item() for a in start], 'dw': [a.grad.item() for a in w]}

    return run, read, nothing


def expression(inputs, options):
    (xs,) = (leaves(a) for a in tensors(inputs).values())

    def run():
        for a in xs:
            a.grad = None
        y = xs[0]
        for i in range(1, options['nodes'] + 1):
            a = xs[i * 7 % len(xs)]
            y = torch.tanh(y) if i % 8 == 0 else y * a if i % 2 == 0 else y + a
        y.backward()
        return y

    return run, lambda y: {'y': [y.item()], 'dx': [a.grad.item() for a in xs]}, nothing


def small(inputs, _):
    t = tensors(inputs)
    x, y = t['x'], t['y']
    return lambda: {'z': x + y}, numpy, nothing


contend({f.__name__: f for f in (product, mlp, conv, cnn, block, tanh, scalars, expression, small)})
