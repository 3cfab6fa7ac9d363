"""Presets of models that read both ways."""

from __future__ import annotations

from explorer.config.ordinary import ORDINARY, Preset
from explorer.config.run import OptimizerConfig, RunConfig, TrainConfig
from explorer.tasks import fields
from models.config import ModelConfig

READING: dict[str, Preset] = {
    "fill-shakespeare": Preset(
        "Fill the gap",
        "Letters of the plays are hidden; an encoder guesses each from both sides.",
        "≈ 10 s to 50 % of gaps",
        ORDINARY["shakespeare"].config.replace({"model.kind": "encoder", "task.name": "fill"}),
    ),
    "which-language": Preset(
        "Which language?",
        "Names of places in twelve languages: a class token reads each and says which it is in.",
        "≈ 4 s to 65 % of places unseen",
        RunConfig(
            model=ModelConfig(kind="encoder", context=48),
            task=fields.Language(),
            optimizer=OptimizerConfig(lr=3e-3, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=1500),
        ),
    ),
    "comedy-or-history": Preset(
        "Comedy or history?",
        "Speeches of Shakespeare’s plays: a class token says of which kind, for plays that it never saw.",
        "≈ 9 s to 64 % of speeches unseen",
        RunConfig(
            model=ModelConfig(kind="encoder", context=48),
            task=fields.Genre(),
            optimizer=OptimizerConfig(lr=3e-3, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=600),
        ),
    ),
    "good-or-bad": Preset(
        "The tone of a word",
        "Do people find a word good or bad? Its letters tell: prefixes, endings, and stems seen in other words.",
        "≈ 9 s to 75 % of words unseen",
        RunConfig(
            model=ModelConfig(kind="encoder", context=48, layers=1),
            task=fields.Tone(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(batch=128, steps=1000),
        ),
    ),
    "digits": Preset(
        "Pictures as tokens",
        "A handwritten digit is cut into sixteen patches; an encoder reads them, a decoder writes the word.",
        "≈ 9 s to 90 % of pictures unseen",
        RunConfig(
            model=ModelConfig(kind="encoder-decoder", context=16, layers=1),
            task=fields.Digits(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=1500),
        ),
    ),
}
