"""What is said of a map: names of its points, how far to trust it, what to look for. N points, K neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.runs.answer import Answer
from explorer.ui.embeddings.choice import Choice
from explorer.ui.tokens import shown_token

AROUND = 7  # tokens of its context told on each side of a point
TELLING = 0.9  # chance of a neighbour of one kind, above which kinds tell nothing
SAME_PLACE = 1e-6  # a distance that rounding explains
DISTANCES = {"cosine": "cosine distance", "euclidean": "Euclidean distance"}
NOUNS = {"positions": "positions", "states": "states", "queries-keys": "queries and keys"}


def noted(answer: Answer) -> Answer:
    """The answer with a note for each point, which tells equal labels apart: where it stands, and what asks."""
    plain, arrays = answer
    many = len(plain["sequences"]) > 1
    notes = []
    for kind, at, row in zip(plain["kind"], arrays["position"].tolist(), arrays["row"].tolist(), strict=True):
        said = [kind] if kind in ("query", "key") else []
        if row >= 0:
            said.append(f"at {at}" + (f", example {row + 1}" if many else ""))
        notes.append(" ".join(said))
    return plain | {"labels": [shown_token(label) for label in plain["labels"]], "notes": notes}, arrays


def contexts(answer: Answer) -> list[str]:
    """What stands around each point that is a token of a sequence; nothing where it is none."""
    plain, arrays = answer
    found = []
    for at, row in zip(arrays["position"].tolist(), arrays["row"].tolist(), strict=True):
        words = [shown_token(word) for word in plain["sequences"][row]] if row >= 0 else []
        before, after = words[max(0, at - AROUND) : at], words[at + 1 : at + 1 + AROUND]
        found.append(" ".join([*before, f"[{words[at]}]", *after]) if words else "")
    return found


def named(plain: dict[str, Any], i: int) -> str:
    """A point in a sentence."""
    label, note = plain["labels"][i], plain["notes"][i]
    return f"`{label}`{f' {note}' if note else ''}"


def quality(plain: dict[str, Any], apart: tuple[int, float] | None) -> list[tuple[str, str]]:
    """How far to trust the map, in numbers."""
    found = [("trustworthiness", f"{plain['trustworthiness']:.3f}")]
    if plain["method"] == "pca":
        return [*found, ("variance kept", f"{sum(plain['explained']):.0%}")]
    if apart is None:
        return [*found, ("layout noise", "–")] if "since" in plain else found
    return [*found, (f"layout noise, step {apart[0]:,}", f"{apart[1]:.2f} radii")]


def trust(plain: dict[str, Any], width: int) -> str:
    """What those numbers mean, in a sentence."""
    near = f"Trustworthiness 1: all that looks near is near in all {width} dimensions; a random map has about 0.5."
    if plain["method"] == "pca":
        return f"{near} PCA has no seed and so no layout noise, but leaves out the rest of the variance."
    if "since" not in plain:
        return near
    return f"{near} Layout noise: so far apart do two seeds put the same weights. Trust who is near, not where it is."


def sentence(choice: Choice, answer: Answer) -> str:
    """What is true of these points now: the closest pair, whether like goes with like, how much has changed."""
    plain, arrays = answer
    near, far, moved = arrays["neighbours"], arrays["distances"], arrays.get("moved")
    if not np.isfinite(far).any():
        return f"at step {plain['step']} no distance is finite any more."
    first = np.where(np.isfinite(far[:, 0]), far[:, 0], np.inf)
    apart = np.where(first > SAME_PLACE, first, np.inf)
    said = []
    if np.isfinite(apart).any():
        i = int(apart.argmin())
        pair = f"{named(plain, i)} and {named(plain, int(near[i, 0]))}"
        said.append(f"{pair} are closest ({DISTANCES[choice.metric]} {apart[i]:.3g})")
    if together := int((first <= SAME_PLACE).sum()):
        said.append(f"{together} of {len(first)} lie where another does")
    kind = np.array(plain["kind"])
    counts = np.array([(kind == word).sum() for word in kind])
    chance = ((counts - 1) / max(1, len(kind) - 1)).mean()
    if chance < TELLING:
        same = (kind[near[:, 0]] == kind).mean()
        said.append(f"the nearest of {same:.0%} is of its own kind, where chance is {chance:.0%}")
    if moved is not None and plain["step"] > choice.since:
        noun = "words" if choice.of_words else NOUNS.get(choice.what.rpartition(".")[2], "tokens")
        new, K = moved.mean() * near.shape[1], near.shape[1]
        said.append(f"since step {choice.since} {noun} have {new:.1f} of {K} new neighbours")
    return f"at step {plain['step']} {'; '.join(said)}."
