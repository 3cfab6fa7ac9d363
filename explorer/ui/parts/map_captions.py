"""What is said of a map: names of its points, how far to trust it, what to look for. N points, K neighbours."""

from __future__ import annotations

import numpy as np

from explorer.answers.records.embeddings import LayoutNoise, PointMap
from explorer.measure.names import fixed, percent
from explorer.ui.parts.map_choice import Choice
from explorer.ui.parts.tokens import shown_token

AROUND = 7  # tokens of its context shown on each side of a point
TELLING = 0.9  # chance of a neighbour of one kind, above which kinds tell nothing
SAME_PLACE = 1e-6  # a distance that rounding explains
DISTANCES = {"cosine": "cosine distance", "euclidean": "Euclidean distance"}
NOUNS = {"positions": "positions", "states": "states", "queries-keys": "queries and keys"}


def label(answer: PointMap, i: int) -> str:
    """A point's label, made visible."""
    return shown_token(answer.labels[i])


def labels(answer: PointMap) -> list[str]:
    """The labels of all points."""
    return [shown_token(word) for word in answer.labels]


def note(answer: PointMap, i: int) -> str:
    """What tells a point from others with its label: whether it is a query or a key, and where it stands."""
    kind, row = answer.kinds[i], int(answer.row[i])
    words = [kind] if kind in ("query", "key") else []
    if row >= 0:
        example = f", example {row + 1}" if len(answer.sequences) > 1 else ""
        words.append(f"at {answer.position[i]}{example}")
    return " ".join(words)


def contexts(answer: PointMap) -> list[str]:
    """The text around each point that is a token of a sequence; "" for other points."""
    texts = []
    for at, row in zip(answer.position.tolist(), answer.row.tolist(), strict=True):
        words = [shown_token(word) for word in answer.sequences[row]] if row >= 0 else []
        before, after = words[max(0, at - AROUND) : at], words[at + 1 : at + 1 + AROUND]
        texts.append(" ".join([*before, f"[{words[at]}]", *after]) if words else "")
    return texts


def named(answer: PointMap, i: int) -> str:
    """A point in a sentence."""
    return f"`{label(answer, i)}` {note(answer, i)}".strip()


def quality(answer: PointMap, noise: LayoutNoise | None) -> list[tuple[str, str]]:
    """How far to trust the map, in numbers."""
    trusted = answer.trustworthiness
    numbers = [("trustworthiness", "–" if trusted is None else fixed(trusted, 3))]
    if answer.explained is not None:
        return [*numbers, ("variance kept", percent(sum(answer.explained)))]
    if noise is None:
        unmeasured = [("layout noise", "–"), ("over pairs of seeds", "–")]  # their places
        return [*numbers, *unmeasured] if answer.since is not None else numbers
    pairs = noise.pairs
    spread = (f"over {len(pairs)} pairs of seeds", f"{fixed(pairs[0], 2)} to {fixed(pairs[-1], 2)}")
    return [*numbers, (f"layout noise, step {noise.step:,}", f"{fixed(noise.noise, 2)} radii"), spread]


def trust(answer: PointMap, width: int) -> str:
    """What those numbers mean, in a sentence."""
    near = f"Trustworthiness 1: all that looks near is near in all {width} dimensions; a random map has about 0.5."
    if answer.method == "pca":
        return f"{near} PCA has no seed and so no layout noise, but leaves out the rest of the variance."
    if answer.since is None:
        return near
    return (
        f"{near} Layout noise: how far apart two seeds put the same weights, on average and in the least and the most "
        "different pair. Trust who is near, not where it is."
    )


def sentence(choice: Choice, answer: PointMap) -> str:
    """What is true of these points now: the closest pair, whether like goes with like, how much has changed."""
    near, far, moved = answer.neighbours, answer.distances, answer.moved
    if not far.size:
        return f"at step {answer.step:,} there is one point alone, which has no neighbour."
    if not np.isfinite(far).any():
        return f"at step {answer.step:,} no distance is finite any more."
    first = np.where(np.isfinite(far[:, 0]), far[:, 0], np.inf)
    apart = np.where(first > SAME_PLACE, first, np.inf)
    sentences = []
    if np.isfinite(apart).any():
        i = int(apart.argmin())
        pair = f"{named(answer, i)} and {named(answer, int(near[i, 0]))}"
        sentences.append(f"{pair} are closest")
    if together := int((first <= SAME_PLACE).sum()):
        sentences.append(f"{together} of {len(first)} lie where another does")
    kind = np.array(answer.kinds)
    counts = np.array([(kind == word).sum() for word in kind])
    chance = ((counts - 1) / max(1, len(kind) - 1)).mean()
    if chance < TELLING:
        same = (kind[near[:, 0]] == kind).mean()
        sentences.append(f"the nearest of {percent(same)} is of its own kind, where chance is {percent(chance)}")
    if moved is not None and answer.step > choice.since:
        noun = NOUNS.get(choice.what.rpartition(".")[2], "tokens")
        new, K = moved.mean() * near.shape[1], near.shape[1]
        sentences.append(
            f"since step {choice.since:,} {'words' if choice.of_words else noun} have {fixed(new, 1)} of {K} new "
            "neighbours"
        )
    return f"at step {answer.step:,} {'; '.join(sentences[:2])}."
