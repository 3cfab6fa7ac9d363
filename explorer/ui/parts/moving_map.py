"""The live map: the frame at the step looked at, and what it says. N points, K neighbours."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.embeddings import LayoutNoise, PointMap, PointTrails
from explorer.answers.records.record import R
from explorer.charts import theme
from explorer.measure.names import percent
from explorer.processes.client import Lane
from explorer.ui import feed, picture, visit
from explorer.ui.components.point_map import TRAILS, Frame, Neighbours, Shade, Trails, message, point_map
from explorer.ui.frame import PAST_SECONDS, cards
from explorer.ui.parts.map_captions import DISTANCES, contexts, labels, note, quality, sentence, trust
from explorer.ui.parts.map_choice import METHODS, TRAILED, Choice
from explorer.ui.view import View

EVERY = 0.2  # seconds between two frames of 100 points while training
STANDING_EVERY = 1.0  # while PCA stands in: frames would take the cores on which what is waited for is compiled
NOISE_EVERY = 20.0  # seconds between two looks at the layout noise
MOST_TOKENS = 500  # that a map shows
HEIGHT = 400  # pixels
PROJECTED = 60  # more of them in a lecture hall
TOOLS = 46  # pixels of the row above it
FED_SECONDS = 1.0  # between two drawings of the page where the feed moves the map
FRESH = 2.0  # seconds after which the page no longer takes the feed's last frame for the newest
AT_ONCE = 0.02  # seconds that what stands beside the map is waited for
NONE = Trails()
DOING = "laying out {of} frames"
SQUARE = ("key",)  # kinds that are drawn with corners


@dataclass(frozen=True)
class Moved:
    """What the feed showed last of a run, and when."""

    run: str
    choice: Choice
    answer: PointMap
    when: float

    def shows(self, view: View, choice: Choice) -> bool:
        """Whether the map is this one now, so that the page need not ask for another frame of it."""
        young = time.monotonic() - self.when < FRESH
        return young and (self.run, self.choice) == (view.run.id, choice) and not self.answer.standing_in


@dataclass
class Drawing:
    """How a map was drawn last. stands_in: as PCA's, in the place of another.   rested: at this run and step.

    moved: by the feed.
    """

    stands_in: bool = False
    rested: tuple[str, int] | None = None
    moved: Moved | None = None


@dataclass
class Selection:
    """The points chosen last on one map."""

    HANDED_ON = True  # to a branch

    points: list[int] = field(default_factory=list)


def show(view: View, choice: Choice) -> tuple[PointMap, list[int]] | None:
    """Draws the map, and lets the feed move it where the page says so; gives its answer and the chosen points."""
    with cards("map", 1)[0]:
        answer = laid_out(view, choice)
        if answer is None:
            picture.making(view.waiting, size()[0] + TOOLS)
            return None
        visit.kept(Drawing).stands_in = answer.standing_in
        if answer.standing_in:
            view.waits.append(f"{METHODS[choice.method]} is getting ready")
        chosen, apart = chosen_points(view, choice, len(answer.points)), noise(view, choice, answer)
        shown = frame(view, choice, answer, trails(view, choice, chosen), apart)
        moves = view.fed and (is_live(view) or not view.live)  # of a run that rests the page has the last word
        data = message(
            shown, chosen, *size(), live=is_live(view), moment=feed.moment(view, answer.step) if moves else None
        )
        point_map(data, key="point-map", on_chosen=lambda points: choose(view, choice, points))
        if view.fed:
            offer(view, choice, apart)
        picture.look_for("map", sentence(choice, answer))
    return answer, chosen


def fed() -> float:
    """Seconds between two drawings of the page where the feed moves the map; 0 with trails, which it does not move."""
    trails = st.session_state.get(TRAILED, st.query_params.get(TRAILED))
    if trails in (True, "true"):
        return 0
    return FED_SECONDS if visit.state().step is None else PAST_SECONDS


def offer(view: View, choice: Choice, apart: LayoutNoise | None) -> None:
    """Lets the feed move the map. apart: the layout noise as the page knows it."""
    drawing, (height, projector) = visit.kept(Drawing), size()
    lane: Lane = "quick" if drawing.stands_in else "maps"
    given = choice.arguments | ({"method": "pca"} if drawing.stands_in else {})
    stands = drawing.stands_in
    calm = visit.kept(feed.Calm, view.run.id, choice, stands)  # what it waits for outlives a drawing of the page

    def sent(view: View, answer: PointMap | None) -> bytes | None:
        if answer is None:
            return None
        answer = replace(answer, standing_in=answer.standing_in or stands)
        if view.live:
            drawing.moved = Moved(view.run.id, choice, answer, time.monotonic())
        shown = frame(view, choice, answer, apart=apart)
        return message(shown, None, height, projector, is_live(view), feed.moment(view, answer.step))

    def again(view: View) -> bytes | None:
        return sent(view, calm.numbers(view, PointMap, lane=lane, since=choice.since, **given))

    def then(view: View) -> bytes | None:
        return sent(view, feed.soon(view, PointMap, lane=lane, since=choice.since, **given))

    feed.offer("map", again, pace(view, choice), past=then)


def points(view: View, choice: Choice) -> tuple[PointMap, list[int]] | None:
    """The map's answer and the chosen points, for a section that shows no map; None while there is none."""
    answer = laid_out(view, choice)
    if answer is None:
        picture.making(view.waiting)
        return None
    return answer, chosen_points(view, choice, len(answer.points))


def laid_out(view: View, choice: Choice) -> PointMap | None:
    """The map; PCA's, of the quick lane, stands in while another is not there yet: umap is loaded by the maps' own."""
    moved = visit.kept(Drawing).moved
    if view.fed and is_live(view) and moved is not None and moved.shows(view, choice):
        return moved.answer
    arguments: dict[str, Any] = {"since": choice.since} | choice.arguments
    answer = view.picture(PointMap, pace(view, choice), lane="maps", doing=DOING, says=False, **arguments)
    if (
        choice.method == "pca"
        or (answer is not None and not answer.standing_in)
        or (not view.waiting and answer is None)
    ):
        return answer
    stands = view.picture(PointMap, STANDING_EVERY, says=False, **arguments | {"method": "pca"})
    return answer if stands is None else replace(stands, standing_in=True)


def pace(view: View, choice: Choice) -> float:
    """Seconds between two frames while training: more for more points, so that the training beside keeps its pace."""
    if visit.kept(Drawing).stands_in:
        return STANDING_EVERY
    tokens = choice.what.endswith(("input", "output"))
    return EVERY * max(1.0, min(view.about.vocabulary, MOST_TOKENS) / 100 if tokens else 1.0)


def size(more: int = 0) -> tuple[int, bool]:
    """The map's height in pixels, and whether it is for a projector."""
    projector = visit.state().projector
    return HEIGHT + more + PROJECTED * projector, projector


def is_live(view: View) -> bool:
    """True while one frame follows another."""
    return view.live and view.status.state == "training"


def place(view: View, choice: Choice) -> tuple:
    """What the chosen points are chosen among."""
    return view.run.id, *choice.points.items()


def choose(view: View, choice: Choice, points: list[int]) -> None:
    """Keeps what was chosen on the map."""
    visit.kept(Selection, *place(view, choice)).points = points


def chosen_points(view: View, choice: Choice, count: int) -> list[int]:
    """The points chosen last among these."""
    return [i for i in visit.kept(Selection, *place(view, choice)).points if i < count]


def beside(view: View, kind: type[R], every: float, doing: str, **arguments: Any) -> R | None:
    """What the map is drawn without until it is there. doing: what is waited for, in words."""
    question = view.question(kind, every, "maps", **arguments)
    try:
        if not question.wait(AT_ONCE):
            view.wait_for(question, doing)
    except ValueError:
        return None  # the map itself says why
    return question.shown


def trails(view: View, choice: Choice, chosen: list[int]) -> Trails:
    """Where the chosen points came from, if that is asked for."""
    tokens = tuple(chosen[:TRAILS])
    if not choice.trails or not tokens:
        return Trails()
    answer = beside(view, PointTrails, pace(view, choice), "following the trails", tokens=tokens, **choice.arguments)
    return Trails(tokens, answer.paths) if answer is not None else Trails()


def noise(view: View, choice: Choice, answer: PointMap) -> LayoutNoise | None:
    """How far apart several seeds put the same weights."""
    drawing, now = visit.kept(Drawing), (view.run.id, view.step)
    rests, drawing.rested = drawing.rested == now, now
    if answer.method == "pca" or view.first or not (view.live or rests):
        return None  # while scrubbing, the next map matters more than how sure this one is
    every = NOISE_EVERY * max(1.0, len(answer.points) / 100)  # it takes as long as four maps from nothing
    measured = beside(view, LayoutNoise, every, "measuring the layout noise", **choice.arguments)
    return None if measured is None or measured.standing_in else measured


def frame(view: View, choice: Choice, answer: PointMap, left: Trails = NONE, apart: LayoutNoise | None = None) -> Frame:
    """The answer as the map takes it."""
    shown = METHODS[answer.method]
    standing = f"PCA until {METHODS[choice.method]} is ready" if answer.standing_in else shown
    names = [f"{percent(share)} of the variance" for share in answer.explained or ()]
    details = [standing, f"step {answer.step:,}"]
    if answer.left_out:
        details.append(f"without {answer.left_out:,} rarer {'words' if choice.of_words else 'tokens'}")
    width = width_of(view, choice)
    return Frame(
        title=choice.title,
        subject=" · ".join(details),
        step=answer.step,
        points=answer.points,
        labels=labels(answer),
        notes=[note(answer, i) for i in range(len(answer.labels))],
        contexts=contexts(answer),
        shades=shades(answer),
        neighbours=Neighbours(
            answer.neighbours,
            answer.distances,
            DISTANCES[choice.metric],
            width,
            moved=answer.moved,
            since=choice.since,
        ),
        quality=quality(answer, apart),
        trust=trust(answer, width),
        of=repr((view.run.id, choice)),
        axes=names if answer.method == "pca" else (),
        trails=left,
    )


def width_of(view: View, choice: Choice) -> int:
    """Dimensions of the space that the points are in."""
    return view.config.model.head_width if choice.head else view.config.model.width


def shades(answer: PointMap) -> list[Shade]:
    """Every way to colour the points."""

    def places(numbers: np.ndarray) -> np.ndarray:
        return np.where(numbers < 0, np.nan, numbers.astype(float))

    numbers = [
        Shade("frequency", answer.frequency, "share of what is read", "log"),
        Shade("token number", places(answer.token), "place in the vocabulary"),
        Shade("position", places(answer.position), "position, from 0"),
        Shade("loss", answer.loss, "mean loss, nats"),
    ]
    if answer.moved is not None:
        numbers.append(Shade("changed neighbours", answer.moved, "share of its neighbours", "share"))
    varied = [shade for shade in numbers if np.unique(shade.values[np.isfinite(shade.values)]).size > 1]
    kinds = [categories("kind", answer.kinds)] if len(set(answer.kinds)) > 1 or not varied else []
    return kinds + varied


def categories(name: str, words: list[str]) -> Shade:
    """A shade of words: the most frequent first, each with a colour of its own as far as they reach."""
    order = [word for word, _ in sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))]
    pairs = [
        (word, theme.CATEGORICAL[i] if i < len(theme.CATEGORICAL) else theme.OUTSIDE) for i, word in enumerate(order)
    ]
    square = [i for i, word in enumerate(order) if word in SQUARE]
    return Shade(name, np.array([order.index(word) for word in words], float), categories=pairs, square=square)
