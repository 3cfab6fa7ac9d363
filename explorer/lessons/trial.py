"""Trial: a lesson's training, recorded without a host, and its answers. Trials: all of them, each trained once.

lessons ─ config, steps ─> Trials ─ the same config? ─> Trial ─ trained as far as asked ─> answers, each kept
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import torch

from explorer.answers.records.record import R, Record
from explorer.config.run import RunConfig
from explorer.runs import file
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.tasks.fields import TASKS
from explorer.training.divergence import Diverged

SHUFFLING_SEED = 1


class Trial:
    """A run file, trained up to the last of `steps`, with its weights at each of them. It may be trained on."""

    def __init__(self, path: Path, config: RunConfig, steps: set[int]):
        self.path = path
        self.answers: dict[tuple, Record] = {}
        file.begin(path, config)
        train(path, steps)
        self.run = Run.open(path)

    def reach(self, steps: set[int]) -> None:
        """Trains on to the last of `steps` if the run has not come that far. One that diverged stays as it is."""
        if max(steps) > self.run.last and self.run.status.state != "diverged":
            train(self.path, steps)

    def ask(self, kind: type[R], at: int, /, **arguments: object) -> R:
        """The answer of this kind at a step, computed here, once."""
        place = (kind.function, at, *sorted(arguments.items()))
        if place not in self.answers:
            module, _, name = kind.function.partition(":")
            first = {"path": str(self.path)} if name == "about" else {"path": str(self.path), "step": at}
            self.answers[place] = getattr(import_module(module), name)(**first, **arguments)
        return cast(R, self.answers[place])


class Trials:
    """The trainings of lessons in a folder that goes with them; lessons with the same settings share one."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="lessons-", ignore_cleanup_errors=True)
        self.by_config: dict[str, Trial] = {}
        self.numbers = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for trial in self.by_config.values():
            trial.run.close()
        self.folder.cleanup()

    def of(self, config: RunConfig, steps: set[int]) -> Trial:
        """The training with these settings, as far as the last of these steps."""
        trial = self.by_config.get(config.to_json())
        if trial is None:
            path = Path(self.folder.name) / f"{next(self.numbers)}.run"
            trial = self.by_config[config.to_json()] = Trial(path, config, steps)
        trial.reach(steps)
        return trial


def train(path: Path, steps: set[int]) -> None:
    """Trains a run file on; the weights at `steps` stand in it. A training that diverges ends where it does."""
    with Recorder(path, validates=False) as recorder:
        run = Run.open(path)
        training = restore(run, run.last)
        run.close()
        recorder.describe(training)
        if not training.step:
            recorder.snapshot(training)
        state, reason = "paused", "as far as the lesson needs it"
        try:
            for step in range(training.step, max(1, *steps)):
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
