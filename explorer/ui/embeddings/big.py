"""A map of up to 2,000 contextual states, made on demand. N points."""

from __future__ import annotations

import streamlit as st

from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.components.point_map import message, point_map
from explorer.ui.embeddings.captions import noted, sentence
from explorer.ui.embeddings.choice import Choice, stacks_of
from explorer.ui.embeddings.live import frame, size
from explorer.ui.frame import cards
from explorer.ui.view import View

COMPUTED = (
    "The states of the residual stream after the chosen layer, at the asked positions of many examples of the task "
    "that are the same at every step of every run, thinned evenly to at most 2,000, in the weights of the step where "
    "the button was pressed. The method and the knobs are those of the live map. It is made in the process that "
    "makes all maps, so the live map rests meanwhile."
)


def show(view: View, choice: Choice, answer: Answer, chosen: list[int]) -> None:
    """The button, its progress, the map."""
    asked: dict[str, int] = st.session_state.setdefault("big-maps", {})
    with cards("big", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(f"Map 2,000 states at step {view.step:,}", key="map-big", icon=":material/bubble_chart:"):
                asked[view.run.id] = view.step
            st.caption("some seconds of work; the live map rests meanwhile")
        step = asked.get(view.run.id)
        if step is None:
            return
        there = view.at(step, "big")
        what = choice.what if choice.what.endswith("states") else f"{stacks_of(view.run.config)[-1]}states"
        layer = choice.layer if choice.what == what else view.run.config.transformer.layers
        own = choice.asked | {"what": what, "head": "", "layer": layer}
        found = there.picture("embeddings.big", lane="maps", doing="mapping {of} parts", **own)
        if found is None:
            return
        of = Choice(**{**vars(choice), "what": what, "layer": layer, "head": "", "since": step, "trails": False})
        found = noted(found)
        told = message(frame(there, of, found), [], *size(100))
        point_map(told, key="big-map", on_chosen=lambda points: None)
        picture.look_for("big", sentence(of, found))
    picture.computed(COMPUTED)
