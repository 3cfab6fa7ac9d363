"""Searches that one click begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.config.run import RunConfig
from explorer.search.search import Search
from explorer.search.space import ChoiceKnob, FloatKnob, IntKnob

LR = FloatKnob(path="optimizer.lr", low=3e-4, high=1e-1, log=True)
SHORT_TEXT = 4000  # characters: soon known by heart


@dataclass(frozen=True)
class Sample:
    """A search with its name, and what it asks."""

    title: str
    question: str
    search: Callable[[], Search]


def optimizer() -> Search:
    """Learning rate, optimizer and warm-up of a task that is solved in 150 steps."""
    return Search(
        config=RunConfig.preset("reverse").replace({"optimizer.schedule": "constant"}),
        knobs=(
            LR,
            ChoiceKnob(path="optimizer.name", choices=("adamw", "rmsprop", "momentum", "muon")),
            IntKnob(path="optimizer.warmup", low=0, high=50, step=5),
        ),
        trials=24,
        steps=150,
        every=10,
        grace=30,
    )


def size() -> Search:
    """The shape of a model that sorts."""
    return Search(
        config=RunConfig.preset("sort").replace({"optimizer.schedule": "constant"}),
        knobs=(
            LR,
            ChoiceKnob(path="model.width", choices=(16, 32, 64)),
            IntKnob(path="model.layers", low=1, high=3),
            ChoiceKnob(path="model.heads", choices=(1, 2, 4)),
        ),
        trials=20,
        steps=200,
        every=10,
        grace=40,
    )


def by_heart() -> Search:
    """A text so short that every model comes to know it by heart: a page of Python's own manual."""
    from pydoc_data import topics

    text = " ".join(topics.topics.values())[:SHORT_TEXT]
    changes = {
        "task.name": "text",
        "task.text": text,
        "model.context": 32,
        "train.batch": 16,
        "optimizer.name": "adamw",
        "optimizer.schedule": "constant",
        "optimizer.warmup": 0,
    }
    return Search(
        config=RunConfig.preset("shakespeare").replace(changes),
        knobs=(
            FloatKnob(path="optimizer.lr", low=1e-3, high=2e-2, log=True),
            FloatKnob(path="model.dropout", low=0.0, high=0.4),
            ChoiceKnob(path="model.width", choices=(16, 32, 64)),
        ),
        trials=16,
        steps=400,
        every=20,
        patience=100,
        prune=False,
    )


SAMPLES = {
    "optimizer": Sample(
        "Which optimizer, how large a step?", "Reverse: learning rate, optimizer, warm-up; 24 × 150 steps.", optimizer
    ),
    "size": Sample("How wide, how deep?", "Sort: learning rate, width, layers, heads; 20 × 200 steps.", size),
    "by-heart": Sample(
        "When does it learn by heart?", "One page of text: learning rate, dropout, width; early stopping.", by_heart
    ),
}
