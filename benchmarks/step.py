"""How fast one training step is, beside peers, and what telling and looking cost.

    python -m benchmarks.step --json out.json [--nanogpt path/to/nanoGPT/model.py]

Each side is a process of its own with one thread, so that neither inherits the other's allocator. They
take turns, forwards and backwards, and ratios are taken within a round. The time is the thread's own, which
leaves out waiting for other programs, though not what they do to the caches. The size is the default:
2 layers, width 64, 4 heads, 64 tokens, batch 32, 65 characters, AdamW, clipping at 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import HEADER, Figure

LAYERS, C, H, T, B, V = 2, 64, 4, 64, 32, 65
ROUNDS, STEPS, WARM_UP = 16, 10, 10
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


def telling() -> Callable[[], float]:
    """Seconds of what a step does for its record alone, after a whole step has used the caches."""
    import torch

    from explorer.training import norm_of_each

    training = training_of()
    batch = training.batch(0)
    logits = training.model(batch.tokens).detach()

    def record() -> float:
        next(training)
        start = time.thread_time()
        _ = int((logits.argmax(-1) == batch.targets).sum()) / batch.asked  # the metric
        norms = norm_of_each(training.grads)
        training.change.copy_(training.flat.values)
        sizes = norm_of_each(training.changes)
        torch.sub(training.change, training.flat.values, out=training.change)
        ratios = norm_of_each(training.changes) / sizes.clamp_min(1e-12)
        for values in (norms, ratios):
            dict(zip(training.named, values.tolist(), strict=True))
        return time.thread_time() - start

    return record


def observed() -> Callable[[], object]:
    """`observe` of one sequence of 64 tokens: every tap with its gradient."""
    from explorer.trace import observe

    training = training_of()
    probe = training.task.probe()
    return lambda: observe(training.model, probe)


SIDES: dict[str, Callable[..., Callable[[], object]]] = {
    "ours": ours,
    "ours, bfloat16": lambda: ours("bfloat16"),
    "record": telling,
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
            start = time.thread_time()
            own = step()
            times.append(own if isinstance(own, float) else time.thread_time() - start)
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
        for turn in range(ROUNDS):
            for name in sorted(sides, reverse=turn % 2 == 1):
                sides[name].measure()
    finally:
        for side in sides.values():
            side.close()
    return {name: side.times for name, side in sides.items()}


def multiplies_bfloat16() -> bool:
    """Whether the processor does so by itself. Where it does not, products in bfloat16 take ten times as long."""
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:  # not Linux: measured as if it did
        return True
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(told)


def figures(nanogpt_path: str | None = None) -> Iterator[Figure]:
    """Ratios of speed, within each round, to the peers that are there; the cost of telling and looking.

    bfloat16 has a floor only where the processor is fast at it.
    """
    times = measured(nanogpt_path)
    faster = "≥ 1.2" if multiplies_bfloat16() else None
    mine = times["ours"]
    for peer in ("nanoGPT", "plain torch"):
        for name, floor in (("ours", "≥ 1.0"), ("ours, bfloat16", faster)):
            if peer in times:
                ratios = [p / m for p, m in zip(times[peer], times[name], strict=True)]
                yield Figure(f"speed of a step: {name} / {peer}", floor, "×", ratios)
    yield Figure("a step", "≤ 60", "ms", mine)
    shares = [100 * record / m for record, m in zip(times["record"], mine, strict=True)]
    yield Figure("share of the step that its record costs", "≤ 3", "%", shares)
    yield Figure("observe 64 tokens, every tap with its gradient", "≤ 8", "ms", times["observe"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Times the training step, paired with peers.")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--nanogpt", metavar="PATH", help="model.py of a nanoGPT checkout")
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*arguments.serve)
        return
    print(HEADER, flush=True)
    found = []
    for figure in figures(arguments.nanogpt):
        print(figure.row(), flush=True)
        found.append({"benchmark": "step"} | figure.plain())
    if arguments.json:
        arguments.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
