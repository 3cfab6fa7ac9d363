"""Where a visitor starts: configs that learn something visible fast on one CPU thread, and some that fail on purpose.

Each that fails does so for one reason, shows it within seconds, and names its cure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.config import OptimizerConfig, RunConfig, TrainConfig
from explorer.tasks import fields
from models.config import ModelConfig, WordKind, WordVectorConfig


@dataclass(frozen=True)
class Preset:
    """A config with its card's words."""

    title: str
    description: str
    wait: str  # until there is something to see, as measured on one thread; benchmarks/README.md
    config: RunConfig


@dataclass(frozen=True)
class Broken(Preset):
    """A config that fails on purpose. Its description is the symptom.

    look_at: where it shows.   rule: the diagnosis that names it, of explorer/measure/diagnosis.py.
    cure: the settings that make it learn, by path.   anew: why its weights cannot go on with the cure; None: they can.
    """

    look_at: str
    rule: str
    cure: dict[str, Any]
    anew: str | None = None


ORDINARY: dict[str, Preset] = {
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


def word_vectors(kind: WordKind, title: str, description: str, window: int) -> Preset:
    """A way to word vectors, on Shakespeare's plays."""
    return Preset(
        title,
        description,
        "≈ 10 s until kin lie together",
        RunConfig(
            model=WordVectorConfig(kind=kind),
            task=fields.Words(window=window),
            optimizer=OptimizerConfig(lr=1e-2, weight_decay=0.0, schedule="cosine"),
            train=TrainConfig(batch=1024, steps=8000, clip=None),
        ),
    )


WORDS: dict[str, Preset] = {
    "words-skip-gram": word_vectors(
        "skip-gram",
        "Skip-gram",
        "Which words may stand near this one? True neighbours against words drawn at random.",
        5,
    ),
    "words-cbow": word_vectors("cbow", "CBOW", "Which word fills this gap? The mean of all words around it says.", 5),
    "words-glove": word_vectors(
        "glove", "GloVe", "How often do two words stand near each other? Their vectors learn to tell the count.", 8
    ),
}

REVERSE, SORT, ADDITION = (ORDINARY[name].config for name in ("reverse", "sort", "addition"))

BROKEN: dict[str, Broken] = {
    "no-residual": Broken(
        "No residual connections",
        "Six layers, each replacing what it reads: the loss stays where guessing puts it.",
        "≈ 7 s until the first layers hear nothing",
        REVERSE.replace({"model.layers": 6, "model.residual": "none"}),
        look_at="the depth map: the gradient of the first layers fades while that of the last does not",
        rule="vanishing",
        cure={"model.residual": "add"},
    ),
    "no-norm": Broken(
        "No LayerNorm",
        "Six layers without a norm at a brisk learning rate: for 80 steps all is well, then the gradient explodes.",
        "≈ 4 s until it diverges",
        REVERSE.replace({"model.layers": 6, "model.norm": "none", "optimizer.lr": 1e-2, "train.clip": None}),
        look_at="the gradient norm, which grows a millionfold in twenty steps, and the step at which it stops",
        rule="exploding",
        cure={"model.norm": "pre"},
        anew="a LayerNorm has weights of its own, which this run has not",
    ),
    "post-norm": Broken(
        "Post-norm without warm-up",
        "Eight layers as in 2017, at full speed from the first step: the loss stays where guessing puts it.",
        "≈ 4 s until the first layers hear nothing",
        REVERSE.replace({"model.layers": 8, "model.norm": "post", "optimizer.lr": 4e-3, "optimizer.warmup": 0}),
        look_at="the depth map: within 50 to 150 steps the first layer's gradient is a hundredth of the last one's",
        rule="vanishing",
        cure={"optimizer.warmup": 200},
        anew="a warm-up acts on the first steps alone",
    ),
    "no-scale": Broken(
        "No 1/√d",
        "Scores are not divided by √d: the softmax picks one key and stops learning which.",
        "≈ 2 s until attention is all or nothing",
        SORT.replace({"model.heads": 1, "model.scale": "none", "optimizer.name": "adamw"}),
        look_at="the attention map: each row is one full cell, long before the model knows where to look",
        rule="saturated attention",
        cure={"model.scale": "sqrt"},
    ),
    "large-init": Broken(
        "Initial weights × 10",
        "Before the first step the model is sure of itself, and wrong: worse than guessing.",
        "≈ 1 s until it shows",
        REVERSE.replace({"model.init": "large"}),
        look_at="the first loss: above ln V, the dashed line of guessing",
        rule="sure of itself",
        cure={"model.init": "gpt2"},
        anew="initial weights are those of step 0",
    ),
    "sigmoid": Broken(
        "Sigmoid activations",
        "The MLP's units end on the flat parts of the curve, where no gradient passes: half as fast as with GELU.",
        "≈ 4 s until units saturate",
        ADDITION.replace({"model.activation": "sigmoid"}),
        look_at="the share of hidden values on the flat parts, and the update ratio",
        rule="stuck units",
        cure={"model.activation": "gelu"},
    ),
    "large-lr": Broken(
        "Learning rate × 100",
        "The first step is larger than the weights themselves, and what is left no longer learns.",
        "≈ 1 s until it shows",
        REVERSE.replace({"optimizer.lr": 5e-2, "optimizer.warmup": 0}),
        look_at="the update ratio of the first steps: a thousand times the usual 1e-3",
        rule="update ratio",
        cure={"optimizer.lr": 5e-4},
        anew="what its first steps ruined does not mend: with a hundredth of the rate it stays where it is",
    ),
    "no-mask": Broken(
        "No causal mask",
        "The loss falls to almost nothing, because the model reads the answer instead of guessing it.",
        "≈ 3 s until it cheats",
        ORDINARY["python"].config.replace({"model.context": 32, "model.mask": "none"}),
        look_at="a head that looks one ahead, and the loss once the future is hidden, as it is when writing",
        rule="looks ahead",
        cure={"model.mask": "causal"},
    ),
    "batch-of-one": Broken(
        "A batch of one",
        "Every step follows a single example: the gradient is loud, and mostly noise.",
        "≈ 1 s until it shows",
        ADDITION.replace({"train.batch": 1}),
        look_at="the gradient norm, which jumps from step to step, and how little two batches agree",
        rule="noise",
        cure={"train.batch": 256},
    ),
}
PRESETS: dict[str, Preset] = ORDINARY | WORDS | BROKEN


def presets() -> dict[str, str]:
    """Preset names, each with a one-line description."""
    return {name: preset.description for name, preset in PRESETS.items()}
