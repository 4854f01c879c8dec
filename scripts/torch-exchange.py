"""Makes tests/nn/data/from-torch.safetensors: a PyTorch model's state dictionary, its input and what it gives.

Needs torch and safetensors: python scripts/torch-exchange.py [FILE]. With a FILE that chainrule wrote (the same entries),
checks instead that PyTorch loads it and gives the same output.
"""

import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

PATH = "tests/nn/data/from-torch.safetensors"


class Net(nn.Module):
    """One of every kind of state: tables, convolutions, running statistics, gates, projections."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.conv = nn.Conv1d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm1d(8)
        self.transformer = nn.Transformer(8, 2, 1, 1, 16, 0.0, "gelu", batch_first=True)
        self.lstm = nn.LSTM(8, 5, batch_first=True, bidirectional=True, proj_size=3)
        self.attention = nn.MultiheadAttention(6, 3, kdim=8, vdim=8, add_bias_kv=True, batch_first=True)
        self.head = nn.Sequential(nn.Linear(6, 7), nn.PReLU(), nn.LayerNorm(7), nn.Linear(7, 4))

    def forward(self, tokens):
        x = self.embed(tokens)
        x = self.norm(self.conv(x.transpose(1, 2))).transpose(1, 2)
        y = self.transformer(x, x)
        z, _ = self.lstm(y)
        w, _ = self.attention(z, y, y)
        return self.head(w)


def main(path=None):
    torch.manual_seed(0)
    model = Net()
    tokens = torch.randint(0, 11, (2, 6))
    for _ in range(3):
        model(torch.randint(0, 11, (4, 6)))  # moves the running statistics
    # Gradients on: without them PyTorch takes other kernels for encoders.
    model.eval()
    if path is None:
        state = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
        save_file({**state, "input": tokens, "output": model(tokens).detach()}, PATH)
        return
    saved = load_file(path)
    state = {name[len("model.") :]: tensor for name, tensor in saved.items() if name.startswith("model.")}
    fresh = Net().eval()
    fresh.load_state_dict(state)
    distance = (fresh(saved["input"].long()) - saved["output"]).abs().max().item()
    print(f"largest difference: {distance}")
    sys.exit(distance > 1e-5)


main(*sys.argv[1:])
