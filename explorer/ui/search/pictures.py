"""The pictures of a search: parallel coordinates, courses, history, importance, contour. N trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from explorer.answers.records.search import Contour, Importance
from explorer.charts import search as charts
from explorer.charts import trials
from explorer.charts.search import Axis, Dot
from explorer.measure.names import number
from explorer.search import ledger
from explorer.search.ledger import Trial
from explorer.search.space import FloatKnob, IntKnob, place
from explorer.ui import picture, visit
from explorer.ui.components import curves as canvas
from explorer.ui.frame import cards
from explorer.ui.parts import searching, settings
from explorer.ui.parts.searching import Standing
from explorer.ui.search import sentences

TICKS = 4  # words along an axis of numbers
LOG_FROM = 20.0  # ratio of losses from which their axis is logarithmic
CALM_SECONDS = 3.0
FEW = 4  # trials that came to their end, before importance and contour say anything


def show(now: Standing) -> None:
    """All pictures of a search as it stands."""
    dots = [dot(t, ledger.best_seen(now.trials)) for t in now.trials]
    chosen = selected(now)
    with cards("search-parallel", 1)[0]:
        lines = calm("parallel", now, lambda: charts.parallel_frame(dots, axes(now), chosen))
        draw(charts.parallel, lines, "search-parallel")
        picture.look_for("parallel", sentences.parallel(now))
    left, right = cards("search-courses", 1.2, 1)
    with left:
        courses(now, dots, chosen)
    with right:
        order = calm("history", now, lambda: charts.history_frame(dots))
        low, high, log = spread(now.trials)
        draw(charts.history, order, "search-history", ends=(low, high), log=log)
        picture.look_for("history", sentences.history(now))
    left, right = cards("search-why", 1, 1.2)
    with left:
        importance(now)
    with right:
        contour(now, dots)


def draw(chart: Callable[..., alt.TopLevelMixin], data: pd.DataFrame, key: str, **knobs: Any) -> None:
    """A still chart on which a click chooses a trial."""

    def choose() -> None:
        clicked = st.session_state[key].selection.get(charts.CLICKED, [])
        if clicked and clicked[0].get("number", -1) >= 0:
            visit.state().trial = int(clicked[0]["number"])

    spec = picture.spec_of(chart, data, visit.state().projector, **knobs)
    full_spec = spec | {"datasets": {"source": data}}
    place = picture.height_of(spec)
    st.vega_lite_chart(
        full_spec, key=key, width="stretch", height=place, on_select=choose, selection_mode=charts.CLICKED
    )


def calm(name: str, now: Standing, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """What `make` gives, made anew where a trial began or ended or was chosen, else every few seconds.

    A still chart costs the browser, and so the trials beside it, far more than a canvas.
    """
    of = (now.path.stem, len(now.trials), len(now.over), selected(now))
    return picture.paced(make, f"search-{name}", of, CALM_SECONDS)


def selected(now: Standing) -> int | None:
    """The trial that was clicked, if this search has it."""
    number = visit.state().trial
    return number if number in {t.number for t in now.trials} else None


def dot(trial: Trial, best: Trial | None) -> Dot:
    """A trial as charts take it."""
    state, leads = trial.state, best is not None and trial.number == best.number
    if leads:
        state = "best"
    elif trial.end == "stopped early":
        state = "stopped early"
    elif state == "refused":
        state = "not trained"
    elif not trial.over:
        state = "training"
    value = trial.best_seen if leads else trial.value
    number = math.nan if value is None else value
    return Dot(trial.number, state, number, settings.described(trial.params), trial.counts or leads)


def axes(now: Standing) -> list[Axis]:
    """One for each knob, and the loss."""
    rows = []
    for knob in now.search.knobs:
        values = [t.params.get(knob.path) for t in now.trials]
        words = [settings.word(v) for v in values]
        if not isinstance(knob, FloatKnob | IntKnob):
            options = knob.ends()
            step = 1 / max(1, len(options) - 1)
            places = [options.index(v) * step if v in options else math.nan for v in values]
            ticks = [(i * step, settings.word(o)) for i, o in enumerate(options)]
        else:
            places = [math.nan if v is None else knob.place(v) for v in values]
            shares = [i / (TICKS - 1) for i in range(TICKS)]
            ticks = [(s, number(tidy(knob.number(s), knob.kind == "int"), 2)) for s in shares]
        rows.append(Axis(settings.name_of(knob.path), places, words, ticks))
    return [*rows, loss_axis(now.trials)]


def tidy(number: float, whole: bool) -> float | int:
    """A number for a tick."""
    return round(number) if whole else number


def spread(trials: Sequence[Trial]) -> tuple[float, float, bool]:
    """The lowest and the highest known loss, and whether a log scale separates them better.

    From 0 to 1 where none is known.
    """
    losses = [t.value for t in trials if t.value is not None and math.isfinite(t.value)]
    low, high = (min(losses), max(losses)) if losses else (0.0, 1.0)
    return low, max(high, low + 1e-9 + 0.1 * abs(low)), low > 0 and high / low > LOG_FROM


def loss_axis(trials: Sequence[Trial]) -> Axis:
    """The loss from the lowest to the highest known; what is infinite stands on top."""
    values = [math.nan if t.value is None else t.value for t in trials]
    low, high, log = spread(trials)
    places = [1.0 if math.isinf(v) else v if math.isnan(v) else place(low, high, log, v) for v in values]
    shares = [i / (TICKS - 1) for i in range(TICKS)]
    ticks = [(s, number(low * (high / low) ** s if log else low + s * (high - low), 2)) for s in shares]
    if not any(math.isfinite(v) for v in values):
        ticks = [(1.0, "∞")] if any(math.isinf(v) for v in values) else []  # no loss is known: the axis has no numbers
    return Axis("loss in nats", places, [charts.words_of(v) for v in values], ticks)


def courses(now: Standing, dots: Sequence[Dot], chosen: int | None) -> None:
    """Every trial's measurements over steps, where pruning and early stopping are seen to act."""
    taken = [(d, t.steps, t.losses) for d, t in zip(dots, now.trials, strict=True)]
    projector = visit.state().projector
    data = canvas.message(trials.COURSES, trials.courses(taken, chosen), projector, sentences.courses(now))
    canvas.curves([data], key="search-courses", on_step=lambda step: None)


def importance(now: Standing) -> None:
    """The share of each setting, once enough trials came to their end."""
    complete = sum(1 for t in now.over if t.state == "complete")
    if complete < FEW:
        st.markdown("**Which setting matters**")
        st.caption(f"Known from {FEW} trials on that came to their end; so far {complete}.")
        return
    answer = searching.answer(Importance, now.path, len(now.over))
    if answer is None:
        st.caption("computing the importance…")
        return
    shares = {settings.name_of(path): share for path, share in answer.shares.items()}
    picture.show(charts.importance, charts.importance_frame(shares), "search-importance")
    picture.look_for("importance", sentences.importance(shares, answer.complete, len(now.over)))


def contour(now: Standing, dots: Sequence[Dot]) -> None:
    """The loss over two settings that are numbers."""
    numbers = [k.path for k in now.search.knobs if isinstance(k, FloatKnob | IntKnob)]
    if len(numbers) < 2:
        st.markdown("**Loss over two settings**")
        st.caption("A contour needs two settings that are numbers; this search has fewer.")
        return
    left, right = st.columns(2)
    across = left.selectbox("Across", numbers, format_func=settings.name_of, key=f"across:{now.path.stem}")
    rest = [path for path in numbers if path != across]
    up = right.selectbox("Up", rest, format_func=settings.name_of, key=f"up:{now.path.stem}")
    answer = searching.answer(Contour, now.path, len(now.over), x=across, y=up)
    if answer is None:
        st.caption("computing the contour…")
        return
    if not np.isfinite(answer.loss).any():
        picture.look_for("contour", sentences.contour(answer.trials, answer.loss))
        return
    knobs = {k.path: k for k in now.search.knobs if isinstance(k, FloatKnob | IntKnob)}
    at = np.array([[t.params[across], t.params[up]] for t in now.trials], dtype=np.float64).reshape(-1, 2)
    data = charts.contour_frame(answer.x, answer.y, answer.loss, dots, at)
    draw(
        charts.contour,
        data,
        f"search-contour-{now.path.stem}-{across}-{up}",
        across=settings.name_of(across),
        up=settings.name_of(up),
        ends=tuple((knobs[path].low, knobs[path].high) for path in (across, up)),
        logs=(knobs[across].log, knobs[up].log),
    )
    picture.look_for("contour", sentences.contour(answer.trials, answer.loss))
