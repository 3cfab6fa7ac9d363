"""Presets of models that read both ways."""

from __future__ import annotations

from explorer.config.ordinary import ORDINARY, Preset

READING: dict[str, Preset] = {
    "fill-shakespeare": Preset(
        "Fill the gap",
        "Letters of the plays are hidden; an encoder guesses each from both sides.",
        "≈ 10 s to 40 % of letters",
        ORDINARY["shakespeare"].config.replace({"model.kind": "encoder", "task.name": "fill"}),
    ),
}
