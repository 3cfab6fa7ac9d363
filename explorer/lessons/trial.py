"""Trial: a lesson's training, recorded without a host, and its answers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

import torch

from explorer.answers.records.record import R
from explorer.config.run import RunConfig
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.tasks.fields import TASKS
from explorer.training.divergence import Diverged

SHUFFLING_SEED = 1


class Trial:
    """A run file, trained up to the last of `steps`, with its weights at each of them."""

    def __init__(self, path: Path, config: RunConfig, steps: set[int]):
        self.path = path
        train(path, config, steps)
        self.run = Run.open(path)

    def ask(self, kind: type[R], at: int, /, **arguments: object) -> R:
        """The answer of this kind at a step, computed here."""
        module, _, name = kind.function.partition(":")
        first = {"path": str(self.path)} if name == "about" else {"path": str(self.path), "step": at}
        return cast(R, getattr(import_module(module), name)(**first, **arguments))


def train(path: Path, config: RunConfig, steps: set[int]) -> None:
    """Trains a new run file; the weights at `steps` stand in it. A training that diverges ends where it does."""
    file.begin(path, config)
    with Recorder(path, validates=False) as recorder:
        run = Run.open(path)
        training = restore(run, 0)
        run.close()
        recorder.describe(training)
        recorder.snapshot(training)
        state, reason = "paused", "as far as the lesson needs it"
        try:
            for step in range(max(1, *steps)):
                recorder.add(next(training), training)
                if step + 1 in steps:
                    recorder.snapshot(training)
        except Diverged as error:
            state, reason = "diverged", error.what
        recorder.status(state, reason)


def shuffled(config: RunConfig) -> RunConfig:
    """The same settings on the same text with its characters in random order."""
    corpus = TASKS[config.task.name].corpus
    if corpus is None:
        raise ValueError(f"task.name={config.task.name} is made of no text, so there is nothing to shuffle")
    text = corpus(config.task).read()
    order = torch.randperm(len(text), generator=torch.Generator().manual_seed(SHUFFLING_SEED))
    mixed = "".join(map(text.__getitem__, order.tolist()))
    return config.replace({"task.name": "text", "task.text": mixed})
