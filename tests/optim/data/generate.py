"""What PyTorch computes: `python generate.py` writes walks.json (optimizers) and rates.json (schedules) beside it."""
import json
import os
import random
import warnings

import torch

torch.set_default_dtype(torch.float64)
warnings.filterwarnings("ignore")
random.seed(4)
HERE = os.path.dirname(__file__)
L = torch.optim.lr_scheduler


def U(a, b):
    return round(random.uniform(a, b), 4)


I = random.randint


def B(p=0.5):
    return random.random() < p


def maybe(d, key, f, p=0.5):
    if B(p):
        d[key] = f()


# Optimizers -----------------------------------------------------------------------------------------------------------
OPTIMIZERS = ["SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Rprop", "LBFGS"]


def objective(w):
    target = torch.arange(1, w.numel() + 1, dtype=w.dtype)
    return ((w**2 - target) ** 2).sum() / 4 + 0.1 * (w[1:] * w[:-1]).sum()


def searching():
    d = {"lr": U(0.05, 1)}
    maybe(d, "line_search_fn", lambda: "strong_wolfe", 0.6)
    maybe(d, "max_iter", lambda: I(1, 8), 0.6)
    maybe(d, "max_eval", lambda: I(1, 12))
    maybe(d, "history_size", lambda: I(1, 6))
    maybe(d, "tolerance_grad", lambda: 10 ** -I(2, 9))
    maybe(d, "tolerance_change", lambda: 10 ** -I(2, 9))
    return d


def options(name):
    if name == "LBFGS":
        return searching()
    d = {"lr": U(0.1, 2) if name == "Adadelta" else U(0.001, 0.1)}
    if name != "Rprop":
        maybe(d, "weight_decay", lambda: U(0, 0.2))
    maybe(d, "maximize", lambda: True, 0.2)
    if name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam"):
        maybe(d, "betas", lambda: [U(0.1, 0.95), U(0.5, 0.9999)])
    if name in ("Adam", "AdamW"):
        maybe(d, "amsgrad", lambda: True)
    if name in ("Adam", "NAdam", "RAdam"):
        maybe(d, "decoupled_weight_decay", lambda: True)
    if name not in ("SGD", "Rprop"):
        maybe(d, "eps", lambda: 10 ** -I(3, 10))
    if name == "NAdam":
        maybe(d, "momentum_decay", lambda: U(0, 0.1))
    if name == "Adagrad":
        maybe(d, "lr_decay", lambda: U(0, 0.5))
        maybe(d, "initial_accumulator_value", lambda: U(0, 1))
    if name == "Adadelta":
        maybe(d, "rho", lambda: U(0, 1))
    if name == "RMSprop":
        maybe(d, "alpha", lambda: U(0.5, 0.999))
        maybe(d, "momentum", lambda: U(0, 0.95))
        maybe(d, "centered", lambda: True)
    if name == "SGD":
        maybe(d, "momentum", lambda: U(0.1, 0.95), 0.8)
        if "momentum" in d:
            d.update({"nesterov": True} if B() else {"dampening": U(0, 0.9)})
    if name == "Rprop":
        maybe(d, "etas", lambda: [U(0.1, 0.9), U(1.05, 1.9)])
        maybe(d, "step_sizes", lambda: [U(0.001, 0.02), U(0.05, 0.5)])
    if d.get("maximize"):
        d["lr"] *= 0.05
    return d


def walk(name, steps):
    d, start = options(name), [U(-2, 2) for _ in range(3)]
    w = torch.tensor(start, requires_grad=True)
    optimizer = getattr(torch.optim, name)([w], **d)
    trajectory = []

    def closure():
        optimizer.zero_grad()
        loss = objective(w)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
        trajectory.append(w.tolist())
    return {"name": name, "options": d, "start": start, "trajectory": trajectory}


# Schedules ------------------------------------------------------------------------------------------------------------
PLAIN = [
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "LambdaLR",
    "MultiplicativeLR",
]
SCHEDULES = PLAIN + ["CyclicLR", "OneCycleLR", "ReduceLROnPlateau", "SequentialLR", "ChainedScheduler"]


def two(a, b):
    return U(a, b) if B() else [U(a, b), U(a, b)]


def momenta(d):
    maybe(d, "cycle_momentum", lambda: False, 0.3)
    maybe(d, "base_momentum", lambda: two(0.5, 0.8))
    maybe(d, "max_momentum", lambda: two(0.8, 0.95))


def settings(name, steps):
    d = {}
    if name == "StepLR":
        d["step_size"] = I(1, 6)
        maybe(d, "gamma", lambda: U(0.1, 1.2))
    if name == "MultiStepLR":
        d["milestones"] = [I(1, steps) for _ in range(I(1, 5))]
        maybe(d, "gamma", lambda: U(0.1, 1))
    if name == "ConstantLR":
        maybe(d, "factor", lambda: U(0.1, 1))
        maybe(d, "total_iters", lambda: I(1, 12))
    if name == "LinearLR":
        maybe(d, "start_factor", lambda: U(0.01, 1))
        maybe(d, "end_factor", lambda: U(0.01, 1))
        maybe(d, "total_iters", lambda: I(1, 20))
    if name == "ExponentialLR":
        d["gamma"] = U(0.5, 1.05)
    if name == "PolynomialLR":
        maybe(d, "total_iters", lambda: I(1, 20))
        maybe(d, "power", lambda: U(0.3, 3))
    if name == "CosineAnnealingLR":
        d["T_max"] = I(1, 14)
        maybe(d, "eta_min", lambda: U(0, 0.01))
    if name == "CosineAnnealingWarmRestarts":
        d["T_0"] = I(1, 6)
        maybe(d, "T_mult", lambda: I(1, 3))
        maybe(d, "eta_min", lambda: U(0, 0.02))
    if name == "CyclicLR":
        d.update(base_lr=two(0.001, 0.05), max_lr=two(0.05, 0.3), step_size_up=I(1, 8))
        maybe(d, "step_size_down", lambda: I(1, 8))
        maybe(d, "mode", lambda: random.choice(["triangular", "triangular2", "exp_range"]))
        maybe(d, "gamma", lambda: U(0.8, 1))
        momenta(d)
    if name == "OneCycleLR":
        d["max_lr"] = two(0.05, 0.5)
        d.update({"total_steps": steps + I(1, 10)} if B() else {"epochs": I(5, 8), "steps_per_epoch": steps // 5 + 1})
        maybe(d, "pct_start", lambda: U(0.15, 0.5))
        maybe(d, "anneal_strategy", lambda: random.choice(["cos", "linear"]))
        maybe(d, "div_factor", lambda: U(2, 30))
        maybe(d, "final_div_factor", lambda: U(10, 1e4))
        maybe(d, "three_phase", lambda: True)
        momenta(d)
    if name == "ReduceLROnPlateau":
        d["patience"] = I(0, 4)
        maybe(d, "mode", lambda: "max")
        maybe(d, "factor", lambda: U(0.1, 0.9))
        maybe(d, "threshold", lambda: U(0, 0.3))
        maybe(d, "threshold_mode", lambda: "abs")
        maybe(d, "cooldown", lambda: I(0, 4))
        maybe(d, "min_lr", lambda: two(0, 0.05))
        maybe(d, "eps", lambda: U(0, 0.02), 0.2)
    if name in ("LambdaLR", "MultiplicativeLR"):
        d["k"] = U(0.5, 1)
    if name in ("SequentialLR", "ChainedScheduler"):
        names = [random.choice(PLAIN) for _ in range(I(2, 4))]
        d["schedulers"] = [(each, settings(each, steps)) for each in names]
    if name == "SequentialLR":
        d["milestones"] = sorted(random.sample(range(1, steps), len(d["schedulers"]) - 1))
    return d


def build(name, optimizer, d):
    if name == "LambdaLR":
        return L.LambdaLR(optimizer, lambda epoch: 1 / (1 + d["k"] * epoch))
    if name == "MultiplicativeLR":
        return L.MultiplicativeLR(optimizer, lambda epoch: d["k"] if epoch % 2 else 0.99)
    if name == "SequentialLR":
        return L.SequentialLR(optimizer, [build(n, optimizer, o) for n, o in d["schedulers"]], d["milestones"])
    if name == "ChainedScheduler":
        return L.ChainedScheduler([build(n, optimizer, o) for n, o in d["schedulers"]])
    return getattr(L, name)(optimizer, **d)


def rates(name, steps):
    lrs, kind = [U(0.01, 0.3), U(0.01, 0.3)], random.choice(["SGD", "Adam"])
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in lrs]
    optimizer = torch.optim.SGD(groups, momentum=0.9) if kind == "SGD" else torch.optim.Adam(groups)
    d = settings(name, steps)
    metrics = [U(0, 1) * 0.97**i for i in range(steps)] if name == "ReduceLROnPlateau" else None
    schedule = build(name, optimizer, d)
    lr, momentum = [], []
    for i in range(steps):
        lr.append([group["lr"] for group in optimizer.param_groups])
        momentum.append([group["momentum"] if kind == "SGD" else group["betas"][0] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step(*([] if metrics is None else [metrics[i]]))
    run = {"optimizer": kind, "lrs": lrs, "metrics": metrics, "lr": lr, "momentum": momentum}
    return {"name": name, "options": d, **run}


# ----------------------------------------------------------------------------------------------------------------------
def several(names, make, n, steps):
    cases = []
    for name in names:
        made = 0
        while made < n:
            try:
                case = make(name, steps)
            except ZeroDivisionError:
                continue
            # Walks that run away, and rates that PyTorch lets become negative, compare nothing.
            if any(abs(x) > 1e3 for row in case.get("trajectory", []) for x in row):
                continue
            if any(x < 0 for row in case.get("lr", []) for x in row):
                continue
            cases.append(case)
            made += 1
    return cases


def write(file, cases):
    with open(os.path.join(HERE, file), "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    write("walks.json", several(OPTIMIZERS, walk, int(os.environ.get("CASES", 5)), 10))
    write("rates.json", several(SCHEDULES, rates, int(os.environ.get("CASES", 4)), 18))
