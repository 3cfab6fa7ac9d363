"""Branching: from a step of a run into a run of its own, which is looked at from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.runs import catalogue
from explorer.runs.run import Run
from explorer.ui import chosen, server

Order = tuple[str, dict[str, Any]]  # kind and detail, as the host takes them
PLAY: Order = ("play", {})
SECONDS = 120  # that training again to the step may take


def branch(run: Run, step: int, changes: dict[str, Any], orders: Sequence[Order] = ()) -> None:
    """Makes a branch at a step with live settings changed, gives it orders and looks at it.

    A run that was to end at that step may take as many steps again. A refusal is told on the page.
    """
    steps = run.config_at(step).train.steps
    more = {"train.steps": 2 * step} if PLAY in orders and steps is not None and step >= steps else {}
    new = catalogue.new_path(run.config.nearest_preset()[0])
    request = server.host().request(
        "explorer.runs.branch:branch",
        lane="slow",
        path=str(run.path),
        step=step,
        new=str(new),
        changes=more | changes,
    )
    try:
        request.answer.result(timeout=SECONDS)
        chosen.open_run(new.stem)
    except (ValueError, TimeoutError) as error:
        chosen.complain(f"no branch was made: {error}")
        return
    for kind, detail in orders:
        server.obeyed(server.host().order(new, kind, **detail))
    st.session_state.rerun = True
    what = "It goes on training." if PLAY in orders else "Turn a knob, then press play."
    st.toast(f"A branch at step {step}. {what} The run it came from stays under Runs.", icon=":material/fork_right:")
