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
    wait: str  # how long until there is something to see, as measured; benchmarks/README.md
    config: RunConfig


PRESETS: dict[str, Preset] = {
    "reverse": Preset(
        "Reverse a sequence",
        "The heads learn to read backwards: watch the anti-diagonal form.",
        "≈ 3 s",
        RunConfig(
            model=ModelConfig(context=20, width=48),
            task=fields.Reverse(length=10, symbols=31),
            optimizer=OptimizerConfig(lr=5e-3),
            train=TrainConfig(steps=1000),
        ),
    ),
}


def presets() -> dict[str, str]:
    """Preset names, each with a one-line description."""
    return {name: preset.description for name, preset in PRESETS.items()}
