"""View: what a page draws, a run at a step, and how its pictures are asked for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from explorer.config import RunConfig
from explorer.runs.answer import Answer, Lane
from explorer.runs.client import Request
from explorer.runs.run import Event, Run, Status
from explorer.ui import server

FIRST_PATIENCE = 0.4  # seconds that the first picture is waited for, so that it need not pop up
PATIENCE = {True: 0.05, False: 0.25}  # seconds that a live picture and a past one are waited for
AGAIN = "training again {of} steps to be exact"
QUIET = {"started", "resumed", "speed", "single"}  # events not worth a mark


@dataclass
class View:
    """What a page draws: a run at a step.

    step: the one looked at.   live: following the newest.   last: the newest.   first: this page's first
    painting of this run, to be quick.   place: tells apart pictures of several steps on one page.
    fed: what moves most comes by the feed; the page itself waits for nothing live, so that a knob need not wait for it.
    waits: for which pictures the page waits, in words.
    refines: what is there and becomes finer, in words: what is shown is exact all the same.
    """

    run: Run
    step: int
    last: int
    live: bool
    status: Status
    about: dict[str, Any]
    first: bool
    place: str = ""
    fed: bool = False
    waits: list[str] = field(default_factory=list)
    refines: list[str] = field(default_factory=list)

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

    @property
    def patience(self) -> float:
        """Seconds that a picture is waited for, where the one before it is shown meanwhile."""
        return 0 if self.live and self.fed else PATIENCE[self.live]

    @property
    def moment(self) -> tuple:
        """What a picture that is not drawn at every tick must follow at once."""
        return self.run.id, None if self.live else self.step, self.status.state, len(self.events)

    def at(self, step: int, place: str) -> View:
        """The same run at another step, for a picture in a place of its own."""
        return replace(self, step=step, live=False, place=place)

    def newest(self) -> View:
        """The same run at its newest weights, whatever step is looked at."""
        return replace(self, step=self.run.newest_snapshot(), live=True, place="newest")

    def picture(
        self,
        function: str,
        every: float = 0,
        /,
        lane: Lane = "quick",
        doing: str = AGAIN,
        patience: float | None = None,
        **arguments: Any,
    ) -> Answer | None:
        """The numbers of a view (`module.function`) at this step; while they are computed, the last ones shown.

        While live, the next is asked for when the last is there and `every` seconds have gone. lane: "slow" where it
        takes long even with the weights at hand, "maps" for projections. doing: what is done `{of}` times meanwhile,
        in words. patience: seconds to wait, if not as usual. None before the first (a word then keeps its place), and
        where it was refused (the reason does).
        """
        shown = st.session_state.setdefault("shown", {})
        key = (self.run.id, self.place, function, *sorted(arguments.items()))
        request = self.asked(key, function, every, lane, arguments)
        if patience is None:
            patience = self.patience if key in shown else FIRST_PATIENCE
        try:
            answer = server.answer_within(request, patience)
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

    def asked(self, key: tuple, function: str, every: float, lane: Lane, arguments: dict[str, Any]) -> Request:
        """The request to wait for: while live the last one, until it is answered and old enough.

        What was answered since the last tick is shown from then on, also where the next is asked for at once.
        """
        requests = st.session_state.setdefault("asked", {})
        request, when, live = requests.get(key, (None, 0.0, False))
        if request is not None and self.live and live:
            answered = request.answer.done()
            if not (answered and time.monotonic() - when >= every):
                return request
            if request.answer.exception() is None:
                st.session_state.setdefault("shown", {})[key] = request.answer.result()
        request = server.pictures().ask(self.run, self.step, function, lane, past=not self.live, **arguments)
        requests[key] = (request, time.monotonic(), self.live)
        return request
