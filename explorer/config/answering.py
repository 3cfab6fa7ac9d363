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
    "numbers-fr": Preset(
        "Numbers in words",
        "71 is soixante et onze: an encoder reads digits, a decoder writes them out in French, and in eight others.",
        "≈ 8 s to 98 % of letters",
        RunConfig(
            model=ModelConfig(kind="encoder-decoder", context=64, layers=1),
            task=fields.Numbers(),
            optimizer=OptimizerConfig(lr=3e-3, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=1500),
        ),
    ),
    "verses": Preset(
        "Verses",
        "The Bible of 1611 in the English of today: real sentences, of which a copy is half right already.",
        "≈ 40 s to half of the tokens",
        RunConfig(
            model=ModelConfig(kind="encoder-decoder", context=40),
            task=fields.Verses(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
}
