"""What stands out: what each head clearly does, and which head or measure is worth opening a page on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.measure.heads import CLEAR, SCORES, stands_out
from explorer.measure.lines import KINDS, Line

AGREEMENT = "agreement"  # with the true alignment, which says most of a head that has one
AGREES = "agrees with the translation"  # what such a head does
ROUNDING = 1e-6  # of a sum of probabilities in float32
CLEARLY = 0.15  # of the way from even attention to all of it, by which another must lead before it takes over


@dataclass(frozen=True)
class Claim:
    """One thing that a head clearly does.

    kind: AGREEMENT, or a key of SCORES or KINDS.   words: what the head is said to do.   score, chance: its measure,
    and that of even attention.
    """

    kind: str
    words: str
    score: float
    chance: float

    @property
    def lead(self) -> float:
        """How far the score has come from chance to 1, in [0, 1]; 0 where even attention is already there."""
        return 0.0 if sure(self.chance) else (self.score - self.chance) / (1 - self.chance)


def sure(chance: float) -> bool:
    """Whether even attention has all of a score, so that it tells no head from another: all keys are aligned."""
    return chance > 1 - ROUNDING


def claim(scores: Mapping[str, float], chance: Mapping[str, float], lines: Mapping[str, Line]) -> Claim | None:
    """What a head clearly does, the most telling thing first; None where that is nothing.

    scores, chance: by name, those of AGREEMENT and SCORES where there are any.   lines: through its pattern.
    A head with an alignment to keep to is held to that alone, by how far it has come: where a word is aligned with a
    whole word, even attention agrees too often for anything to be three times as much.
    """
    if AGREEMENT in scores:
        agrees = Claim(AGREEMENT, AGREES, scores[AGREEMENT], chance[AGREEMENT])
        return agrees if agrees.lead >= CLEAR else None
    for kind, record in SCORES.items():
        if kind in scores and record.stands_out(scores[kind], chance[kind]):
            return Claim(kind, record.words, scores[kind], chance[kind])
    clear = [one for one in lines.values() if stands_out(one.score, one.chance)]
    best = max(clear, key=lambda one: one.score, default=None)
    return None if best is None else Claim(best.kind, best.words, best.score, best.chance)


def leader(leads: Mapping[str, float], standing: str) -> str:
    """Which of those that stand out is shown, until a visitor chooses: the first, and then the same.

    leads: of those that stand out, by name.   standing: the one that is shown, "" before the first. Another takes
    over only where it leads by CLEARLY, so that nothing jumps while a model learns.
    """
    best = max(leads, key=lambda name: leads[name], default=standing)
    return best if not standing or leads.get(best, 0) > leads.get(standing, 0) + CLEARLY else standing


def middle(predicted: Sequence[int], length: int) -> int:
    """The query to open on: the one in the middle of what is asked, else of all `length` positions."""
    return predicted[len(predicted) // 2] if predicted else length // 2


def kinds_of_lines(per_head: Sequence[Mapping[str, Line]]) -> list[str]:
    """The kinds that some of these heads can have, in order."""
    return [kind for kind in KINDS if any(kind in lines for lines in per_head)]
