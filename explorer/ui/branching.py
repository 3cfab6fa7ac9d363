"""Branching: from a step of a run into a run of its own, which is looked at from then on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
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
SECONDS = 120  # that training again to the step may take


@dataclass
class Making:
    """A branch that is being made. changes: settings that were turned meanwhile, which are the branch's."""

    run: str
    step: int
    path: Path
    request: Request[Branch]
    orders: Sequence[Order] = ()
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What the player bar says meanwhile."""
        return f"making a branch at step {self.step:,} …"


def branch(run: Run, step: int, changes: dict[str, Any], orders: Sequence[Order] = ()) -> None:
    """Makes a branch at a step with live settings changed, gives it orders and looks at it.

    A run that was to end at that step may take as many steps again. A refusal is shown on the page.
    """
    if begin(run, step, changes, orders) and (making := visit.state().making):
        with suppress(TimeoutError, ValueError):
            making.request.answer.result(timeout=SECONDS)
        follow(gives_up=True)


def begin(run: Run, step: int, changes: dict[str, Any], orders: Sequence[Order] = ()) -> bool:
    """Has a branch made, which `follow` looks at once it is there. False where there is no room for it."""
    steps = run.config_at(step).train.steps
    more = {"train.steps": 2 * step} if PLAY in orders and steps is not None and step >= steps else {}
    new = catalogue.new_path(run.config.nearest_preset()[0])
    try:
        chosen.room()
    except ValueError as error:
        refusals.keep(f"no branch was made: {error}")
        return False
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
    return True


def follow(gives_up: bool = False) -> None:
    """Looks at the branch that is being made, once it is there.   gives_up: it must be there by now."""
    making = visit.state().making
    if making is None or not (making.request.answer.done() or gives_up):
        return
    visit.state().making = None
    try:
        making.request.answer.result(timeout=0)
        chosen.made(making.path)
        chosen.open_run(making.path.stem)
    except (ValueError, TimeoutError) as error:
        refusals.keep(f"no branch was made: {error}")
        return
    turned = [("set", making.changes)] if making.changes else []
    for kind, detail in [*turned, *making.orders]:
        server.obeyed(server.host().order(making.path, kind, **detail))
    visit.state().rerun = True
    what = "It goes on training." if PLAY in making.orders else "Turn a knob, then press play."
    st.toast(
        f"A branch at step {making.step}. {what} The run it came from stays under Runs.",
        icon=":material/fork_right:",
    )


def turned_meanwhile(run: Run, changes: dict[str, Any]) -> bool:
    """Whether a knob of a run is turned while a branch of it is being made: it is the branch's then."""
    making = visit.state().making
    if making is None or making.run != run.id:
        return False
    making.changes |= changes
    return True
