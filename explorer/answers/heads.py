"""What heads do over a whole run: their scores at every snapshot. H heads, n length of a repeated sequence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from explorer.analysis.interventions import repeat_patterns, repeated
from explorer.answers.records.heads import HeadHistory
from explorer.measure import attention
from explorer.measure.heads import SCORES
from explorer.measure.lines import KINDS, lines
from explorer.runs import snapshots
from explorer.runs.restored import Progress, opened, playback
from explorer.tasks.base import Batch
from explorer.trace import Trace, observe
from explorer.training.device import numerics
from explorer.training.loop import Training
from explorer.training.randomness import stream

ROWS = 8  # repeated sequences
LONGEST = 16  # tokens of one before it is repeated
SHORTEST = 3


def history(path: str, step: int, progress: Progress = None) -> HeadHistory:
    """The scores of every self-attention head at the snapshots until `step`, each with the settings in force there, and
    how far the heads that have an alignment to keep to do so."""

    opened(path).config.need("attention heads")

    def measure(at: int) -> np.ndarray | None:
        training = playback(path).at(at)
        return None if training is None else scores(training)

    first = playback(path).training
    repeats = Repeats.of(first)
    steps, values = snapshots.history(path, step, "heads", measure, progress)
    heads, names, keeping = self_attention_heads(first), names_of(repeats), aligned_heads(first)
    of_alignment = len(names) * len(heads)
    values = values.reshape(len(steps), of_alignment + 2 * len(keeping))
    agreement, even = values[:, of_alignment:].reshape(len(steps), 2, len(keeping)).transpose(1, 0, 2)
    by_name = values[:, :of_alignment].reshape(len(steps), len(names), len(heads)).transpose(1, 0, 2)
    series = dict(zip(names, by_name, strict=True))
    measured = [name for name in (*SCORES, *KINDS) if np.isfinite(series.get(f"{name}.chance", np.nan)).any()]
    return HeadHistory(
        step=step,
        steps=steps,
        heads=heads,
        scores={name: series[name] for name in (*measured, "entropy")},
        chance={name: series[f"{name}.chance"] for name in measured},
        n=repeats.n if repeats else 0,
        aligned=keeping,
        agreement=agreement,
        agreement_chance=even,
    )


@dataclass(frozen=True)
class Repeats:
    """The sequences on which self-attention heads are scored besides the input: n random tokens, repeated once.

    tokens (ROWS, 2n), the same at every step of every run of this task.   model: the settings of the heads' model.
    """

    n: int
    tokens: Tensor
    model: Any

    @classmethod
    def of(cls, training: Training) -> Repeats | None:
        """None if the task's inputs are too short for a repetition."""
        vocabulary, model = training.task.vocabulary, training.config.model
        n = min(LONGEST, min(training.task.length, model.context) // 2)
        if n < SHORTEST:
            return None
        hidden = [] if vocabulary.pad is None else [vocabulary.pad]
        tokens = repeated(len(vocabulary), n, ROWS, stream(0, "repeated"), hidden)
        return cls(n, tokens.to(training.device), model)

    def scores(self, model: nn.Module) -> dict[str, dict[str, np.ndarray]]:
        """By the path of each self-attention, each score of its heads, (H,)."""
        patterns = repeat_patterns(model, self.tokens)
        return {
            path: {name: score.measure(pattern, self.n) for name, score in SCORES.items()}
            for path, pattern in patterns.items()
        }

    def chance(self, path: str) -> dict[str, float]:
        """The scores of even attention in an attention."""
        return {name: score.chance(self.n, self.model.causal(path)) for name, score in SCORES.items()}


def self_attention_heads(training: Training) -> list[str]:
    """The self-attention heads, by name."""
    return [name for name in training.heads.names() if name.rpartition(".")[0].endswith(".attention")]


def aligned(batch: Batch) -> np.ndarray | None:
    """The source positions that each target position translates, (Q, K) of 0 and 1; None if unknown."""
    return None if batch.alignment is None else batch.alignment[0].cpu().numpy()


def crossing(paths: list[str]) -> list[str]:
    """The attentions whose keys the alignment counts: the source's if there is one, else the tokens themselves."""
    return [p for p in paths if p.endswith(".cross")] or paths


def aligned_heads(training: Training) -> list[str]:
    """The heads that have an alignment to keep to, by name: none where the task has none."""
    names = training.heads.names()
    if training.task.probe().alignment is None:
        return []
    paths = crossing(list(dict.fromkeys(name.rpartition(".")[0] for name in names)))
    return [name for name in names if name.rpartition(".")[0] in paths]


def names_of(repeats: Repeats | None) -> list[str]:
    """What `scores` gives, in order."""
    on_repeats = () if repeats is None else SCORES
    return [*both(on_repeats), *both(KINDS), "entropy"]


def both(names: Iterable[str]) -> list[str]:
    """Scores, and what chance would give each."""
    return [*names, *(f"{name}.chance" for name in names)]


def scores(training: Training) -> np.ndarray:
    """Every score of every self-attention head and its chance level, in the order of `names_of`; then the agreement of
    every head of `aligned_heads` and what even attention has of it. All in one row."""
    repeats = Repeats.of(training)
    probe = training.task.probe().to(training.device)
    with numerics(training.config):
        trace = observe(training.model, probe, gradients=False, wanted=lambda name: name.endswith(".pattern"))
        rows = [*([] if repeats is None else on_repeats(training, repeats)), *on_probe(trace)]
    alignment = aligned(probe)
    return np.concatenate([*rows, *([] if alignment is None else agreement(training, trace, alignment))])


def agreement(training: Training, trace: Trace, alignment: np.ndarray) -> list[np.ndarray]:
    """The agreement of the heads of `aligned_heads` with the alignment (Q, K), and that of even attention."""
    paths = dict.fromkeys(name.rpartition(".")[0] for name in aligned_heads(training))
    patterns = [trace.values[f"{path}.pattern"][0] for path in paths]
    even = [np.repeat(attention.agreement(attention.even(one), alignment), len(one)) for one in patterns]
    return [attention.agreement(one, alignment) for one in patterns] + even


def on_repeats(training: Training, repeats: Repeats) -> list[np.ndarray]:
    """SCORES of all heads, then what even attention scores, each (H,)."""
    by_path = repeats.scores(training.model)
    paths = [name.rpartition(".")[0] for name in self_attention_heads(training)]
    measured = [np.concatenate([scores_of_path[name] for scores_of_path in by_path.values()]) for name in SCORES]
    return [*measured, *(np.array([repeats.chance(path)[name] for path in paths]) for name in SCORES)]


def on_probe(trace: Trace) -> list[np.ndarray]:
    """Clearest line of each kind, what chance gives it, and the entropy of all self-attention heads, each (H,)."""
    patterns = [value[0] for name, value in trace.values.items() if name.endswith(".attention.pattern")]
    measured = [lines(head) for pattern in patterns for head in pattern]
    scores = [[of[kind].score if kind in of else np.nan for of in measured] for kind in KINDS]
    chance = [[of[kind].chance if kind in of else np.nan for of in measured] for kind in KINDS]
    return [*map(np.array, scores + chance), np.concatenate([attention.entropy(pattern) for pattern in patterns])]
