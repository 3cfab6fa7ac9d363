"""The live map: the frame at the step looked at, and what it says. N points, K neighbours."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme
from explorer.runs.answer import Answer
from explorer.ui import picture, server
from explorer.ui.components.point_map import TRAILS, Frame, Neighbours, Shade, Trails, message, point_map
from explorer.ui.embeddings.choice import METHODS, Choice
from explorer.ui.frame import cards
from explorer.ui.tokens import shown_token
from explorer.ui.view import View

EVERY = 0.3  # seconds between two frames while training: more than two a second
NOISE_EVERY = 5.0  # seconds between two looks at the layout noise
HEIGHT = 470  # pixels
PROJECTED = 130  # more of them in a lecture hall
TOOLS = 46  # pixels of the row above it
AT_ONCE = 0.02  # seconds that what stands beside the map is waited for
DISTANCES = {"cosine": "cosine distance", "euclidean": "Euclidean distance"}
NONE = Trails()
SAME_PLACE = 1e-6  # a distance that rounding explains
DOING = "laying out {of} frames"
NOUNS = {"positions": "positions", "states": "states", "queries-keys": "queries and keys"}
SQUARE = ("key",)  # kinds that are drawn with corners


def show(view: View, choice: Choice) -> tuple[Answer, list[int]] | None:
    """Draws the map; gives its answer and the chosen points."""
    answer = view.picture("embeddings.frame", EVERY, lane="maps", doing=DOING, since=choice.since, **choice.asked)
    with cards("map", 1)[0]:
        if answer is None:
            st.html(f'<div style="height:{HEIGHT + TOOLS}px"></div>')
            return None
        if answer[0]["standing_in"]:
            view.waits.append(f"{METHODS[choice.method]} is getting ready")
        chosen = chosen_points(view, choice, len(answer[1]["points"]))
        answer = noted(answer)
        drawn = frame(view, choice, answer, trails(view, choice, chosen), noise(view, choice, answer))
        told = message(drawn, chosen, *size())
        point_map(told, key="point-map", on_chosen=lambda points: choose(view, choice, points))
        picture.look_for("map", sentence(choice, answer))
    return answer, chosen


def size(more: int = 0) -> tuple[int, bool]:
    """The map's height in pixels, and whether it is for a projector."""
    projector = bool(st.session_state.get("projector"))
    return HEIGHT + more + PROJECTED * projector, projector


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


def beside(view: View, function: str, every: float, doing: str, **arguments: Any) -> Answer | None:
    """What the map is drawn without until it is there. doing: what is waited for, in words."""
    key = (view.run.id, view.place, function, *sorted(arguments.items()))
    shown = st.session_state.setdefault("shown", {})
    request = view.asked(key, function, every, "maps", arguments)
    try:
        answer = server.answer_within(request, AT_ONCE)
    except ValueError:
        return None  # the map itself says why
    if answer is not None:
        shown[key] = answer
    elif not view.live or key not in shown:
        view.waits.append(doing)
    return shown.get(key)


def trails(view: View, choice: Choice, chosen: list[int]) -> Trails:
    """Where the chosen points came from, if that is asked for."""
    tokens = tuple(chosen[:TRAILS])
    if not choice.trails or not tokens:
        return Trails()
    answer = beside(view, "embeddings.trails", EVERY, "following the trails", tokens=tokens, **choice.asked)
    return Trails(tokens, answer[1]["paths"]) if answer is not None else Trails()


def noise(view: View, choice: Choice, answer: Answer) -> tuple[int, float] | None:
    """How far apart two seeds put the same weights, in radii of the map, and at which step that was measured."""
    if answer[0]["method"] == "pca" or view.first:
        return None
    every = NOISE_EVERY * max(1.0, len(answer[1]["points"]) / 100)  # it takes as long as two maps from nothing
    found = beside(view, "embeddings.noise", every, "measuring the layout noise", **choice.asked)
    return (found[0]["step"], found[0]["noise"]) if found is not None and not found[0]["standing_in"] else None


def frame(
    view: View, choice: Choice, answer: Answer, left: Trails = NONE, apart: tuple[int, float] | None = None
) -> Frame:
    """The answer as the map takes it."""
    plain, arrays = answer
    shown = METHODS[plain["method"]]
    standing = f"PCA stands in until {METHODS[choice.method]} is ready" if plain["standing_in"] else shown
    names = [f"{share:.0%} of the variance" for share in plain["explained"] or ()]
    width = width_of(view, choice)
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
            DISTANCES[choice.metric],
            width,
            moved=arrays.get("moved"),
            since=choice.since,
        ),
        quality=quality(plain, apart),
        trust=trust(plain, width),
        axes=names if plain["method"] == "pca" else (),
        trails=left,
    )


def width_of(view: View, choice: Choice) -> int:
    """Dimensions of the space that the points are in."""
    return view.config.model.head_width if choice.head else view.config.model.width


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
    return f"{near} Layout noise: so far apart do two seeds put the same weights; less motion than that means nothing."


def shades(answer: Answer) -> list[Shade]:
    """Every way to colour the points."""
    plain, arrays = answer

    def places(name: str) -> np.ndarray:
        return np.where(arrays[name] < 0, np.nan, arrays[name].astype(float))

    numbers = [
        Shade("frequency", arrays["frequency"], "share of what is read", "log"),
        Shade("place in the vocabulary", places("token"), "token number"),
        Shade("position", places("position"), "position, from 0"),
        Shade("loss", arrays["loss"], "mean loss, nats"),
    ]
    if "moved" in arrays:
        numbers.append(Shade("changed neighbours", arrays["moved"], "share of its neighbours", "share"))
    varied = [shade for shade in numbers if np.unique(shade.values[np.isfinite(shade.values)]).size > 1]
    return [categories("kind", plain["kind"]), *varied]


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
    if (counts < len(kind)).any():
        chance = ((counts - 1) / (len(kind) - 1)).mean()
        same = (kind[near[:, 0]] == kind).mean()
        said.append(f"the nearest of {same:.0%} is of its own kind, where chance is {chance:.0%}")
    if moved is not None and plain["step"] > choice.since:
        noun = NOUNS.get(choice.what.rpartition(".")[2], "tokens")
        new, K = moved.mean() * near.shape[1], near.shape[1]
        said.append(f"since step {choice.since} {noun} have {new:.1f} of {K} new neighbours")
    return f"at step {plain['step']} {'; '.join(said)}."
