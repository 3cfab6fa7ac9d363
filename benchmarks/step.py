"""How fast one training step is, beside peers, and what telling and looking cost.

    python -m benchmarks.step --json out.json [--nanogpt path/to/nanoGPT/model.py]

Each side is a process of its own with one thread, so that neither inherits the other's allocator. They
take turns, A B A B, and ratios are taken within a round: what else the machine does hits both. The size is
the default: 2 layers, width 64, 4 heads, 64 tokens, batch 32, 65 characters, AdamW, clipping at 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LAYERS, C, H, T, B, V = 2, 64, 4, 64, 32, 65
ROUNDS, STEPS, WARM_UP = 15, 10, 10
LR, DECAY, CLIP = 3e-3, 0.01, 1.0


def ours(precision: str = "float32") -> Callable[[], object]:
    """`next(training)`: the step with its whole record."""
    return training_of(precision).__next__


def training_of(precision: str = "float32"):
    from explorer.config import RunConfig
    from explorer.training import Training

    symbols = "".join(chr(33 + i) for i in range(V))
    text = "".join(symbols[(i * i + i // 7) % V] for i in range(100_000))
    shape = {"model.width": C, "model.layers": LAYERS, "model.heads": H, "model.context": T}
    loop = {"train.batch": B, "train.clip": CLIP, "train.device": "cpu", "train.precision": precision}
    learning = {"optimizer.lr": LR, "optimizer.weight_decay": DECAY}
    changes = {"task.name": "text", "task.text": text} | shape | loop | learning
    return Training(RunConfig().replace(changes))


def plain() -> Callable[[], object]:
    """The same architecture from torch.nn and F.scaled_dot_product_attention, in a usual loop."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norms = nn.ModuleList(nn.LayerNorm(C) for _ in range(2))
            self.project, self.output = nn.Linear(C, 3 * C), nn.Linear(C, C)
            self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q, k, v = self.project(self.norms[0](x)).split(C, 2)
            q, k, v = (a.unflatten(2, (H, -1)).transpose(1, 2) for a in (q, k, v))
            heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.output(heads.transpose(1, 2).flatten(2))
            return x + self.mlp(self.norms[1](x))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(V, C), nn.Embedding(T, C)
            blocks = (Block() for _ in range(LAYERS))
            self.rest = nn.Sequential(*blocks, nn.LayerNorm(C), nn.Linear(C, V))

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits = self.rest(self.token(x) + self.position(torch.arange(T)))
            return logits, F.cross_entropy(logits.flatten(0, 1), y.flatten())

    model = Model()
    return loop_of(model, torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=DECAY))


def nanogpt(path: str) -> Callable[[], object]:
    """karpathy/nanoGPT's own model and optimizer settings, from a checkout, in a loop like its own."""
    spec = importlib.util.spec_from_file_location("nanogpt_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    shape = {"block_size": T, "vocab_size": V, "n_layer": LAYERS, "n_head": H, "n_embd": C, "dropout": 0.0}
    model = module.GPT(module.GPTConfig(**shape, bias=True))
    return loop_of(model, model.configure_optimizers(DECAY, LR, (0.9, 0.999), "cpu"))


def loop_of(model, optimizer) -> Callable[[], object]:
    """Random windows stacked, loss, clipping, step; as in nanoGPT's train.py."""
    import torch

    data = torch.randint(V, (100_000,), generator=torch.Generator().manual_seed(0))

    def step() -> None:
        starts = torch.randint(len(data) - T, (B,))
        x = torch.stack([data[i : i + T] for i in starts])
        y = torch.stack([data[i + 1 : i + 1 + T] for i in starts])
        _, loss = model(x, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def silent() -> Callable[[], object]:
    """`ours` without what only a Step tells: metric, norms of each parameter, update ratios."""
    import torch

    from explorer.trace import mean_loss

    training = training_of()
    flat, parameters = training.flat, list(training.named.values())

    def step() -> None:
        batch = training.batch(training.step)
        loss = mean_loss(training.model(batch.tokens), batch.targets)
        assert loss.isfinite()
        flat.grads.copy_(flat.join(dict(zip(training.named, torch.autograd.grad(loss, parameters), strict=True))))
        norm = torch.linalg.vector_norm(flat.grads).item()
        flat.grads.mul_(min(1.0, CLIP / (norm + 1e-6)))
        training.optimizer.set(LR, DECAY)
        training.optimizer.step()
        training.step += 1

    return step


def observed() -> Callable[[], object]:
    """`observe` of one sequence of 64 tokens: every tap with its gradient."""
    from explorer.trace import observe

    training = training_of()
    probe = training.task.probe()
    return lambda: observe(training.model, probe)


SIDES: dict[str, Callable[..., Callable[[], object]]] = {
    "ours": ours,
    "ours, bfloat16": lambda: ours("bfloat16"),
    "ours, nothing told": silent,
    "plain torch": plain,
    "nanoGPT": nanogpt,
    "observe": observed,
}


def serve(name: str, *arguments: str) -> None:
    """A side's process: for each line read, times some steps and writes the median in milliseconds."""
    import torch

    torch.set_num_threads(1)
    step = SIDES[name](*arguments)
    for _ in range(WARM_UP):
        step()
    for _ in sys.stdin:
        times = []
        for _ in range(STEPS):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        print(f"milliseconds {1e3 * statistics.median(times)}", flush=True)


class Side:
    """A child process that takes steps when asked."""

    def __init__(self, name: str, *arguments: str):
        command = [sys.executable, "-m", "benchmarks.step", "--serve", name, *arguments]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.times: list[float] = []
        self.measure()
        self.times.clear()

    def measure(self) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        for line in self.child.stdout:
            if line.startswith("milliseconds "):
                self.times.append(float(line.split()[1]))
                return
        raise SystemExit(f"a side ended with exit code {self.child.wait()}; its message is above")

    def close(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()
        self.child.wait()


def measured(nanogpt_path: str | None) -> dict[str, list[float]]:
    """Milliseconds a step of every side, round by round."""
    peers = {} if nanogpt_path is None else {"nanoGPT": [nanogpt_path]}
    sides: dict[str, Side] = {}
    try:
        for name in SIDES:
            if name != "nanoGPT" or peers:
                sides[name] = Side(name, *peers.get(name, []))
        for _ in range(ROUNDS):
            for side in sides.values():
                side.measure()
    finally:
        for side in sides.values():
            side.close()
    return {name: side.times for name, side in sides.items()}


def compared(times: dict[str, list[float]]) -> dict[str, float]:
    """Medians over rounds of ratios within a round. Speeds are times of the peer over ours."""
    peers = [name for name in ("nanoGPT", "plain torch") if name in times]
    ratios = {
        f"{mine} × {peer}": [p / m for p, m in zip(times[peer], times[mine], strict=True)]
        for peer in peers
        for mine in ("ours", "ours, bfloat16")
    }
    told = [1 - s / o for s, o in zip(times["ours, nothing told"], times["ours"], strict=True)]
    return {name: statistics.median(values) for name, values in ratios.items()} | {
        "share of the step that its record costs": statistics.median(told),
        "observe, ms": statistics.median(times["observe"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Times the training step, paired with peers.")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--nanogpt", metavar="PATH", help="model.py of a nanoGPT checkout")
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*arguments.serve)
        return
    times = measured(arguments.nanogpt)
    for name, values in times.items():
        print(f"{name:42} {statistics.median(values):8.2f} ms   fastest round {min(values):6.2f} ms")
    figures = compared(times)
    for name, value in figures.items():
        print(f"{name:42} {value:8.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": figures, "milliseconds": times}, indent=2))


if __name__ == "__main__":
    main()
