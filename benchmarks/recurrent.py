"""What recurrent networks cost: a training step, the triangle, and the time until a memory shows.

- *step*: `next(training)` of an LSTM of the default size (one layer, width 64, 64 letters, batch 32, AdamW, clipping
  at 1) beside a usual loop over `torch.nn.Embedding`, `torch.nn.LSTM` and `torch.nn.Linear`; one thread, taking turns
  every BLOCK steps, the order changing each time. A value is one pair's ratio of the thread's own time. Beside it the
  same with every cell written out, as it is computed where somebody looks.
- *triangle*: gradient through time at T = 64, d = 64, two layers, in training steps of the same model, taking turns.
- *separation*: a visitor clicks on the link to delay-lstm and a worker of the real server trains it; the seconds until
  APART of the answers were right over LAST steps, which the RNN of delay-rnn does not get in as many steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import torch
from torch import nn

from benchmarks.dashboard import leave, new_home, server, window
from benchmarks.figure import Figure, Figures
from explorer import Run, RunConfig, train
from explorer.analysis.recurrence import through_time
from explorer.runs import catalogue
from explorer.training.loop import Training

BLOCK, PAIRS, QUICKLY = 5, 12, 4
APART, LAST = 0.9, 20  # share of answers, steps
CLICKS, LONGEST = 3, 120  # seconds
SHAPE = {"model.kind": "lstm", "model.width": 64, "model.context": 64, "optimizer.schedule": "constant"}
PLAIN = {"optimizer.name": "adamw", "optimizer.lr": 1e-3, "train.batch": 32, "train.steps": None}


def figures() -> Figures:
    """All of them."""
    torch.set_num_threads(1)
    fused, written = steps()
    yield Figure("an LSTM's training step / torch.nn.LSTM's", "≤ 1.5", "×", fused)
    yield Figure("the same written out / torch.nn.LSTM's", None, "×", written)
    yield Figure("triangle, T = 64, d = 64, two layers, in steps", "≤ 5", "×", triangle())
    with new_home():
        seconds, others = separation()
    yield Figure("click on delay-lstm → 90 % of answers right", "≤ 30", "s", seconds)
    yield Figure("the RNN's share right after as many steps", "≤ 0.5", "", others)


def quick() -> Figures:
    """The step and the triangle, in fewer pairs."""
    torch.set_num_threads(1)
    yield Figure("an LSTM's training step / torch.nn.LSTM's", "≤ 1.5", "×", steps(QUICKLY)[0])
    yield Figure("triangle, T = 64, d = 64, two layers, in steps", "≤ 5", "×", triangle(QUICKLY))


def config(layers: int = 1) -> RunConfig:
    """The default size."""
    return RunConfig.preset("shakespeare-lstm").replace(SHAPE | PLAIN | {"model.layers": layers})


def steps(pairs: int = PAIRS) -> tuple[list[float], list[float]]:
    """Times of our steps as a multiple of torch's: as trained, and written out."""
    ours, written = train(config()), train(config())
    for layer in written.model.layers:
        layer.watched = lambda: True
    ways = [(lambda one=one: next(one)) for one in (ours, written)] + [usual(ours)]
    rounds = []
    for pair in range(pairs + 1):
        order = range(3) if pair % 2 else reversed(range(3))
        seconds = {way: seconds_of(ways[way], BLOCK) for way in order}
        rounds.append(seconds)
    return tuple([one[way] / one[2] for one in rounds[1:]] for way in (0, 1))  # type: ignore[return-value]


def usual(training: Training) -> Callable[[], object]:
    """The same network from torch.nn, in a usual loop over the same batches."""
    V, C = len(training.task.vocabulary), 64
    table, lstm, out = nn.Embedding(V, C), nn.LSTM(C, C, batch_first=True), nn.Linear(C, V)
    parameters = [*table.parameters(), *lstm.parameters(), *out.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)

    def step() -> None:
        batch = training.batch(training.step)
        logits = out(lstm(table(batch.tokens))[0])
        nn.functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten()).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def seconds_of(work: Callable[[], object], times: int = 1) -> float:
    """The thread's own time."""
    start = time.thread_time()
    for _ in range(times):
        work()
    return time.thread_time() - start


def triangle(pairs: int = PAIRS) -> list[float]:
    """Times of the triangle as a multiple of a training step."""
    training = train(config(layers=2))
    one = training.task.probe()

    def picture() -> None:
        places, _ = through_time(training.model, one, ["layers.1.hidden"], training.task.objective)
        assert len(places) == 64

    ratios = []
    for pair in range(pairs + 1):
        ways = (picture, lambda: next(training)) if pair % 2 else (lambda: next(training), picture)
        first, second = (seconds_of(way) for way in ways)
        ratios.append(first / second if pair % 2 else second / first)
    return ratios[1:]


def separation() -> tuple[list[float], list[float]]:
    """Seconds from the click until most answers are right, and how much an RNN has right after as many steps."""
    seconds, others = [], []
    with server() as address, window(eye=False) as page:
        page.goto(address)
        page.get_by_role("heading", level=1).first.wait_for()
        for seed in range(CLICKS):
            start = time.perf_counter()
            page.goto(f"{address}/train?preset=delay-lstm&train.seed={seed}", wait_until="commit")
            page.wait_for_url("**run=*")
            (run_id,) = parse_qs(urlsplit(page.url).query)["run"]  # no other run: one before may be the newest written
            run = Run.open(catalogue.path_of(run_id))
            while share(run) < APART:
                assert time.perf_counter() - start < LONGEST, "it does not learn"
                time.sleep(0.05)
            seconds.append(time.perf_counter() - start)
            took = run.last
            run.close()
            leave(page)
            training = train(RunConfig.preset("delay-rnn").replace({"train.seed": seed}))
            others.append(sum([next(training).metric for _ in range(took)][-LAST:]) / LAST)
    return seconds, others


def share(run: Run) -> float:
    """The mean share right of the last steps; 0 before there are as many."""
    rows = run.query("SELECT metric FROM steps WHERE step >= ?", (run.last - LAST,))
    return sum(metric for (metric,) in rows) / LAST
