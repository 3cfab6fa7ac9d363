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
from explorer.ui.embeddings.captions import DISTANCES, contexts, noted, quality, sentence, trust
from explorer.ui.embeddings.choice import METHODS, Choice
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 0.2  # seconds between two frames of 100 points while training
STANDING_EVERY = 1.0  # while PCA stands in: frames would take the cores on which what is waited for is compiled
NOISE_EVERY = 10.0  # seconds between two looks at the layout noise
MOST_TOKENS = 500  # that a map shows
HEIGHT = 470  # pixels
PROJECTED = 130  # more of them in a lecture hall
TOOLS = 46  # pixels of the row above it
AT_ONCE = 0.02  # seconds that what stands beside the map is waited for
NONE = Trails()
DOING = "laying out {of} frames"
SQUARE = ("key",)  # kinds that are drawn with corners


def show(view: View, choice: Choice) -> tuple[Answer, list[int]] | None:
    """Draws the map; gives its answer and the chosen points."""
    answer = view.picture(
        "embeddings.frame", pace(view, choice), lane="maps", doing=DOING, since=choice.since, **choice.asked
    )
    with cards("map", 1)[0]:
        if answer is None:
            if view.waiting:  # else it was refused, and the reason stands here
                st.html(f'<div style="height:{size()[0] + TOOLS}px"></div>')
            return None
        st.session_state["map-stands-in"] = answer[0]["standing_in"]
        if answer[0]["standing_in"]:
            view.waits.append(f"{METHODS[choice.method]} is getting ready")
        chosen = chosen_points(view, choice, len(answer[1]["points"]))
        answer = noted(answer)
        drawn = frame(view, choice, answer, trails(view, choice, chosen), noise(view, choice, answer))
        told = message(drawn, chosen, *size(), live=is_live(view))
        point_map(told, key="point-map", on_chosen=lambda points: choose(view, choice, points))
        picture.look_for("map", sentence(choice, answer))
    return answer, chosen


def pace(view: View, choice: Choice) -> float:
    """Seconds between two frames while training: more for more points, so that the training beside keeps its pace."""
    if st.session_state.get("map-stands-in"):
        return STANDING_EVERY
    tokens = choice.what.endswith(("input", "output"))
    return EVERY * max(1.0, min(view.about["vocabulary"], MOST_TOKENS) / 100 if tokens else 1.0)


def size(more: int = 0) -> tuple[int, bool]:
    """The map's height in pixels, and whether it is for a projector."""
    projector = bool(st.session_state.get("projector"))
    return HEIGHT + more + PROJECTED * projector, projector


def is_live(view: View) -> bool:
    """True while one frame follows another."""
    return view.live and view.status.state == "training"


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
    answer = beside(
        view, "embeddings.trails", pace(view, choice), "following the trails", tokens=tokens, **choice.asked
    )
    return Trails(tokens, answer[1]["paths"]) if answer is not None else Trails()


def noise(view: View, choice: Choice, answer: Answer) -> tuple[int, float] | None:
    """How far apart two seeds put the same weights, in radii of the map, and at which step that was measured."""
    rests = st.session_state.get("map-rests") == (view.run.id, view.step)
    st.session_state["map-rests"] = (view.run.id, view.step)
    if answer[0]["method"] == "pca" or view.first or not (view.live or rests):
        return None  # who scrubs wants the next map, not how sure this one is
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
    noun = "words" if choice.of_words else "tokens"
    rest = f" · without {plain['left_out']:,} rarer {noun}" if plain["left_out"] else ""
    width = width_of(view, choice)
    return Frame(
        title=choice.title,
        subject=f"{standing} · step {plain['step']:,}{rest}",
        step=plain["step"],
        points=arrays["points"],
        labels=plain["labels"],
        notes=plain["notes"],
        contexts=contexts(answer),
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
    return view.config.transformer.head_width if choice.head else view.config.model.width


def shades(answer: Answer) -> list[Shade]:
    """Every way to colour the points."""
    plain, arrays = answer

    def places(name: str) -> np.ndarray:
        return np.where(arrays[name] < 0, np.nan, arrays[name].astype(float))

    numbers = [
        Shade("frequency", arrays["frequency"], "share of what is read", "log"),
        Shade("token number", places("token"), "place in the vocabulary"),
        Shade("position", places("position"), "position, from 0"),
        Shade("loss", arrays["loss"], "mean loss, nats"),
    ]
    if "moved" in arrays:
        numbers.append(Shade("changed neighbours", arrays["moved"], "share of its neighbours", "share"))
    varied = [shade for shade in numbers if np.unique(shade.values[np.isfinite(shade.values)]).size > 1]
    kinds = [categories("kind", plain["kind"])] if len(set(plain["kind"])) > 1 or not varied else []
    return kinds + varied


def categories(name: str, words: list[str]) -> Shade:
    """A shade of words: the most frequent first, each with a colour of its own as far as they reach."""
    order = [word for word, _ in sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))]
    pairs = [
        (word, theme.CATEGORICAL[i] if i < len(theme.CATEGORICAL) else theme.OUTSIDE) for i, word in enumerate(order)
    ]
    square = [i for i, word in enumerate(order) if word in SQUARE]
    return Shade(name, np.array([order.index(word) for word in words], float), categories=pairs, square=square)
