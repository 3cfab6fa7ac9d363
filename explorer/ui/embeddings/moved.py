"""Who changed neighbours most since a chosen step: then and now, in the original space. K neighbours."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer.answers.records.embeddings import PointMap
from explorer.measure import projection
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.parts.map_captions import label, named, note
from explorer.ui.parts.map_choice import LATEST, Choice
from explorer.ui.parts.moving_map import points
from explorer.ui.view import View

ROWS, MORE = 5, 10  # points listed in sight, and in the fold
COMPUTED = (
    "Each point’s 8 nearest are found in the original space, not on the map, at the chosen step and at the one looked "
    "at, both from the exact weights of these steps. What is listed is the share of the 8 that are new. It does not "
    "depend on the method, its knobs or its seed."
)


def show(view: View, choice: Choice) -> None:
    """The points that changed most, or the chosen ones, with their neighbours then and now."""
    if (pair := points(view, choice)) is None:
        return
    answer, chosen = pair
    with cards("moved", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input(
                "Since step", 0, LATEST, key="map-since", width=150, bind="query-params", persist_state="session"
            )
            st.button(
                "Since this step",
                key="map-since-here",
                on_click=lambda: st.session_state.update({"map-since": view.step}),
            )
        if choice.since >= answer.step:
            st.caption(f"Choose a step before {answer.step:,}, the one looked at, to see what changed since.")
            return
        before = view.at(choice.since, "since").picture(
            PointMap, lane="maps", since=choice.since, **choice.arguments | {"method": "pca", "dims": 2}
        )
        if before is None:
            return
        rows = listed(answer, chosen)
        st.html(table(before, answer, rows[:ROWS]))
        picture.look_for("moved", sentence(choice, before, answer))
        if rows[ROWS:]:
            picture.details(lambda: st.html(table(before, answer, rows[ROWS:])))
    picture.computed(COMPUTED, projection.nearest, projection.changed)


def listed(answer: PointMap, chosen: list[int]) -> list[int]:
    """The chosen points, else those that changed most; of equals the frequent ones."""
    assert answer.moved is not None
    often = np.nan_to_num(answer.frequency)
    return chosen[: ROWS + MORE] or np.lexsort((-often, -answer.moved))[: ROWS + MORE].tolist()


def table(before: PointMap, after: PointMap, rows: list[int]) -> str:
    """A row a point; what is new stands out, what is lost is struck through. Labels are a visitor's: escaped."""
    then, now = before.neighbours, after.neighbours
    lines = []
    for i in rows:
        old, new = set(then[i].tolist()), set(now[i].tolist())
        was = "".join(token(before, j, "" if j in new else "gone") for j in then[i])
        are = "".join(token(after, j, "" if j in old else "new") for j in now[i])
        lines.append(
            f"<tr><th>{token(after, i, '')}</th><td>{was}</td><td>{are}</td>"
            f"<td>{len(new - old)} of {len(new)}</td></tr>"
        )
    steps = f"<th>nearest at step {before.step:,}</th><th>nearest at step {after.step:,}</th>"
    return f'<table class="neighbours"><thead><tr><th></th>{steps}<th>new</th></tr></thead>{"".join(lines)}</table>'


def token(answer: PointMap, i: int, kind: str) -> str:
    """A point as a small label."""
    words = note(answer, i)
    more = f"<i>{escape(words)}</i>" if words else ""
    return f'<span class="{kind}"><code>{escape(label(answer, i))}</code>{more}</span>'


def sentence(choice: Choice, before: PointMap, after: PointMap) -> str:
    """Who changed most, and how many kept all."""
    moved, K = after.moved, after.neighbours.shape[1]
    assert moved is not None
    most, kept = listed(after, [])[0], int((moved == 0).sum())
    return (
        f"{named(after, most)} changed most since step {before.step:,}: {moved[most] * K:.0f} of its {K} nearest are "
        f"new. {kept or 'None'} of {len(moved):,} kept all of theirs."
    )
