"""Presets of models that answer."""

from __future__ import annotations

from explorer.config.ordinary import Preset
from explorer.config.run import OptimizerConfig, RunConfig, TrainConfig
from explorer.tasks import fields
from models.config import ModelConfig

ANSWERING: dict[str, Preset] = {
    "tally": Preset(
        "Summing up",
        "“pear fig pear” becomes “2 pear 1 fig”: an encoder reads the list, a decoder counts what it looks back at.",
        "≈ 20 s to 90 % of lists unseen",
        RunConfig(
            model=ModelConfig(kind="encoder-decoder", context=16, layers=1),
            task=fields.Tally(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=600),
        ),
    ),
    "facts": Preset(
        "Facts, and two at once",
        "Currencies, languages and cities of the world: what was said it knows, what was never said it cannot.",
        "≈ 12 s to 95 % of what was said",
        RunConfig(
            model=ModelConfig(context=24),
            task=fields.Facts(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(batch=64, steps=800),
        ),
    ),
    "dialogue": Preset(
        "Dialogue",
        "Somebody speaks in a play, somebody else replies: say something to it, and see whose words it answers with.",
        "≈ 35 s until it replies in words",
        RunConfig(
            model=ModelConfig(context=72, positions="rotary"),
            task=fields.Dialogue(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
}
