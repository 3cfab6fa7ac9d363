"""Who changed neighbours most since a chosen step: then and now, in the original space. K neighbours."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.measure import projection
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.embeddings.captions import named, noted
from explorer.ui.embeddings.choice import LATEST, Choice
from explorer.ui.frame import cards
from explorer.ui.view import View

ROWS = 10  # points listed
COMPUTED = (
    "Each point’s 8 nearest are found in the original space, not on the map, at the chosen step and at the one looked "
    "at, both from the exact weights of these steps. What is listed is the share of the 8 that are new. It does not "
    "depend on the method, its knobs or its seed."
)


def show(view: View, choice: Choice, answer: Answer, chosen: list[int]) -> None:
    """The points that changed most, or the chosen ones, with their neighbours then and now."""
    with cards("moved", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input("Since step", 0, LATEST, key="map-since", width=150, bind="query-params")
            st.button(
                "Since this step",
                key="map-since-here",
                on_click=lambda: st.session_state.update({"map-since": view.step}),
            )
        if choice.since >= answer[0]["step"]:
            st.caption(f"Choose a step before {answer[0]['step']}, the one looked at, to see what changed since.")
            return
        before = view.at(choice.since, "since").picture(
            "embeddings.frame", lane="maps", since=choice.since, **choice.asked | {"method": "pca", "dims": 2}
        )
        if before is None:
            return
        rows = listed(answer, chosen)
        before = noted(before)
        st.html(table(before, answer, rows))
        picture.look_for("moved", sentence(choice, before, answer))
    picture.computed(COMPUTED, projection.nearest, projection.changed)


def listed(answer: Answer, chosen: list[int]) -> list[int]:
    """The chosen points, else those that changed most; of equals the frequent ones."""
    moved, often = answer[1]["moved"], np.nan_to_num(answer[1]["frequency"])
    return chosen[:ROWS] or np.lexsort((-often, -moved))[:ROWS].tolist()


def table(before: Answer, after: Answer, rows: list[int]) -> str:
    """A row a point; what is new stands out, what is lost is struck through. Labels are a visitor's: escaped."""
    then, now = before[1]["neighbours"], after[1]["neighbours"]
    lines = []
    for i in rows:
        old, new = set(then[i].tolist()), set(now[i].tolist())
        was = "".join(token(before[0], j, "" if j in new else "gone") for j in then[i] if j >= 0)
        are = "".join(token(after[0], j, "" if j in old else "new") for j in now[i] if j >= 0)
        lines.append(
            f"<tr><th>{token(after[0], i, '')}</th><td>{was}</td><td>{are}</td>"
            f"<td>{len(new - old)} of {len(new)}</td></tr>"
        )
    steps = f"<th>nearest at step {before[0]['step']}</th><th>nearest at step {after[0]['step']}</th>"
    return f'<table class="neighbours"><thead><tr><th></th>{steps}<th>new</th></tr></thead>{"".join(lines)}</table>'


def token(plain: dict[str, Any], i: int, kind: str) -> str:
    """A point as a small label."""
    note = plain["notes"][i]
    more = f"<i>{escape(note)}</i>" if note else ""
    return f'<span class="{kind}"><code>{escape(plain["labels"][i])}</code>{more}</span>'


def sentence(choice: Choice, before: Answer, after: Answer) -> str:
    """Who changed most, and how many kept all."""
    plain, arrays = after
    moved, K = arrays["moved"], arrays["neighbours"].shape[1]
    most, kept = listed(after, [])[0], int((moved == 0).sum())
    return (
        f"between step {before[0]['step']} and step {plain['step']} {named(plain, most)} changed most: "
        f"{moved[most] * K:.0f} of its {K} nearest are new; {kept or 'none'} of {len(moved)} kept all of theirs."
    )
