"""What pages need to know of a run's task, its training as a script, and files of weights."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.answers.records.record import Array, Record


@dataclass(frozen=True)
class TaskFacts(Record):
    """A task in a few words and numbers.

    words: some that it knows, if it is about words.   vocabulary: how many tokens.   chance: the metric of guessing,
    in [0, 1].   guessing: the loss of guessing, and its formula in words.   unit: of the loss.   answer: what is
    asked for, such as a token.   metric: what it counts, in words.   writes: whether a model can write text.
    sample: one example, as a person reads it.
    """

    words: list[str]
    vocabulary: int
    chance: float
    guessing: tuple[float, str]
    unit: str
    answer: str
    metric: str
    writes: bool
    sample: str


@dataclass(frozen=True)
class About(TaskFacts, of="task.about"):
    """The task of a run."""


@dataclass(frozen=True)
class Fit(TaskFacts, of="task.fit"):
    """The task of settings that can be trained."""


@dataclass(frozen=True)
class Preparation(Record, of="task.prepare"):
    """A preset whose text is on disk."""

    preset: str


@dataclass(frozen=True)
class TorchScript(Record, of="task.torch_script"):
    """A run's training in PyTorch alone.

    text: the script.   lines: of code.   steps: that it takes.   zipped: it, a notebook and its data, as bytes.
    """

    text: str
    lines: int
    steps: int
    zipped: Array


@dataclass(frozen=True)
class WeightsFile(Record, of="task.weights"):
    """A run's weights as a safetensors file. data: its bytes."""

    data: Array


@dataclass(frozen=True)
class Judgement(Record, of="task.judge"):
    """How good the model of a file of weights is.

    preset, changes: the settings that the file names, as the nearest preset and what differs, by path.   run, step:
    where it says it is from.   loss: in `unit`, and right: the share of right answers, on this many `examples` of the
    task's probe.   guessing, chance: the same of a model that has learned nothing.
    """

    preset: str
    changes: dict[str, str]
    run: str
    step: str
    parameters: int
    loss: float
    right: float
    guessing: float
    chance: float
    unit: str
    examples: int
