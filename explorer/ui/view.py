"""View: what a page draws, a run at a step, and how its pictures are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from explorer.answers.records.record import R
from explorer.answers.records.task import TaskFacts
from explorer.config.run import RunConfig
from explorer.processes.client import Lane, Request
from explorer.runs.run import Event, Run, Status
from explorer.ui import foreign, server, visit
from explorer.ui.asking import Question
from explorer.ui.shelf import digest

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
    waits: for which pictures of the step the page waits, in words.
    refines: what becomes finer, and what is of the whole run and still to come, in words: what is shown is exact all
    the same.   refused: why pictures of this drawing cannot be, each said once however many are refused for it.
    """

    run: Run
    step: int
    last: int
    live: bool
    status: Status
    about: TaskFacts
    first: bool
    place: str = ""
    fed: bool = False
    waits: list[str] = field(default_factory=list)
    refines: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

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
        worth = [e.shown for e in self.run.events if e.kind not in QUIET]
        return worth + server.discoveries().get(str(self.run.path), [])

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
        """The same run at its newest weights, whatever step is looked at: pictures of that step do not wait for it."""
        return replace(self, step=self.run.newest_snapshot(), live=True, place="newest", waits=self.refines)

    def picture(
        self,
        kind: type[R],
        every: float = 0,
        /,
        lane: Lane = "quick",
        doing: str = AGAIN,
        patience: float | None = None,
        says: bool = True,
        **arguments: Any,
    ) -> R | None:
        """The answer of this kind at this step; while it is computed, the last one shown.

        While live, the next is asked for when the last is there and `every` seconds have gone. lane: "slow" where it
        takes long even with the weights at hand, "maps" for projections. doing: what is done `{of}` times meanwhile,
        in words. patience: seconds to wait, if not as usual. None before the first (a word then keeps its place, unless
        says is False: whoever asks keeps it), and where it was refused (the reason does).
        """
        question = self.question(kind, every, lane, **arguments)
        if patience is None:
            patience = self.patience if question.shown is not None else FIRST_PATIENCE
        try:
            there = question.wait(patience)
        except ValueError as error:
            self.refuse(str(error))
            return None
        if not there:
            self.wait_for(question, question.progress(doing))
        if question.shown is None and says:
            st.caption(self.waiting)
        return question.shown

    def refuse(self, why: str) -> None:
        """Says why a picture cannot be, unless that stands on the page already."""
        if why not in self.refused:
            self.refused.add(why)
            st.warning(foreign.sentence(why), icon=":material/info:")

    def question(self, kind: type[R], every: float, lane: Lane, /, **arguments: Any) -> Question[R]:
        """The question of this kind at this place, asked unless it is under way or, while live, young."""
        of = digest((self.run.id, self.place, kind.function, *sorted(arguments.items())))
        question: Question[R] = visit.kept(Question, of)

        def begin() -> Request[R]:
            return server.pictures().ask(self.run, self.step, kind, lane, past=not self.live, **arguments)

        question.ask(begin, self.live, every)
        return question

    def wait_for(self, question: Question[Any], words: str) -> None:
        """Has the page wait for an answer, unless the one before it may stand in: while live."""
        if not self.live or question.shown is None:
            self.waits.append(words)
