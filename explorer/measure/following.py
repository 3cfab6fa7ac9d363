"""What a cell follows: what holds at the tokens of a span, and which cells are on where it holds, on other examples.

B examples, T position, C cells. After LSTMVis (Strobelt et al. 2018), with precision and recall on held-out examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
PAIRS = ("()", "[]", "{}", "<>")
QUOTES = ('"', "'")
NAMED = 0.9  # precision and recall, and the share of other tokens at which it is off, that name a cell


@dataclass(frozen=True)
class Follower:
    """A cell and how well it follows.

    above: it is on over `threshold`, otherwise under it; both chosen on the first half of the examples.   precision,
    recall, quiet: on the other half; quiet is the share of the tokens where nothing holds at which it is off.
    """

    cell: int
    above: bool
    threshold: float
    precision: float
    recall: float
    quiet: float

    def is_on(self, value: Array) -> Array:
        """Where it is on, by its values."""
        on: Array = value > self.threshold if self.above else value < self.threshold
        return on

    @property
    def named(self) -> bool:
        """Whether the figures carry that it follows."""
        return self.least >= NAMED

    @property
    def least(self) -> float:
        """The lowest of its three figures."""
        return min(self.precision, self.recall, self.quiet)


def properties(tokens: list[list[str]], targets: list[list[str]]) -> dict[str, Array]:
    """What may hold at a token, in words, and where it does, (B, T): a token or an answer, and inside a pair.

    targets: "" where nothing is asked.
    """
    read, answers = np.array(tokens, dtype=object), np.array(targets, dtype=object)
    marks = {f"inside {pair[0]} … {pair[1]}": inside(read, *pair) for pair in PAIRS if (read == pair[0]).any()}
    marks |= {f"inside {quote} … {quote}": np.cumsum(read == quote, 1) % 2 > 0 for quote in QUOTES}
    marks |= {f"the token is “{token}”": read == token for token in dict.fromkeys(read.flat)}
    marks |= {f"the answer is “{answer}”": answers == answer for answer in dict.fromkeys(answers.flat) if answer}
    return {words: holds for words, holds in marks.items() if holds.any() and not holds.all()}


def inside(read: Array, opener: str, closer: str) -> Array:
    """Where one of a pair is open, from the opener up to before its closer."""
    depth, marks = np.zeros(len(read), dtype=int), np.zeros(read.shape, dtype=bool)
    for t in range(read.shape[1]):
        depth = np.maximum(0, depth + (read[:, t] == opener) - (read[:, t] == closer))
        marks[:, t] = depth > 0
    return marks


def best_property(holds: dict[str, Array], start: int, end: int) -> str | None:
    """What tells the span from start to end (end counts) of the first example best from what is around it, by F1.

    holds: of each property, (B, T).   Around it: as many tokens on each side.   None where nothing holds in the span.
    """
    size = end - start + 1
    low, high = max(0, start - size), end + size + 1
    scores = {}
    for words, where in holds.items():
        hits, on = int(where[0, start : end + 1].sum()), int(where[0, low:high].sum())
        scores[words] = 2 * hits / (size + on)
    best = max(scores, key=lambda words: scores[words], default=None)
    return best if best is not None and scores[best] > 0 else None


def followers(values: Array, holds: Array, most: int = 5) -> list[Follower]:
    """The cells that follow best, from values (B, T, C) and where it holds (B, T): chosen and ranked on the first half
    of the examples by F1, measured on the other.
    """
    half, chosen = len(values) // 2, thresholds(values, holds)
    ranked = sorted(range(len(chosen)), key=lambda c: -chosen[c][0])[:most]
    return [measured(c, values[half:, :, c], holds[half:], *chosen[c][1:]) for c in ranked]


def least_figures(values: Array, holds: Array) -> Array:
    """The lowest figure of every cell, (C,), chosen and measured as `followers` does."""
    half, chosen = len(values) // 2, thresholds(values, holds)
    return np.array([measured(c, values[half:, :, c], holds[half:], *of[1:]).least for c, of in enumerate(chosen)])


def followed(values: Array, holds: dict[str, Array]) -> tuple[list[str], Array]:
    """What each cell follows best, in words, and its lowest figure for that, (C,), from values (B, T, C).

    holds: of each property, (B, T). It is chosen by F1 on the first half of the examples, the figures are measured on
    the other.
    """
    half, names = len(values) // 2, list(holds)
    if not names:
        return [""] * values.shape[2], np.zeros(values.shape[2])
    first = np.array([holds[words][:half].ravel() for words in names])
    best, least = [], []
    for c in range(values.shape[2]):
        value = values[:half, :, c].ravel()
        words = names[int(best_f1(value, first).argmax())]
        _, above, threshold = best_threshold(value, holds[words][:half].ravel())
        best.append(words)
        least.append(measured(c, values[half:, :, c], holds[words][half:], above, threshold).least)
    return best, np.array(least)


def best_f1(value: Array, holds: Array) -> Array:
    """The best F1 of all thresholds and sides for each of P properties, from n values and where they hold, (P, n)."""
    best = np.zeros(len(holds))
    for order in (np.argsort(-value, kind="stable"), np.argsort(value, kind="stable")):
        ends = np.append(np.diff(value[order]) != 0, True)  # equal values are on together
        hits = np.cumsum(holds[:, order], 1, dtype=np.int32)[:, ends]
        on = np.flatnonzero(ends) + 1
        best = np.maximum(best, (2 * hits / (on + np.maximum(1, holds.sum(1))[:, None])).max(1))
    return best


def thresholds(values: Array, holds: Array) -> list[tuple[float, bool, float]]:
    """Of each cell the F1, side and threshold that are best on the first half of the examples."""
    half = len(values) // 2
    return [best_threshold(values[:half, :, c].ravel(), holds[:half].ravel()) for c in range(values.shape[2])]


def best_threshold(value: Array, holds: Array) -> tuple[float, bool, float]:
    """F1, whether on is above, and the threshold with the best F1 of all, from n values and n truths."""
    choices = []
    for above in (True, False):
        order = np.argsort(-value if above else value, kind="stable")
        ordered, hits = value[order], np.cumsum(holds[order])
        f1 = 2 * hits / (np.arange(1, len(value) + 1) + max(1, holds.sum()))
        ends = np.append(ordered[1:] != ordered[:-1], True)  # equal values are on together
        at = int(np.where(ends, f1, -1).argmax())
        past = ordered[at] - 1 if above else ordered[at] + 1  # of all values
        after = ordered[at + 1] if at + 1 < len(value) else past
        choices.append((float(f1[at]), above, float(ordered[at] + after) / 2))
    return max(choices, key=lambda one: one[0])


def measured(cell: int, value: Array, holds: Array, above: bool, threshold: float) -> Follower:
    """Precision, recall and quiet of a cell with its threshold; 0 where there is nothing to be right about."""
    on = value > threshold if above else value < threshold
    hits = (on & holds).sum()
    precision, recall = hits / max(1, on.sum()), hits / max(1, holds.sum())
    quiet = (~on & ~holds).sum() / max(1, (~holds).sum())
    return Follower(cell, above, threshold, float(precision), float(recall), float(quiet))
