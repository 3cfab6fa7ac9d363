"""Where a visitor starts: configs that learn something visible fast on one CPU thread."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.config import OptimizerConfig, RunConfig, TrainConfig
from explorer.tasks import fields
from models.config import ModelConfig


@dataclass(frozen=True)
class Preset:
    """A config with its card's words."""

    title: str
    description: str
    wait: str  # until there is something to see, as measured on one thread; benchmarks/README.md
    config: RunConfig


PRESETS: dict[str, Preset] = {
    "reverse": Preset(
        "Reverse a sequence",
        "The heads learn to read backwards: watch the anti-diagonal form.",
        "≈ 3 s to 99 %",
        RunConfig(
            model=ModelConfig(context=32),
            task=fields.Reverse(length=16, symbols=26),
            optimizer=OptimizerConfig(lr=5e-4, warmup=50),
            train=TrainConfig(steps=3000),
        ),
    ),
    "sort": Preset(
        "Sort letters",
        "To say the next letter, a head has to find the smallest one that is left.",
        "≈ 7 s to 95 %",
        RunConfig(
            model=ModelConfig(context=24),
            task=fields.Sort(length=12, symbols=26),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
    "induction": Preset(
        "Induction heads",
        "Two heads learn together to look up what came next the last time.",
        "≈ 4 s to 80 %",
        RunConfig(
            model=ModelConfig(context=32),
            task=fields.Induction(length=32, symbols=31, shortest=4, longest=12),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
    "addition": Preset(
        "Addition on a clock",
        "First it learns sums by heart, then it finds the rule: sums it never saw come right.",
        "≈ 7 s to 90 % of sums unseen",
        RunConfig(
            model=ModelConfig(context=4, layers=1),
            task=fields.Addition(modulus=47, held_out=0.5),
            optimizer=OptimizerConfig(lr=5e-3, weight_decay=1.0, schedule="cosine"),
            train=TrainConfig(batch=256, steps=3000),
        ),
    ),
    "shakespeare": Preset(
        "Shakespeare, letter by letter",
        "From noise to words to speeches: the next letter of the plays.",
        "≈ 10 s to 40 % of letters",
        RunConfig(
            model=ModelConfig(context=64, positions="rotary"),
            task=fields.Shakespeare(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=5000),
        ),
    ),
    "python": Preset(
        "Python's own source",
        "Indentation first, then keywords: the next letter of the standard library.",
        "≈ 7 s to 45 % of letters",
        RunConfig(
            model=ModelConfig(context=64, positions="rotary"),
            task=fields.Python(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=5000),
        ),
    ),
    "dates-fr": Preset(
        "Translate dates into French",
        "An encoder reads, a decoder writes, and cross-attention swaps month and day.",
        "≈ 6 s to 98 % of letters",
        RunConfig(
            model=ModelConfig(kind="encoder-decoder", context=32, layers=1),
            task=fields.Dates(language="fr"),
            optimizer=OptimizerConfig(lr=3e-3, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
}


def presets() -> dict[str, str]:
    """Preset names, each with a one-line description."""
    return {name: preset.description for name, preset in PRESETS.items()}
