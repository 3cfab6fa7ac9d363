"""Presets that learn something visible fast on one CPU thread."""

from __future__ import annotations

from dataclasses import dataclass, field

from explorer.config.run import OptimizerConfig, RunConfig, TrainConfig
from explorer.tasks import fields
from models.config import ModelConfig, RecurrentConfig, TranslatorConfig, WordKind, WordVectorConfig


@dataclass(frozen=True)
class Preset:
    """A config with its card's words. pictured: steps after which the picture on its card is drawn."""

    title: str
    description: str
    wait: str  # until there is something to see, as measured on one thread; benchmarks/README.md
    config: RunConfig
    pictured: int = field(default=400, kw_only=True)

    def may_name(self, config: RunConfig) -> bool:
        """Whether a run of a config may go by this preset's name, with what differs from it."""
        return True


ORDINARY: dict[str, Preset] = {
    "reverse": Preset(
        "Reverse a sequence",
        "The heads learn to read backwards: watch a line form from right to left.",
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
        pictured=600,
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
        pictured=800,
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
    "tunes": Preset(
        "Tunes, note by note",
        "Bars, beats and cadences in ABC notation: see what it writes as notes, and hear it.",
        "≈ 10 s until its tunes keep time",
        RunConfig(
            model=ModelConfig(context=96, positions="rotary"),
            task=fields.Tunes(),
            optimizer=OptimizerConfig(name="muon", lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(batch=16, steps=3000),
        ),
    ),
    "dates-fr": Preset(
        "Translate dates into French",
        "A decoder writes what an encoder read, and looks across at it: cross-attention.",
        "≈ 6 s to 98 % of letters",
        RunConfig(
            model=ModelConfig(kind="encoder-decoder", context=32, layers=1),
            task=fields.Dates(language="fr"),
            optimizer=OptimizerConfig(lr=3e-3, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
}


DELAY = RunConfig(
    model=RecurrentConfig(kind="lstm", context=24, forget_bias=3.0),
    task=fields.Delay(length=2, delay=20, symbols=8),
    optimizer=OptimizerConfig(lr=1e-2, warmup=20),
    train=TrainConfig(steps=2000),
)
RECURRENT: dict[str, Preset] = {
    "delay-lstm": Preset(
        "Remember, says the LSTM",
        "Two symbols, twenty blanks, and the symbols once more: gates hold them meanwhile.",
        "≈ 3 s to 99 %",
        DELAY,
    ),
    "brackets-gru": Preset(
        "Which bracket is open?",
        "A GRU keeps a stack of brackets in its state and names the innermost after every token.",
        "≈ 5 s to 90 %",
        RunConfig(
            model=RecurrentConfig(kind="gru", context=40),
            task=fields.Brackets(length=40),
            optimizer=OptimizerConfig(lr=1e-2, warmup=20),
            train=TrainConfig(steps=2000),
        ),
    ),
    "shakespeare-lstm": Preset(
        "Shakespeare by an LSTM",
        "The same plays, letter by letter, by the kind of network that wrote text before attention.",
        "≈ 5 s to 40 % of letters",
        RunConfig(
            model=RecurrentConfig(kind="lstm", width=128, context=64),
            task=fields.Shakespeare(),
            optimizer=OptimizerConfig(lr=5e-3, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=3000),
        ),
    ),
    "dates-gru": Preset(
        "Where attention began",
        "A GRU translates dates, and for each letter chooses what it reads of the source, as in 2015.",
        "≈ 6 s to 98 % of letters",
        RunConfig(
            model=TranslatorConfig(kind="gru-attention", context=32),
            task=fields.Dates(language="fr"),
            optimizer=OptimizerConfig(lr=1e-2, warmup=20, schedule="cosine"),
            train=TrainConfig(steps=2000),
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
