"""The frame that is the same on every page: player bar, title, live pictures.

    timer -> which step? -> player bar -> the page's own draw(view)

A page gives `watch` its title, its sentence and one function that draws a View.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.config.presets import Preset
from explorer.runs.file import LINE
from explorer.runs.run import Run
from explorer.runs.whereabouts import recomputed
from explorer.training.place import LOSS, slow
from explorer.ui import (
    branching,
    chosen,
    feed,
    foreign,
    held,
    knobs,
    on_purpose,
    picture,
    player,
    pressing,
    refusals,
    server,
    sitemap,
    visit,
)
from explorer.ui import cards as preset_cards
from explorer.ui.parts import course_way, model_map
from explorer.ui.view import View
from models.families import missing

LIVE_SECONDS = 0.22
CALM_SECONDS = 0.5  # where no picture changes more often
PAST_SECONDS = 0.6  # while a run trains on: of a past step only the bar changes, and scrubbing needs the processor
REST_SECONDS = 0.25  # between a page's first painting and the rest of it, where a feed brings what moves later
IDLE_SECONDS = 1.0  # another visit may press play
FIRST_STEP_SECONDS = 0.25


def watch(
    title: str,
    sentence: str,
    draw: Callable[[View], None],
    needs: Sequence[str] = (),
    fed: float | Callable[[], float] = 0,
    alone: Callable[[], None] | None = None,
    first: dict[str, Preset] = preset_cards.NONE_FIRST,
    calm: Callable[[], bool] = lambda: False,
) -> None:
    """A page on a run. alone: draws it without a run, where the preset cards are not all that it has to offer.

    needs: the parts of a model that it shows.   fed: what moves most is offered to the feed, so that the page itself
    is drawn less often, after this many seconds; a function, where it hangs on what is chosen on the page.
    first: the presets that it is about, whose cards come first without a run.   calm: whether no picture of what is
    chosen changes more often than twice a second; the bar moves by the feed then.
    """
    run = chosen.run()
    refusals.show()
    if run is None:
        heading(title, sentence if alone else f"{sentence} Pick something to learn first:")
        with st.container(key="page"), picture.detailed(title):
            alone() if alone else preset_cards.show(first=first)
        return

    def by_feed() -> float:
        return 0 if not feed.opened else fed() if callable(fed) else fed

    def now() -> float:
        return pace(run, by_feed(), feed.opened and calm())

    busy, begins = is_busy(run), now()
    if by_feed() and busy and visit.state().painted != (run.id, title):
        begins = REST_SECONDS
    drawn, said, fell = False, False, on_purpose.has_diverged(run)

    def live() -> None:
        nonlocal drawn, said
        state = visit.state()
        refusals.tick()
        held.tick()
        branching.follow()
        if state.draws_all() or sitemap.goes():
            refusals.draw_again()  # another run, another page, or another size of everything
        server.watchers().look(server.session().id, str(run.path))
        first, feeds = state.painted != (run.id, title), bool(by_feed())
        try:
            if first and busy:
                await_first_step(run)
            view = look(run, first, feeds)
        except ValueError as error:  # a text that is not on this machine, a file that broke
            refusals.say(str(error))
            return
        with feed.offering(view):
            # what pictures wait for is known after drawing
            player.show(view, state.waiting, state.refining, feeds or (feed.opened and calm()), feeds)
            line = elsewhere_computed(view)
            if place is None:
                with st.container():
                    st.caption(foreign.sentence(line)) if line else None
            elif said := said or bool(line):  # what a tick drew, the next draws again, or it is gone
                place.markdown(quiet(line) or sentence)
            with st.container(key="page"), picture.detailed(title):  # at least as tall as the window
                if has(view, *needs):
                    draw(view)
        chosen.put_into_url()
        held.bring_back()
        course_way.remember()
        for refused in server.host().complaints(run.path):
            refusals.keep(refused)
        state.waiting, state.refining = view.waiting, "".join(view.refines[-1:])
        state.painted = (run.id, title)
        whole, drawn = not drawn, True  # the page is drawn as a whole at first, and the sidebar comes after it
        changed = (is_busy(run) != busy and not first) or on_purpose.has_diverged(run) != fell
        if changed or (not whole and knobs.behind(run)):
            refusals.draw_again()
        if not first and not whole:
            pressing.tick_every(now())

    sentence = quiet(slow_precision(run)) or sentence
    with st.container(key="heading"):  # once: what a tick draws costs the browser, element by element
        place = heading(title, sentence, run)  # style.css keeps the bar's room above it
    pressing.live(live, begins)


def having(view: View, *parts: str) -> View | None:
    """The view of a model that has these parts; None of another, for what is shown without a run as well."""
    return view if view.config.has(*parts) else None


def has(view: View, *parts: str) -> bool:
    """Whether the model has these parts; where it has not, the page says so and shows the way out."""
    lacking = missing(view.config.model, parts)
    if lacking:
        name = sitemap.seen_on(view.config)
        title, icon = sitemap.TITLES[name]
        st.info(
            f"This run {view.config.described}: it has no {lacking[0]} to look into. The {title} page shows what it "
            "has learned.",
            icon=f":material/{icon}:",
        )
        st.page_link(sitemap.page(name), label=f"Open it on {title}", icon=f":material/{icon}:")
    return not lacking


def elsewhere_computed(view: View) -> str:
    """What is said where a step that the file does not hold is computed again by another processor."""
    here = server.host().computes
    there = recomputed(view.run, view.step, here)
    if here is None or there is None:
        return ""
    which = f"another processor ({here.words}; trained by {there.words})"
    if here.words == there.words:  # an older file, or a core of the same name
        which = f"a processor that may round otherwise than the one that trained it (both: {here.words})"
    return (
        f"Between snapshots recomputed on {which}: differs from the run by at most {100 * LOSS:g} % of the loss, "
        "unless this training magnifies rounding."
    )


def slow_precision(run: Run) -> str:
    """What is said if the run's products are of a precision that this machine's processor does not multiply."""
    here = server.host().computes
    said = slow(run.config.train.precision, run.config.train.device, "cpu" if here is None else here.device)
    return f"{said}." if said else ""


def quiet(sentence: str) -> str:
    """A sentence small enough for the place of the page's own."""
    return f":small[{foreign.sentence(sentence)}]" if sentence else ""


def cards(name: str, *widths: float) -> list[Any]:
    """A row of bordered cards of one height, with these relative widths. name: of the row, unique on a page.

    style.css says below which width some rows break.
    """
    columns = st.container(key=f"cards-{name}").columns(widths) if len(widths) > 1 else [st.container()]
    return [c.container(border=True, height="stretch", key=f"card-{name}-{i}") for i, c in enumerate(columns)]


def board(name: str) -> Any:
    """A grid of cards, each made of one element or of one panel: a live page is cheaper the fewer of them it has."""
    return st.container(key=f"board-{name}")


def heading(title: str, sentence: str, run: Run | None = None) -> DeltaGenerator | None:
    """Title, beside it the one sentence, or that the run fails, and the model of the run as a map.

    Gives the place of the sentence; None where it says that the run fails.
    """
    place = None
    with st.container(horizontal=True, vertical_alignment="center", key="title-row"):
        st.title(title, anchor=False)
        if run is None or not on_purpose.show(run):
            place = st.empty()
            place.markdown(sentence)
        if run is not None:
            model_map.show(run)
    return place


def pace(run: Run, fed: float, calm: bool = False) -> float:
    """Seconds between two ticks of the page; more of them while other pages move too, which hear of this one by it.

    fed: while something happens, beside a feed; 0 without one.   calm: as `watch` has it.
    """
    state = visit.state()
    if state.making:
        return LIVE_SECONDS
    if not is_busy(run):
        return LIVE_SECONDS if state.waiting or state.refining else IDLE_SECONDS
    if state.step is not None:
        alone = fed or PAST_SECONDS
    elif state.waiting:  # for the first picture of all
        alone = LIVE_SECONDS
    else:
        alone = fed or (CALM_SECONDS if calm else LIVE_SECONDS)
    return alone * server.watchers().moves(server.session().id)


def is_busy(run: Run) -> bool:
    """True while something happens to the run, or to another contender of its race."""
    host = server.host()
    runs = server.racing(run).values()
    return any(r.status.state == "training" or host.concerned(r.path) for r in runs)


def await_first_step(run: Run) -> None:
    """Gives a run that was just started the moment it needs for the first steps, so that there is a line to see."""
    end = time.monotonic() + FIRST_STEP_SECONDS
    while run.last < LINE and time.monotonic() < end:
        time.sleep(0.005)


def look(run: Run, first: bool = False, fed: bool = False) -> View:
    """The view of this visit: the step asked for, or the newest whose weights are there."""
    last = run.last
    step = visit.state().step
    if step is not None and step > last:
        refusals.keep(f"this run has steps 0 to {last:,} and not {step}; showing the newest")
        step = visit.state().step = None
    newest = run.newest_snapshot() if step is None else step  # it may have come since `last` was read
    return View(
        run=run,
        step=newest,
        last=max(last, newest),
        live=step is None,
        status=run.status,
        about=server.about(str(run.path)),
        first=first,
        fed=fed,
    )
