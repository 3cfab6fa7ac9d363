"""The batches of a run in lines of PyTorch: drawn by a few lines where these are short, read from a file elsewhere.

B batch, T position, n symbols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.config.run import RunConfig
from explorer.script.template import filled
from explorer.tasks import fields as f
from explorer.tasks.base import Batch, Task
from explorer.tasks.memory import Delay
from explorer.tasks.synthetic import Addition, Rewrite
from explorer.tasks.text import Fill, TextTask
from explorer.training.randomness import stream
from models.families import kind_of

FILE = "data.pt"
MOST_BYTES = 16_000_000  # of recorded batches

REWRITE = """
def batch(g):  # $sample
    x = torch.randint($symbols, (BATCH, $n), generator=g)
    y = $answer
    return x, y, None  @place
    start = torch.full((BATCH, 1), $symbols)  # the mark “|”  @!place
    return torch.cat([start, y[:, :-1]], 1), y, x  @source
    tokens = torch.cat([x, start, y[:, :-1]], 1)  @onward
    return tokens, torch.cat([torch.full_like(x, -100), y], 1), None  # −100: not predicted  @onward
"""
INDUCTION = """
def batch(g):  # a random sequence, repeated with a random period
    once = torch.randint($symbols, (BATCH, $longest), generator=g)
    period = torch.randint($shortest, $longest + 1, (BATCH, 1), generator=g)
    t = torch.arange($length + 1)
    x = once.gather(1, t % period)
    return x[:, :-1], x[:, 1:].masked_fill(t[1:] <= period, -100), None  # −100: not predicted
"""
ADDITION = """
order = torch.randperm($p * $p, generator=torch.Generator().manual_seed(0))
trained = order[$hold:]  # the first $hold pairs are never trained on

def batch(g):  # a b = (a + b) mod $p
    pair = trained[torch.randint(len(trained), (BATCH,), generator=g)]
    a, b, ignored = pair // $p, pair % $p, torch.full_like(pair, -100)  # −100: not predicted
    return torch.stack([a, b, torch.full_like(a, $p)], 1), torch.stack([ignored, ignored, (a + b) % $p], 1), None
"""
DELAY = """
def batch(g):  # $n symbols, blanks, a mark, and the symbols once more
    x = torch.randint($symbols, (BATCH, $n), generator=g)
    first = $delay - torch.randint($delay + 1, (BATCH, 1), generator=g)  @mixed
    first = 0  @!mixed
    tokens = torch.full((BATCH, $length), $symbols)
    tokens.scatter_(1, (first + torch.arange($n)).expand(BATCH, -1), x)
    tokens[:, $n + $delay], tokens[:, $n + $delay + 1 :] = $symbols + 1, x[:, :-1]
    return tokens, torch.cat([torch.full((BATCH, $n + $delay), -100), x], 1), None  # −100: not predicted
"""
TEXT = """
text = torch.load("$file", weights_only=True)["text"]  # the part that is trained on, ($size,)

def batch(g):  # windows of $length tokens, and the token after each
    start = torch.randint(0, len(text) - $length, (BATCH, 1), generator=g)
    window = text[start + torch.arange($length + 1)].long()
    return window[:, :-1], window[:, 1:], None
"""
RECORDED = """
# of $steps steps, as the run read them: tokens, targets (−100: not predicted) and $source
batches = torch.load("$file", weights_only=True)["batches"]
"""
ANSWERS = {"reverse": "x.flip(1)", "copy": "x", "sort": "x.sort(1).values"}


@dataclass(frozen=True)
class Data:
    """lines: define `batch(g)`, or `batches`.   tensors: what they read from FILE; None: nothing.

    steps: that `batches` lasts for; None where it is not defined.
    """

    lines: list[str]
    tensors: dict[str, Any] | None = None
    steps: int | None = None


def data(config: RunConfig, task: Task, steps: int) -> Data:
    """The batches of the first `steps` steps."""
    fields, reads = config.task, kind_of(config.model).reads
    if isinstance(task, Rewrite) and fields.name in ANSWERS:
        values = {"n": task.n, "symbols": task.symbols, "answer": ANSWERS[fields.name], "sample": sample(task)}
        return Data(filled(REWRITE, {reads.removeprefix("in ")}, values))
    if isinstance(fields, f.Induction):
        return Data(filled(INDUCTION, set(), fields.model_dump()))
    if isinstance(task, Addition):
        return Data(filled(ADDITION, set(), {"p": task.p, "hold": len(task.splits["held out"])}))
    if isinstance(task, Delay):
        values = {"n": task.n, "delay": task.delay, "symbols": task.symbols, "length": task.length}
        return Data(filled(DELAY, {"mixed"} if task.mixed else set(), values))
    if isinstance(task, TextTask) and not isinstance(task, Fill) and reads == "onward":
        part = task.data[slice(*task.splits["trained"])].clone()
        values = {"file": FILE, "size": f"{len(part):,}", "length": task.length}
        return Data(filled(TEXT, set(), values), {"text": part})
    batches = recorded(config, task, steps)
    read = "the source" if batches[0][2] is not None else "no source"
    count = len(batches) // config.train.accumulate
    return Data(filled(RECORDED, set(), {"file": FILE, "steps": count, "source": read}), {"batches": batches}, count)


def sample(task: Rewrite) -> str:
    """A small example in words, such as `abc| -> cba`."""
    return (type(task).__doc__ or "").strip()


def recorded(config: RunConfig, task: Task, steps: int) -> list[tuple[Tensor, Tensor, Tensor | None]]:
    """The batches of as many steps as MOST_BYTES hold, at least one, as (tokens, targets, source)."""
    batches: list[tuple[Tensor, Tensor, Tensor | None]] = []
    size = 0
    for step in range(steps):
        new = [one(config, task, step, part) for part in range(config.train.accumulate)]
        size += sum(t.nbytes for each in new for t in each if t is not None)
        if batches and size > MOST_BYTES:
            break
        batches += new
    return batches


def one(config: RunConfig, task: Task, step: int, part: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """One of the batches of a step."""
    batch: Batch = task.batch(config.train.batch, stream(config.train.seed, "batch", step, part))
    return batch.tokens, batch.targets, batch.source


def shapes(task: Task, config: RunConfig) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The shapes of the first batch's tokens (B, T) and source (B, S), None without one."""
    tokens, _, source = one(config, task, 0, 0)
    return tuple(tokens.shape), None if source is None else tuple(source.shape)
