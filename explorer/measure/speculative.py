"""Speculative sampling: what a small model drafts is kept or replaced, so that the text is drawn as from the large one.

V vocabulary, k tokens drafted at once. p (V,) are the probabilities of the model that writes, q (V,) of the one that
drafts, both after all stages of the sampler. A drafted token x is accepted with probability min(1, p(x) / q(x)); in
place of a rejected one, one is drawn from (p − q)₊ / Σ (p − q)₊. Then x is written with probability
min(p(x), q(x)) + (p(x) − q(x))₊ = p(x), whatever q is (Leviathan, Kalman & Matias 2023, algorithm 1 and appendix A.1;
Chen et al. 2023, theorem 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from explorer.measure.sampling import Array, draw


@dataclass(frozen=True)
class Checked:
    """A token that was written, and how it came about.

    token: its number.   p (V,): of the model that writes.   q (V,): of the one that drafts; None if it drafted nothing
    here.   draft: the token that it drafted, −1 for none.   at: the random number in [0, 1) that decides.
    """

    token: int
    p: Array = field(repr=False)
    q: Array | None = field(default=None, repr=False)
    draft: int = -1
    at: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether the drafted token is the one that was written because it was accepted."""
        return self.q is not None and accepts(self.p[self.draft], self.q[self.draft], self.at)


def accepts(p: float, q: float, at: float) -> bool:
    """Whether `at` of [0, 1) is below min(1, p / q), without a division."""
    return at * q < p


def residual(p: Array, q: Array) -> Array:
    """(p − q)₊ / Σ (p − q)₊, (V,). p itself if they are the same, where no token is ever rejected."""
    more = np.maximum(p - q, 0.0)
    total = more.sum()
    return more / total if total > 0 else p


def overlap(p: Array, q: Array) -> float:
    """Σ min(p, q), the probability that a drafted token is accepted: one minus the total variation distance."""
    return float(np.minimum(p, q).sum())


def check(p: Sequence[Array], q: Sequence[Array], drafts: Sequence[int], uniform: Callable[[], float]) -> list[Checked]:
    """The tokens that one pass writes, 1 to k + 1.

    p: at the places of the k drafted tokens and the one after them.   q: at the k places.   uniform: the next random
    number in [0, 1).   Drafts are accepted up to the first that is not, which is replaced. If all are, one more token
    is drawn from the last p.
    """
    tokens: list[Checked] = []
    for p_here, q_here, draft in zip(p, q, drafts, strict=False):
        at = uniform()
        if not accepts(p_here[draft], q_here[draft], at):
            token = draw(residual(p_here, q_here), uniform())
            return [*tokens, Checked(token, p_here, q_here, draft, at)]
        tokens.append(Checked(draft, p_here, q_here, draft, at))
    return [*tokens, Checked(draw(p[len(drafts)], uniform()), p[len(drafts)])]


def tokens_per_pass(alpha: float, k: int) -> float:
    """(1 − α^(k+1)) / (1 − α), the tokens that a pass writes if each draft is accepted with probability α by itself
    (Leviathan et al. 2023, eq. 1)."""
    return float(sum(alpha**i for i in range(k + 1)))
