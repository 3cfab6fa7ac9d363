"""A picture that is computed a part at a time: what there is is shown while the next part is asked for."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from explorer.runs.answer import Answer
from explorer.ui import server
from explorer.ui.view import View

PATIENCE = 0.08  # seconds that a part is waited for; the first one longer, so that it need not pop up
FIRST_PATIENCE = 0.5


def refined(view: View, function: str, step: int, doing: str, **arguments: Any) -> Answer | None:
    """The newest part of `module.function`, which takes `part`; plain tells done and of. None before the first.

    ValueError where it was refused.
    """
    parts = st.session_state.setdefault("surface-parts", {})
    key = (view.run.id, function, step, *sorted(arguments.items()))
    part, answer = parts.get(key, (0, None))
    while answer is None or answer[0]["done"] < answer[0]["of"]:
        request = server.pictures().ask(view.run, step, function, lane="slow", part=part, **arguments)
        found = server.answer_within(request, FIRST_PATIENCE if answer is None else PATIENCE)
        if found is None:
            whole = 0 if answer is None else 100 * answer[0]["done"] // answer[0]["of"]
            if answer is None and request.progress is not None:
                done, of = request.progress
                whole = 100 * done // of
            view.refines.append(f"{doing} · {whole} %")
            break
        part, answer = part + 1, found
        parts[key] = (part, answer)
    return answer


def renewed(view: View, function: str, step: int, every: float, of: object, **arguments: Any) -> Answer | None:
    """A picture whose arguments change all the time, asked for again every so many seconds; the last one meanwhile.

    of: what tells it from others, whose answers must not stand in.
    """
    kept = st.session_state.setdefault("surface-paths", {})
    state = kept.setdefault(
        (view.run.id, function, step, of), {"request": None, "when": 0.0, "told": None, "shown": None}
    )
    if state["told"] != arguments and (
        state["request"] is None or (state["request"].answer.done() and time.monotonic() - state["when"] >= every)
    ):
        state |= {"when": time.monotonic(), "told": arguments}
        state["request"] = server.pictures().ask(view.run, step, function, lane="slow", **arguments)
    found = server.answer_within(state["request"], PATIENCE)
    if found is None:
        view.refines.append("finding the paths’ places")
    else:
        state["shown"] = found
    return state["shown"]
