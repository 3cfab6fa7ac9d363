"""A map of up to 2,000 contextual states, made on demand. N points."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.answers.records.embeddings import LargePointMap
from explorer.ui import picture, visit
from explorer.ui.components.point_map import message, point_map
from explorer.ui.frame import cards
from explorer.ui.parts.map_captions import sentence
from explorer.ui.parts.map_choice import Choice
from explorer.ui.parts.moving_map import frame, size
from explorer.ui.pressing import pressed
from explorer.ui.view import View
from models.families import kind_of

COMPUTED = (
    "The states of the residual stream after the chosen layer, at the asked positions of many examples of the task "
    "that are the same at every step of every run, thinned evenly to at most 2,000, in the weights of the step where "
    "the button was pressed. The method and the knobs are those of the live map. It is made in the process that "
    "makes all maps, so the live map rests meanwhile."
)


@dataclass
class LargeMapRequest:
    """The step at which the map of a run was asked for."""

    step: int | None = None


def show(view: View, choice: Choice) -> None:
    """The button, its progress, the map."""
    request = visit.kept(LargeMapRequest, view.run.id)
    with cards("big", 1)[0]:
        with st.container(horizontal=True, vertical_alignment="center"):
            label = f"Map 2,000 states at step {view.step:,}"
            if pressed(st.button, label, "map-big", icon=":material/bubble_chart:"):
                request.step = view.step
            st.caption("some seconds of work; the live map rests meanwhile")
        if request.step is None:
            return
        there = view.at(request.step, "big")
        what = choice.what if choice.what.endswith("states") else f"{kind_of(view.run.config.model).stacks[-1]}states"
        layer = choice.layer if choice.what == what else view.run.config.model.layers
        arguments = choice.arguments | {"what": what, "head": "", "layer": layer}
        answer = there.picture(LargePointMap, lane="maps", doing="mapping {of} parts", **arguments)
        if answer is None:
            return
        of = Choice(
            **{**vars(choice), "what": what, "layer": layer, "head": "", "since": request.step, "trails": False}
        )
        data = message(frame(there, of, answer), [], *size(100))
        point_map(data, key="big-map", on_chosen=lambda points: None)
        picture.look_for("big", sentence(of, answer))
    picture.computed(COMPUTED)
