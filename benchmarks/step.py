"""How fast one training step is, beside peers, and what recording and observing cost.

    python -m benchmarks.step --json out.json [--nanogpt path/to/nanoGPT/model.py] [--only WORD]

Each side is a process of its own, so that neither inherits the other's allocator. They take turns, forwards and
backwards, and ratios are taken within a round. Two clocks: the process's own, which leaves out waiting for other
programs, though not what they do to the caches, and the wall's. With two threads only peers have both: our step always
computes on one. The decoder has the default size: 2 layers, width 64, 4 heads, 64 tokens, batch 32, 65 characters,
AdamW, clipping at 1. The other families have the size of their presets; recurrent nets are in `recurrent`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import HEADER, Figure

LAYERS, C, H, T, B, V = 2, 64, 4, 64, 32, 65
ROUNDS, QUICKLY, STEPS, WARM_UP = 16, 4, 10, 10
CLOCKS = {"process": time.process_time, "wall": time.perf_counter}
FAMILIES = ("encoder", "encoder-decoder", "skip-gram", "cbow", "glove")


def ours(precision: str = "float32", implementation: str = "fast") -> Callable[[], object]:
    """`next(training)`: the step with its whole record."""
    return training_of(precision, implementation).__next__


def training_of(precision: str = "float32", implementation: str = "fast"):
    from benchmarks.peers import CLIP, DECAY, LR
    from explorer.config.run import RunConfig
    from explorer.training.loop import Training

    symbols = "".join(chr(33 + i) for i in range(V))
    text = "".join(symbols[(i * i + i // 7) % V] for i in range(100_000))
    shape = {"model.width": C, "model.layers": LAYERS, "model.heads": H, "model.context": T}
    loop = {"train.batch": B, "train.clip": CLIP, "train.device": "cpu", "train.precision": precision}
    learning = {"optimizer.lr": LR, "optimizer.weight_decay": DECAY}
    changes = {"task.name": "text", "task.text": text} | shape | loop | learning
    return Training(RunConfig().replace(changes), implementation=implementation)


def plain() -> Callable[[], object]:
    """The same architecture from torch.nn and F.scaled_dot_product_attention, in a usual loop."""
    from benchmarks import peers

    return peers.loop_of(peers.Decoder(V, C, H, LAYERS, T), peers.windows(V, B, T))


def nanogpt(path: str) -> Callable[[], object]:
    from benchmarks import peers

    return peers.nanogpt(path, V, C, H, LAYERS, T, B)


def family(kind: str):
    """A training of another family, at its preset's size."""
    from explorer.config.run import RunConfig
    from explorer.training.loop import Training

    name = {"encoder": "sort", "encoder-decoder": "dates-fr"}.get(kind, f"words-{kind}")
    changes = {"model.kind": kind, "optimizer.name": "adamw", "train.device": "cpu", "train.steps": None}
    return Training(RunConfig.preset(name).replace(changes | {"optimizer.schedule": "constant"}))


def peer_of(kind: str) -> Callable[[], object]:
    """Its peer from torch.nn, with batches of the same shape."""
    import torch

    from benchmarks import peers

    training = family(kind)
    config, batch, size = training.config, training.batch(0), len(training.task.vocabulary)
    rows, length = batch.tokens.shape
    if kind in ("encoder", "encoder-decoder"):
        model = {"encoder": peers.Encoder, "encoder-decoder": peers.EncoderDecoder}[kind]
        shape = (size, config.model.width, config.model.heads, config.model.layers, config.model.context)
        draw = peers.windows(size, rows, length)
        if kind == "encoder":
            return peers.loop_of(model(*shape), draw)
        source = torch.randint(1, size, batch.source.shape)
        return peers.loop_of(model(*shape), lambda: (*draw(), source[torch.randperm(rows)]))
    if kind == "glove":
        return peers.loop_of(peers.Glove(size, config.model.width), peers.counted(size, rows))
    model = {"skip-gram": peers.SkipGram, "cbow": peers.Cbow}[kind]
    draw = peers.pairs(size, rows, length, batch.source.shape[1])
    return peers.loop_of(model(size, config.model.width), draw)


def recording() -> Callable[[], float]:
    """Seconds of what a step does for its record alone, after a whole step has used the caches."""
    import torch

    from explorer.training.loop import norm_of_each

    training = training_of()
    batch = training.batch(0)
    logits = training.model(batch.tokens).detach()

    def record() -> float:
        next(training)
        start = time.process_time()
        _ = int((logits.argmax(-1) == batch.targets).sum()) / batch.predicted  # the metric
        norms = norm_of_each(training.grads)
        training.change.copy_(training.flat.values)
        sizes = norm_of_each(training.changes)
        torch.sub(training.change, training.flat.values, out=training.change)
        ratios = norm_of_each(training.changes) / sizes.clamp_min(1e-12)
        for values in (norms, ratios):
            dict(zip(training.named, values.tolist(), strict=True))
        return time.process_time() - start

    return record


def observed() -> Callable[[], object]:
    """`observe` of one sequence of 64 tokens: every tap with its gradient."""
    from explorer.trace import observe

    training = training_of()
    probe = training.task.probe()
    return lambda: observe(training.model, probe)


SIDES: dict[str, Callable[..., Callable[[], object]]] = {
    "ours": ours,
    "ours by autograd": lambda: ours(implementation="plain"),
    "ours in bfloat16": lambda: ours("bfloat16"),
    "record": recording,
    "torch.nn": plain,
    "nanoGPT": nanogpt,
    "observe": observed,
    **{kind: lambda kind=kind: family(kind).__next__ for kind in FAMILIES},
    **{f"{kind} of torch.nn": lambda kind=kind: peer_of(kind) for kind in FAMILIES},
}


def serve(threads: str, name: str, *arguments: str) -> None:
    """A side's process: for each line read, times some steps and writes the medians in milliseconds."""
    import torch

    torch.set_num_threads(int(threads))
    step = SIDES[name](*arguments)
    for _ in range(WARM_UP):
        step()
    for _ in sys.stdin:
        times: dict[str, list[float]] = {clock: [] for clock in CLOCKS}
        for _ in range(STEPS):
            start = {name: clock() for name, clock in CLOCKS.items()}
            own = step()
            for name, clock in CLOCKS.items():
                times[name].append(own if isinstance(own, float) else clock() - start[name])
        print("milliseconds", *(1e3 * statistics.median(times[clock]) for clock in CLOCKS), flush=True)


class Side:
    """A child process that takes steps when asked."""

    def __init__(self, name: str, threads: int, *arguments: str):
        command = [sys.executable, "-m", "benchmarks.step", "--serve", str(threads), name, *arguments]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.times: dict[str, list[float]] = {clock: [] for clock in CLOCKS}
        self.measure()
        for times in self.times.values():
            times.clear()

    def measure(self) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        for line in self.child.stdout:
            if line.startswith("milliseconds "):
                for clock, value in zip(CLOCKS, line.split()[1:], strict=True):
                    self.times[clock].append(float(value))
                return
        raise SystemExit(f"a side ended with exit code {self.child.wait()}; its message is above")

    def close(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()
        self.child.wait()


def measured(
    names: list[str], threads: int, nanogpt_path: str | None, rounds: int = ROUNDS
) -> dict[str, dict[str, list[float]]]:
    """Milliseconds a step of every side by each clock, round by round."""
    sides: dict[str, Side] = {}
    try:
        for name in names:
            sides[name] = Side(name, threads, *([nanogpt_path] if name == "nanoGPT" and nanogpt_path else []))
        for turn in range(rounds):
            for name in sorted(sides, reverse=turn % 2 == 1):
                sides[name].measure()
    finally:
        for side in sides.values():
            side.close()
    return {name: side.times for name, side in sides.items()}


def ratios(times: dict[str, dict[str, list[float]]], name: str, peer: str, floor: str | None, more: str = ""):
    """The speed of one side over another's, by each clock; the floor is for the process's own time."""
    for clock in CLOCKS:
        values = [p / m for p, m in zip(times[peer][clock], times[name][clock], strict=True)]
        yield Figure(f"{name} / {peer}{more}, {clock} time", floor if clock == "process" else None, "×", values)


def figures(nanogpt_path: str | None = None, only: str = "") -> Iterator[Figure]:
    """Ratios of speed, within each round, to the peers that are there; the cost of recording and observing.

    bfloat16 has a floor only where the processor is fast at it.
    """
    from explorer.training.place import multiplies_bfloat16

    peers = ["nanoGPT"] * bool(nanogpt_path) + ["torch.nn"]
    if only in "decoder":
        times = measured(["ours", "ours by autograd", "ours in bfloat16", "record", "observe", *peers], 1, nanogpt_path)
        faster = "≥ 1.5" if multiplies_bfloat16() else None
        for peer in peers:
            yield from ratios(times, "ours", peer, "≥ 1.25")
            yield from ratios(times, "ours in bfloat16", peer, faster)
        yield from ratios(times, "ours", "ours by autograd", None)
        mine = times["ours"]["process"]
        yield Figure("a step", "≤ 60", "ms", mine)
        shares = [100 * record / m for record, m in zip(times["record"]["process"], mine, strict=True)]
        yield Figure("share of the step that its record costs", "≤ 3", "%", shares)
        yield Figure("observe 64 tokens, every tap with its gradient", "≤ 8", "ms", times["observe"]["process"])
    if only in "threads":
        times = measured(["ours", *peers], 2, nanogpt_path)
        for peer in peers:
            yield from ratios(times, "ours", peer, None, " with two threads")
    for kind in FAMILIES:
        if only in kind:
            times = measured([kind, f"{kind} of torch.nn"], 1, None)
            yield from ratios(times, kind, f"{kind} of torch.nn", "≥ 1.0")


def quick() -> Iterator[Figure]:
    """The default size and one of each other kind beside plain loops, in QUICKLY rounds, by the process's time."""
    times = measured(["ours", "torch.nn", "record"], 1, None, QUICKLY)
    yield next(ratios(times, "ours", "torch.nn", "≥ 1.25"))
    shares = [100 * r / m for r, m in zip(times["record"]["process"], times["ours"]["process"], strict=True)]
    yield Figure("share of the step that its record costs", "≤ 3", "%", shares)
    for kind in ("encoder-decoder", "skip-gram"):
        times = measured([kind, f"{kind} of torch.nn"], 1, None, QUICKLY)
        yield next(ratios(times, kind, f"{kind} of torch.nn", "≥ 1.0"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Times the training step, paired with peers.")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--nanogpt", metavar="PATH", help="model.py of a nanoGPT checkout")
    parser.add_argument("--only", default="", metavar="WORD", help=f"decoder, threads, or one of {', '.join(FAMILIES)}")
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*arguments.serve)
        return
    print(HEADER, flush=True)
    rows = []
    for figure in figures(arguments.nanogpt, arguments.only):
        print(figure.row(), flush=True)
        rows.append({"benchmark": "step"} | figure.plain())
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
