"""The live map: the frame at the step looked at, and what it says. N points, K neighbours."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.components.point_map import TRAILS, Frame, Neighbours, Shade, Trails, message, point_map
from explorer.ui.embeddings.choice import METHODS, Choice
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 0.3  # seconds between two frames while training: more than two a second
NOISE_EVERY = 5.0  # seconds between two looks at the layout noise
HEIGHT = 500  # pixels
SECOND = {"cosine": ("cosine distance", "Euclidean distance"), "euclidean": ("Euclidean distance", "")}
NOUNS = {"positions": "positions", "states": "states", "queries-keys": "queries and keys"}
SQUARE = ("key",)  # kinds that are drawn with corners


def show(view: View, choice: Choice) -> tuple[Answer, list[int]] | None:
    """Draws the map; gives its answer and the chosen points."""
    answer = view.picture("embeddings.frame", EVERY, lane="maps", since=choice.since, **choice.asked)
    with cards("map", 1)[0]:
        if answer is None:
            st.html(f'<div style="height:{HEIGHT}px"></div>')
            return None
        if answer[0]["standing_in"]:
            view.waits.append(f"{METHODS[choice.method]} is getting ready")
        chosen = chosen_points(view, choice, len(answer[1]["points"]))
        drawn = frame(view, choice, answer, trails(view, choice, chosen))
        told = message(drawn, chosen, HEIGHT, bool(st.session_state.get("projector")))
        point_map(told, key="point-map", on_chosen=lambda points: choose(view, choice, points))
        picture.look_for("map", sentence(choice, answer))
    return answer, chosen


def place(view: View, choice: Choice) -> tuple:
    """What the chosen points are chosen among."""
    return view.run.id, *choice.points.items()


def choose(view: View, choice: Choice, points: list[int]) -> None:
    """Keeps what was chosen on the map."""
    st.session_state.setdefault("map-chosen", {})[place(view, choice)] = points


def chosen_points(view: View, choice: Choice, count: int) -> list[int]:
    """The points chosen last among these."""
    chosen = st.session_state.get("map-chosen", {}).get(place(view, choice), [])
    return [i for i in chosen if i < count]


def trails(view: View, choice: Choice, chosen: list[int]) -> Trails:
    """Where the chosen points came from, if that is asked for."""
    tokens = tuple(chosen[:TRAILS])
    if not choice.trails or not tokens:
        return Trails()
    answer = view.picture("embeddings.trails", EVERY, lane="maps", tokens=tokens, **choice.asked)
    return Trails(tokens, answer[1]["paths"]) if answer is not None else Trails()


def frame(view: View, choice: Choice, answer: Answer, left: Trails) -> Frame:
    """The answer as the map takes it."""
    plain, arrays = answer
    metric, second = SECOND[choice.metric]
    shown = METHODS[plain["method"]]
    standing = f"PCA stands in until {METHODS[choice.method]} is ready" if plain["standing_in"] else shown
    names = [f"PC {i + 1} · {share:.0%}" for i, share in enumerate(plain["explained"] or ())]
    return Frame(
        title=choice.title,
        subject=f"{standing} · step {plain['step']:,}",
        step=plain["step"],
        points=arrays["points"],
        labels=plain["labels"],
        notes=plain["notes"],
        shades=shades(answer),
        neighbours=Neighbours(
            arrays["neighbours"],
            arrays["distances"],
            metric,
            plain["width"],
            also=arrays.get("euclid") if second else None,
            second=second if second and "euclid" in arrays else "",
            moved=arrays["moved"],
            since=choice.since,
        ),
        quality=quality(plain, noise(view, choice, plain)),
        trust=trust(plain),
        axes=names if plain["method"] == "pca" else (),
        trails=left,
    )


def noise(view: View, choice: Choice, plain: dict[str, Any]) -> float | None:
    """How far apart two seeds put the same weights, in radii of the map."""
    return plain["noise"]


def quality(plain: dict[str, Any], apart: float | None) -> list[tuple[str, str]]:
    """How far to trust the map, in numbers."""
    found = [("trustworthiness", f"{plain['trustworthiness']:.3f}")]
    if plain["method"] == "pca":
        return [*found, ("variance kept", f"{sum(plain['explained']):.0%}")]
    return [*found, ("layout noise", "–" if apart is None else f"{apart:.2f} radii")]


def trust(plain: dict[str, Any]) -> str:
    """What those numbers mean, in a sentence."""
    near = f"Trustworthiness 1: all that looks near is near in all {plain['width']} dimensions; random maps have 0.5."
    if plain["method"] == "pca":
        return f"{near} PCA has no seed and so no layout noise, but drops the other directions."
    return f"{near} Layout noise: so far apart do two seeds put the same weights; less motion than that means nothing."


def shades(answer: Answer) -> list[Shade]:
    """Every way to colour the points."""
    plain, arrays = answer
    found = [categories("kind", plain["kind"])]
    if len(set(plain["part"])) > 1 and plain["part"] != plain["kind"]:
        found.append(categories("part", plain["part"]))
    numbers = [
        Shade("frequency", arrays["frequency"], "share of the data", "log"),
        Shade("position", arrays["position"], "position, from 0"),
        Shade("loss", arrays["loss"], "mean loss, nats"),
        Shade("changed neighbours", arrays["moved"], "share of its neighbours", "share"),
    ]
    return found + [shade for shade in numbers if np.unique(shade.values[np.isfinite(shade.values)]).size > 1]


def categories(name: str, words: list[str]) -> Shade:
    """A shade of words: the most frequent first, each with a colour of its own as far as they reach."""
    order = [word for word, _ in sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))]
    pairs = [
        (word, theme.CATEGORICAL[i] if i < len(theme.CATEGORICAL) else theme.OUTSIDE) for i, word in enumerate(order)
    ]
    square = [i for i, word in enumerate(order) if word in SQUARE]
    return Shade(name, np.array([order.index(word) for word in words], float), categories=pairs, square=square)


def named(plain: dict[str, Any], i: int) -> str:
    """A point in a sentence."""
    label, note = plain["labels"][i], plain["notes"][i]
    return f"`{label}`{f' {note}' if note else ''}"


def sentence(choice: Choice, answer: Answer) -> str:
    """What is true of these points now: the closest pair, whether like goes with like, how much has changed."""
    plain, arrays = answer
    near, far, moved = arrays["neighbours"], arrays["distances"], arrays["moved"]
    if not np.isfinite(far).any():
        return f"at step {plain['step']} no distance is finite any more."
    first = np.where(np.isfinite(far[:, 0]), far[:, 0], np.inf)
    i = int(first.argmin())
    said = [
        f"{named(plain, i)} and {named(plain, int(near[i, 0]))} are closest ({SECOND[choice.metric][0]} {first[i]:.3g})"
    ]
    kind = np.array(plain["kind"])
    counts = np.array([(kind == word).sum() for word in kind])
    if (counts < len(kind)).any():
        chance = ((counts - 1) / (len(kind) - 1)).mean()
        same = (kind[near[:, 0]] == kind).mean()
        said.append(f"the nearest of {same:.0%} is of its own kind, where chance is {chance:.0%}")
    if plain["step"] > choice.since:
        noun = NOUNS.get(choice.what.rpartition(".")[2], "tokens")
        new, K = moved.mean() * near.shape[1], near.shape[1]
        said.append(f"since step {choice.since} {noun} have {new:.1f} of {K} new neighbours")
    return f"at step {plain['step']} {'; '.join(said)}."
