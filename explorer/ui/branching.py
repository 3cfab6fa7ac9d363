"""Branching: from a step of a run into a run of its own, which is looked at from then on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.answers.records.branch import Branch
from explorer.processes.client import Request
from explorer.runs import catalogue
from explorer.runs.run import Run
from explorer.ui import chosen, refusals, server, visit

Order = tuple[str, dict[str, Any]]  # kind and detail, as the host takes them
PLAY: Order = ("play", {})
BRANCHED = "branched from"  # how a branch says why it is paused, as runs/branch.py writes it
GLOWS = 4.0  # seconds for which a branch counts as just made


@dataclass
class Making:
    """A branch that is being made. turned: what was ordered of its run meanwhile, which are the branch's orders."""

    run: str
    step: int
    path: Path
    request: Request[Branch]
    orders: Sequence[Order] = ()
    turned: list[Order] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What the player bar says meanwhile."""
        return f"making a branch at step {self.step:,} …"


@dataclass(frozen=True)
class Made:
    """The branch that was made last, what it left, and when, by time.monotonic()."""

    run: str
    parent: str
    when: float


def begin(run: Run, step: int, changes: dict[str, Any], orders: Sequence[Order] = ()) -> None:
    """Has a branch made at a step with live settings changed and then given orders.

    The page says so at once, and `follow` looks at the branch once it is there. A run that was to end at that step may
    take as many steps again. A refusal is shown on the page.
    """
    if visit.state().making is not None:
        refusals.keep("a branch is being made already; make the next one when it is there")
        return
    steps = run.config_at(step).train.steps
    more = {"train.steps": 2 * step} if PLAY in orders and steps is not None and step >= steps else {}
    new = catalogue.new_path(run.config.nearest_preset()[0])
    try:
        chosen.room()
    except ValueError as error:
        refusals.keep(f"no branch was made: {error}")
        return
    request = server.host().request(
        Branch,
        lane="slow",
        visit=server.visitor(),
        path=str(run.path),
        step=step,
        new=str(new),
        changes=more | changes,
    )
    visit.state().making = Making(run.id, step, new, request, orders)


def follow() -> None:
    """Looks at the branch that is being made, once it is there."""
    making = visit.state().making
    if making is None or not making.request.answer.done():
        return
    visit.state().making = None
    try:
        making.request.answer.result(timeout=0)
        chosen.made(making.path)
        visit.hand_on(making.run, making.path.stem)
        chosen.open_run(making.path.stem)
    except ValueError as error:
        refusals.keep(f"no branch was made: {error}")
        return
    goes_on = [PLAY] if making.turned and PLAY not in making.orders else []
    for kind, detail in [*making.turned, *making.orders, *goes_on]:
        server.obeyed(server.host().order(making.path, kind, **detail))
    visit.state().rerun, visit.state().branched = True, Made(making.path.stem, making.run, time.monotonic())
    what = (
        "It goes on training."
        if goes_on or PLAY in making.orders
        else "Turn a knob or press play: it goes on from here."
    )
    st.toast(
        f"A branch at step {making.step:,}. {what} The run it came from stays under Runs.",
        icon=":material/fork_right:",
    )


def order(run: Run, kind: str, **detail: Any) -> None:
    """Orders something of a run; while a branch of it is being made, of the branch, which is what is meant."""
    making = visit.state().making
    if making is not None and making.run == run.id:
        making.turned.append((kind, detail))
        return
    server.obeyed(server.host().order(run.path, kind, **detail))
    if waits(run):
        server.obeyed(server.host().order(run.path, "play"))


def meant(run: Run) -> Run | None:
    """The run that a knob of `run` is turned of: itself, while it is looked at, or its branch that took its place just
    now, before the hand could know. None where a slow browser tells of a knob that is gone."""
    made = visit.state().branched
    if chosen.looked_at(run):
        return run
    new = chosen.run()
    return new if new is not None and made is not None and made.parent == run.id and fresh(new) else None


def waits(run: Run) -> bool:
    """Whether a run is this visit's newest branch and waits for what is to be different in it: it goes on with that."""
    made, status = visit.state().branched, run.status
    new = made is not None and made.run == run.id
    return new and status.state == "paused" and (status.reason or "").startswith(BRANCHED)


def fresh(run: Run) -> bool:
    """Whether a run is a branch that this visit has just made."""
    made = visit.state().branched
    return made is not None and made.run == run.id and time.monotonic() - made.when < GLOWS
