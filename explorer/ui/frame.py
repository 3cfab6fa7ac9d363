"""The frame that is the same on every page: player bar, title, live pictures.

    timer -> which step? -> player bar -> the page's own draw(view)

A page gives `watch` its title, its sentence and one function that draws a View.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explorer.runs.file import LINE
from explorer.runs.run import Run
from explorer.settings import family
from explorer.ui import cards as preset_cards
from explorer.ui import chosen, feed, knobs, picture, player, server, sitemap
from explorer.ui.view import View

LIVE_SECONDS = 0.22
PAST_SECONDS = 0.6  # while a run trains on: of a past step only the bar changes, and who scrubs needs the processor
REST_SECONDS = 0.25  # between a page's first painting and the rest of it, where a feed brings what moves later
IDLE_SECONDS = 1.0  # another visit may press play
FIRST_STEP_SECONDS = 0.25
ANY = ("transformer", "word-vectors")  # families of models


def watch(
    title: str,
    sentence: str,
    draw: Callable[[View], None],
    families: Sequence[str] = ANY[:1],
    fed: float = 0,
) -> None:
    """A page on a run; without a run it offers the preset cards.

    families: of models that it can draw.   fed: what moves most is offered to the feed, so that the page itself need
    be drawn only every so many seconds.
    """
    run = chosen.run()
    chosen.complaints()
    if run is None:
        st.title(title, anchor=False)
        st.markdown(f"{sentence} Pick something to learn first:")
        preset_cards.show()
        return
    fed = fed if feed.opened else 0
    busy, chosen_pace = is_busy(run), pace(run, fed)
    if fed and chosen_pace == fed and st.session_state.get("painted") != (run.id, title):
        chosen_pace = REST_SECONDS
    folds: list[picture.Fold] | None = None  # drawn below the live part, the same at every tick

    def live() -> None:
        nonlocal folds
        if st.session_state.pop("rerun", False) or sitemap.goes():
            st.rerun()  # another run, another page, or another size of everything
        server.watchers().look(server.visit()["id"], str(run.path))
        first = st.session_state.get("painted") != (run.id, title)
        try:
            if first and busy:
                await_first_step(run)
            view = look(run, first, bool(fed))
        except ValueError as error:  # a text that is not on this machine, a file that broke
            st.error(str(error), icon=":material/block:")
            return
        with picture.folded() as asked, feed.offering(view):
            # what pictures wait for is known after drawing
            player.show(view, st.session_state.get("waiting", ""), st.session_state.get("refining", ""), bool(fed))
            if family(run.config.model) in families:
                draw(view)
            else:
                elsewhere(run)
        chosen.put_into_url()
        for sentence_ in server.host().complaints(run.path):
            st.toast(sentence_, icon=":material/block:")
        st.session_state.waiting, st.session_state.refining = view.waiting, "".join(view.refines[-1:])
        st.session_state.painted = (run.id, title)
        whole = folds is None  # the page is drawn as a whole, and the sidebar comes after it
        if folds is None:
            folds = asked
        new, gone = any(fold not in folds for fold in asked), len(asked) < len(folds) and not view.waits
        changed = pace(run, fed) != chosen_pace and not first
        if changed or new or gone or (not whole and knobs.behind(run)):
            st.rerun()

    heading(title, sentence)  # once: what a tick draws costs the browser, element by element; style.css lifts the bar
    st.fragment(live, run_every=chosen_pace)()
    for fold in folds or []:
        picture.draw_fold(fold)


def elsewhere(run: Run) -> None:
    """What a page says of a run that it cannot draw, and the way out."""
    st.info(
        f"This run learns word vectors ({run.config.model.kind}): there is no Transformer to look into. "
        "The Words page shows what it has learned.",
        icon=":material/hub:",
    )
    st.page_link(sitemap.page("words"), label="Open it on Words", icon=":material/hub:")


def cards(name: str, *widths: float) -> list[Any]:
    """A row of bordered cards of one height, with these relative widths. name: of the row, unique on a page.

    style.css says below which width some rows break.
    """
    columns = st.container(key=f"cards-{name}").columns(widths) if len(widths) > 1 else [st.container()]
    return [c.container(border=True, height="stretch", key=f"card-{name}-{i}") for i, c in enumerate(columns)]


def board(name: str) -> Any:
    """A grid of cards, each made of one element or of one panel: a live page is cheaper the fewer of them it has."""
    return st.container(key=f"board-{name}")


def heading(title: str, sentence: str) -> None:
    """Title and the one sentence."""
    st.title(title, anchor=False)
    st.markdown(sentence)


def pace(run: Run, fed: float) -> float:
    """Seconds between two ticks of the page. fed: while something happens, beside a feed; 0 without one."""
    waits = st.session_state.get("waiting") or st.session_state.get("refining")
    if not is_busy(run):
        return LIVE_SECONDS if waits else IDLE_SECONDS
    if fed:
        return fed
    return LIVE_SECONDS if st.session_state.get("step") is None else PAST_SECONDS


def is_busy(run: Run) -> bool:
    """True while something happens to the run, or to another contender of its race."""
    host = server.host()
    runs = server.racing(run).values()
    return any(r.status.state == "training" or host.working(r.path) or host.place(r.path) > 0 for r in runs)


def await_first_step(run: Run) -> None:
    """Gives a run that was just started the moment it needs for the first steps, so that there is a line to see."""
    end = time.monotonic() + FIRST_STEP_SECONDS
    while run.last < LINE and time.monotonic() < end:
        time.sleep(0.005)


def look(run: Run, first: bool = False, fed: bool = False) -> View:
    """The view of this visit: the step asked for, or the newest whose weights are there."""
    last = run.last
    step = st.session_state.get("step")
    if step is not None and step > last:
        st.toast(f"this run has steps 0 to {last} and not {step}; showing the newest", icon=":material/block:")
        step = st.session_state.step = None
    live = step is None
    return View(
        run=run,
        step=run.newest_snapshot() if step is None else step,
        last=last,
        live=live,
        status=run.status,
        about=server.about(str(run.path)),
        first=first,
        fed=fed,
    )
