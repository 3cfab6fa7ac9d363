"""Where a visitor starts: configs that learn something visible fast, and some that fail on purpose."""

from __future__ import annotations

from explorer.config.answering import ANSWERING
from explorer.config.broken import BROKEN, Broken
from explorer.config.ordinary import ORDINARY, RECURRENT, WORDS, Preset
from explorer.config.reading import READING
from explorer.config.run import RunConfig
from models.families import kind_of

__all__ = [
    *("ANSWERING", "BROKEN", "ORDINARY", "PRESETS", "READING", "RECURRENT", "WORDS"),
    *("Broken", "Preset", "broken_of", "presets"),
]
PRESETS: dict[str, Preset] = ORDINARY | READING | ANSWERING | RECURRENT | WORDS | BROKEN


def presets() -> dict[str, str]:
    """Preset names, each with a one-line description."""
    return {name: preset.description for name, preset in PRESETS.items()}


def broken_of(config: RunConfig) -> Broken | None:
    """What a run fails by on purpose. None if it does not.

    Of the presets of its task whose fault is in its settings the one that it differs from least, unless some sound
    preset is nearer by more than a setting; where no fault is left, the nearest one that fails, if none is nearer.
    """
    nearest, changes = config.nearest_preset()
    distance = {name: config.differences(PRESETS[name].config) for name in BROKEN}
    at_fault = [
        name
        for name, broken in BROKEN.items()
        if broken.config.task.name == config.task.name
        and has_fault(config, broken)
        and len(distance[name]) <= len(changes) + 1
    ]
    return BROKEN[min(at_fault, key=lambda name: len(distance[name]))] if at_fault else BROKEN.get(nearest)


def has_fault(config: RunConfig, broken: Broken) -> bool:
    """Whether every setting that a cure would change is set as in the preset that fails, and is read by the model."""
    ignored = {f"model.{name}" for name in kind_of(config.model).ignores}
    settings = config.flat()
    return all(settings.get(path) == broken.config.get(path) and path not in ignored for path in broken.cure)
