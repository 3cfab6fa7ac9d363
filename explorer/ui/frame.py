"""The frame that is the same on every page: player bar, title, live pictures.

    timer -> which step? -> player bar -> the page's own draw(view)

A page gives `watch` its title, its sentence and one function that draws a View.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from explorer.config import RunConfig
from explorer.runs import catalogue
from explorer.runs.answer import Answer
from explorer.runs.client import Request
from explorer.runs.run import Event, Run, Status
from explorer.ui import cards as preset_cards
from explorer.ui import chosen, server
from explorer.ui.components.player_bar import Action, player_bar

LIVE_SECONDS = 0.22
IDLE_SECONDS = 1.0  # another visit may press play
FIRST_PATIENCE = 0.4  # seconds that the first picture is waited for, so that it need not pop up
PATIENCE = {True: 0.05, False: 0.25}  # seconds that a live picture and a past one are waited for
FIRST_STEP_SECONDS = 0.25
AGAIN = "training again {of} steps to be exact"
TONES = {"found": "good", "diverged": "bad", "paused": "warn", "ablate": "warn", "finished": "good", "bookmark": "good"}
QUIET = {"started", "resumed", "speed", "single"}  # events not worth a mark


@dataclass
class View:
    """What a page draws: a run at a step.

    step: the one looked at.   live: following the newest.   last: the newest.   first: this page's first
    painting of this run, to be quick.   place: tells apart pictures of several steps on one page.
    waits: for which pictures the page waits, in words.
    """

    run: Run
    step: int
    last: int
    live: bool
    status: Status
    about: dict[str, Any]
    first: bool
    place: str = ""
    waits: list[str] = field(default_factory=list)

    @property
    def config(self) -> RunConfig:
        """The settings in force at the step."""
        return self.run.config_at(self.step)

    @property
    def cursor(self) -> int | None:
        """The step for a chart to mark: none while following the newest."""
        return None if self.live else self.step

    @property
    def events(self) -> list[Event]:
        """The events worth a mark, what was discovered in the weights among them."""
        return [e for e in self.run.events if e.kind not in QUIET] + server.discoveries().get(str(self.run.path), [])

    @property
    def waiting(self) -> str:
        """What the page waits for, in words."""
        return self.waits[-1] if self.waits else ""

    def at(self, step: int, place: str) -> View:
        """The same run at another step, for a picture in a place of its own."""
        return replace(self, step=step, live=False, place=place)

    def newest(self) -> View:
        """The same run at its newest weights, whatever step is looked at."""
        return replace(self, step=self.run.newest_snapshot(), live=True, place="newest")

    def picture(
        self, function: str, every: float = 0, /, slow: bool = False, doing: str = AGAIN, **arguments: Any
    ) -> Answer | None:
        """The numbers of a view (`module.function`) at this step; while they are computed, the last ones shown.

        While live, the next is asked for when the last is there and `every` seconds have gone. slow: it takes
        long even with the weights at hand. doing: what is done `{of}` times meanwhile, in words. None before the
        first (a word then keeps its place), and where it was refused (the reason does).
        """
        shown = st.session_state.setdefault("shown", {})
        key = (self.run.id, self.place, function, *sorted(arguments.items()))
        request = self.asked(key, function, every, slow, arguments)
        try:
            answer = server.answer_within(request, PATIENCE[self.live] if key in shown else FIRST_PATIENCE)
        except ValueError as error:
            st.warning(str(error), icon=":material/info:")
            return None
        if answer is not None:
            shown[key] = answer
        elif not self.live or key not in shown:
            self.waits.append("computing…")
            if request.progress is not None:
                done, of = request.progress
                self.waits[-1] = f"{doing.format(of=of)} · {100 * done // of} %"
        if answer is None and key not in shown:
            st.caption(self.waiting)
        return answer or shown.get(key)

    def asked(self, key: tuple, function: str, every: float, slow: bool, arguments: dict[str, Any]) -> Request:
        """The request to wait for: while live the last one, until it is answered and old enough."""
        requests = st.session_state.setdefault("asked", {})
        request, when, live = requests.get(key, (None, 0.0, False))
        young = request is not None and not (request.answer.done() and time.monotonic() - when >= every)
        if request is not None and young and self.live and live:
            return request
        request = server.pictures().ask(self.run, self.step, function, slow, **arguments)
        requests[key] = (request, time.monotonic(), self.live)
        return request


def watch(title: str, sentence: str, draw: Callable[[View], None]) -> None:
    """A page on a run; without a run it offers the preset cards."""
    run = chosen.run()
    complaints()
    if run is None:
        st.title(title, anchor=False)
        st.markdown(f"{sentence} Pick something to learn first:")
        preset_cards.show()
        return
    busy = is_busy(run) or bool(st.session_state.get("waiting"))

    def live() -> None:
        if st.session_state.pop("rerun", False):
            st.rerun()  # another run, or another size of everything
        server.watchers().look(server.visit()["id"], str(run.path))
        first = st.session_state.get("painted") != (run.id, title)
        try:
            if first and busy:
                await_first_step(run)
            view = look(run, first)
        except ValueError as error:  # a text that is not on this machine, a file that broke
            st.error(str(error), icon=":material/block:")
            return
        player(view, st.session_state.get("waiting", ""))  # what pictures wait for is known after drawing
        heading(title, sentence)
        draw(view)
        chosen.put_into_url()
        for sentence_ in server.host().complaints(run.path):
            st.toast(sentence_, icon=":material/block:")
        st.session_state.waiting = view.waiting
        st.session_state.painted = (run.id, title)
        if (is_busy(run) or bool(view.waiting)) != busy:
            st.rerun()  # the timer changes its pace

    st.fragment(live, run_every=LIVE_SECONDS if busy else IDLE_SECONDS)()


def cards(name: str, *widths: float) -> list[Any]:
    """A row of bordered cards of one height, with these relative widths. name: of the row, unique on a page.

    style.css says below which width some rows break.
    """
    columns = st.container(key=f"cards-{name}").columns(widths) if len(widths) > 1 else [st.container()]
    return [c.container(border=True, height="stretch", key=f"card-{name}-{i}") for i, c in enumerate(columns)]


def heading(title: str, sentence: str) -> None:
    """Title and the one sentence."""
    st.title(title, anchor=False)
    st.markdown(sentence)


def complaints() -> None:
    """What was refused, in a sentence each, with a way to put it away."""
    for sentence in st.session_state.pop("complaints", []):
        st.error(sentence, icon=":material/block:")


def is_busy(run: Run) -> bool:
    """True while something happens to the run."""
    host = server.host()
    return run.status.state == "training" or host.working(run.path) or host.place(run.path) > 0


def await_first_step(run: Run) -> None:
    """Gives a run that was just started the moment it needs for its first step."""
    end = time.monotonic() + FIRST_STEP_SECONDS
    while run.last == 0 and time.monotonic() < end:
        time.sleep(0.005)


def look(run: Run, first: bool = False) -> View:
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
    )


def player(view: View, waiting: str) -> None:
    """The player bar, and what its buttons do. waiting: what pictures are waiting for, in words."""
    status, run = view.status, view.run
    place = server.host().place(run.path)
    state = "queued" if place else status.state
    over = state in ("finished", "diverged")
    speed = next((e.detail["value"] for e in reversed(run.events) if e.kind == "speed"), None)
    data = {
        "name": chosen.differences(run),
        "state": state,
        "words": words(view, place),
        "step": view.step,
        "live": view.live,
        "last": view.last,
        "exact": not waiting,
        "note": waiting or None,
        "events": [
            {
                "id": e.id,
                "step": e.step,
                "kind": e.kind,
                "label": e.label,
                "tone": TONES.get(e.kind, "info"),
            }
            for e in sorted(view.events, key=lambda e: e.step)[-200:]
        ],
        "speed": speed,
        "can": {
            "play": state != "diverged",
            "single": not over and state != "training",
            "reset": True,
            "branch": view.last > 0,
            "share": True,
            "bookmark": True,
        },
        "share_url_query": f"run={run.id}" + ("" if view.live else f"&step={view.step}"),
        "projector": bool(st.session_state.get("projector")),
    }
    player_bar(data, key="player", on_action=lambda action: act(run, action))


def words(view: View, place: int) -> str:
    """The run's state in words."""
    if place:
        return f"waiting · place {place} in the queue"
    state, reason = view.status.state, view.status.reason
    if state == "training":
        speed = view.run.speed()
        return f"training · {speed:.0f} steps/s" if speed else "training · starting"
    if state == "waiting":
        return "ready at step 0"
    return f"{state} · {reason}" if reason else state


def act(run: Run, action: Action) -> None:
    """Carries out what was pressed on the player bar."""
    kind, host, state = action["kind"], server.host(), st.session_state
    if kind == "view":
        state.step = max(0, min(int(action["step"]), run.last))
    elif kind == "live":
        state.step = None
    elif kind == "play":
        state.step = None
        if run.status.state == "finished":  # as many steps again
            host.order(run.path, "set", **{"train.steps": 2 * run.last})
        server.obeyed(host.order(run.path, "play"))
    elif kind == "single":
        state.step = None
        server.obeyed(host.order(run.path, "single"))
    elif kind == "pause":
        server.obeyed(host.order(run.path, "pause", reason="by hand"))
    elif kind == "speed":
        server.obeyed(host.order(run.path, "speed", value=action["value"]))
    elif kind == "bookmark":
        server.obeyed(host.order(run.path, "bookmark", label=""))
    elif kind == "projector":
        state.projector = not state.get("projector")
        state.rerun = True
    elif kind == "reset":
        chosen.begin(run.config)
        state.rerun = True
    elif kind == "branch":
        branch(run, state.step if state.step is not None else run.last, {})
        state.rerun = True


def branch(run: Run, step: int, changes: dict[str, Any]) -> None:
    """Makes a branch at a step and looks at it; it waits for a knob to be turned and for play."""
    new = catalogue.new_path(run.config.nearest_preset()[0])
    request = server.host().request(
        "explorer.runs.branch:branch",
        lane="slow",
        path=str(run.path),
        step=step,
        new=str(new),
        changes=changes,
    )
    try:
        request.answer.result(timeout=120)
        chosen.open_run(new.stem)
        st.toast(
            "A branch: turn a knob, then press play. The run it came from stays under Runs.",
            icon=":material/fork_right:",
        )
    except (ValueError, TimeoutError) as error:
        chosen.complain(f"no branch was made: {error}")
