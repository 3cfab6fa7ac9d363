"""Toy surfaces: a click restarts every optimizer from there; each sub-step with its live numbers. Needs no run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import streamlit as st

from explorer.answers.records.toys import Surface, Surfaces, Walk, Walks
from explorer.charts import theme
from explorer.measure.names import number, plural
from explorer.ui import foreign, picture, visit
from explorer.ui.asking import at_once
from explorer.ui.components.landscape import Ground, Track, landscape, message
from explorer.ui.frame import cards
from explorer.ui.parts import steered
from explorer.ui.view import View

STEPS = [10, 25, 50, 100, 200, 300]
SHOWN = ["sgd", "momentum", "rmsprop", "adam"]  # at first
SMALLEST, LARGEST = 1e-6, 100.0  # learning rates
FURTHEST = 1e4  # from (0, 0) a start may be typed
WIDE = 126  # pixels of a number to type
NEAR = 0.02  # of the window's width from a minimum that counts as having come near it
FORMULAS = (
    "Height $f(x, y)$ and gradient are float64; the gradient comes by backpropagation. The optimizers are torch’s own, "
    "built as for a model, on a parameter of two numbers without weight decay or clipping. Muon takes it as a 1 × 2 "
    "matrix, which made orthogonal is the unit vector along it. The sub-steps are worked out beside them by the "
    "formulas named under them, and come to the same place.\n\n"
    "A toy shows what a rule does where everything can be seen. It has two directions and no noise, a model has a "
    "hundred thousand and a new batch every step: who wins here need not win there."
)


def show(view: View | None = None) -> None:
    """The surface with the walks of all optimizers over it."""
    surfaces = at_once(Surfaces)
    with cards("toys", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = choose(surfaces)
            toy = surfaces.toys[name]
            with st.popover("Optimizers …", icon=":material/tune:"):
                steps = st.select_slider("Steps", STEPS, value=100, key="toy-steps", width=180, bind="query-params")
                rates, start = knobs(name, toy, chosen(surfaces))
        if not rates:
            st.caption("Choose at least one optimizer.")
            return
        try:
            answer = at_once(Walks, name=name, start=start, rates=rates, steps=steps)
        except ValueError as error:
            st.warning(foreign.sentence(str(error)), icon=":material/info:")
            return
        draw(name, toy, start, answer, surfaces.optimizers)
    picture.computed(FORMULAS, title="How the toy surfaces are computed")


def choose(surfaces: Surfaces) -> str:
    """The surface."""
    toys = surfaces.toys
    return st.segmented_control(
        "Toy surface",
        list(toys),
        format_func=lambda key: toys[key].title,
        default=next(iter(toys)),
        key="toy",
        required=True,
        bind="query-params",
    )


def chosen(surfaces: Surfaces) -> list[str]:
    """The optimizers that walk."""
    names = st.pills(
        "Optimizers",
        surfaces.optimizers,
        selection_mode="multi",
        default=[one for one in SHOWN if one in surfaces.optimizers],
        key="toy-optimizers",
        bind="query-params",
    )
    return [one for one in surfaces.optimizers if one in names]


@dataclass
class Start:
    """Where all start on a surface; None before it is known."""

    toy_x: float | None = None
    toy_y: float | None = None


def knobs(name: str, toy: Surface, names: list[str]) -> tuple[tuple[tuple[str, float], ...], tuple[float, float]]:
    """The learning rate of every optimizer, and where all start: where the surface was clicked, or what was typed."""
    place = visit.kept(Start, name)
    if place.toy_x is None:
        place.toy_x, place.toy_y = map(float, toy.start)

    def back() -> None:
        place.toy_x, place.toy_y = map(float, toy.start)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        rates = [
            st.number_input(
                f"η of {optimizer}",
                SMALLEST,
                LARGEST,
                toy.rates[optimizer],
                step=toy.rates[optimizer] / 4,
                format="%.4g",
                key=f"toy-rate-{name}-{optimizer}",
                width=WIDE,
                persist_state="session",
            )
            for optimizer in names
        ]
        x, y = (
            steered.number(
                f"Start {axis}", -FURTHEST, FURTHEST, place, f"toy_{axis}", step=0.1, format="%.4g", width=WIDE
            )
            for axis in "xy"
        )
        st.button("Usual start", key="toy-back", icon=":material/undo:", on_click=back)
    return tuple(zip(names, map(float, rates), strict=True)), (float(x), float(y))


def tracks_of(walks: list[Walk], colors: list[str]) -> list[Track]:
    """The walks as paths. colors: all optimizers, each of which keeps its colour."""
    tracks = []
    for walk in walks:
        places = walk.places
        tracks.append(
            Track(
                name=walk.name,
                color=theme.layer(colors.index(walk.name)),
                steps=np.arange(len(places)),
                x=places[:, 0],
                y=places[:, 1],
                values=walk.heights,
                stages=[asdict(stage) for stage in walk.stages],
                numbers=walk.numbers,
                source=walk.source,
                ended=walk.ended,
            )
        )
    return tracks


def draw(name: str, toy: Surface, start: tuple[float, float], answer: Walks, colors: list[str]) -> None:
    """The surface, the walks, and who came where."""
    tracks = tracks_of(answer.walks, colors)
    names = ", ".join(track.name for track in tracks)
    walk = repr((name, start, [(walk.name, walk.lr) for walk in answer.walks], len(tracks[0].steps)))
    projector = visit.state().projector

    def message_bytes() -> bytes:
        return message(
            f"{toy.title} · {toy.formula}",
            f"{toy.title}, {toy.formula}, with the walks of {names} from ({start[0]:g}, {start[1]:g})",
            Ground(
                answer.heights,
                toy.window,
                "x to the right, y upwards",
                "height f",
                "height f",
                scale=toy.scale,
                floor=toy.floor,
                marks=[(x, y, word) for x, y, word in toy.minima],
            ),
            tracks,
            height=364,
            projector=projector,
            starts="click: all start from here",
            walk=walk,
        )

    def begin(x: float, y: float) -> None:
        place = visit.kept(Start, name)
        place.toy_x, place.toy_y = round(x, 4), round(y, 4)

    landscape(picture.paced(message_bytes, "toys", (walk, projector), math.inf), key="toys", on_start=begin)
    picture.details(lambda: st.caption(f"Click the surface: all start from there. {toy.title}: {toy.known_for}."))
    picture.look_for("toys", sentence(toy, tracks))


def sentence(toy: Surface, tracks: list[Track]) -> str:
    """Who came to a minimum, and who is lowest; who left."""
    (left, right), _ = toy.window
    words = []
    for track in tracks:
        if track.ended:
            words.append(f"{track.name} left the surface: {track.ended}")
            continue
        gaps = [
            int(np.argmax(near))
            for x, y, _ in toy.minima
            if (near := np.hypot(track.x - x, track.y - y) < NEAR * (right - left)).any()
        ]
        if gaps:
            words.append(f"{track.name} comes near the {toy.minima[0][2]} at step {min(gaps)}")
    reached = {track.name: float(track.values[-1]) for track in tracks if not track.ended and track.values is not None}
    if reached:
        lowest, steps = min(reached, key=reached.__getitem__), max(len(track.steps) - 1 for track in tracks)
        words.append(
            f"after {steps:,} step{plural(steps)} {lowest} is lowest of all, at f = {number(reached[lowest], 3)}"
        )
    return "; ".join(words) + "."
