"""Gradients: how learning flows backwards, at true magnitude."""

import streamlit as st

from explorer.ui import frame, picture
from explorer.ui.gradients import autopsy, backward, diagnosis, highways, instruments, microscope, norms, weight
from explorer.ui.view import View

SECTIONS = {
    "Highways": highways.show,
    "Backpropagation": backward.show,
    "One weight": weight.show,
    "Instruments": instruments.show,
    "NaN autopsy": autopsy.show,
}


def draw(view: View) -> None:
    """The page at a step."""
    if not view.run.tensors or not view.last:
        st.info("The first step is being trained.", icon=":material/hourglass_empty:")
        return
    if view.status.state == "diverged":
        st.warning(f"This run diverged: {view.status.reason}. The autopsy below finds where.", icon=":material/error:")
    microscope.show(view)
    if view.first:
        return  # the map first; the rest a quarter of a second later
    diagnosis.show(view)
    norms.show(view)
    picture.computed(norms.FORMULAS, title="How the norms are computed")
    first = "NaN autopsy" if view.status.state == "diverged" else "Highways"
    name = st.segmented_control(
        "Look closer", list(SECTIONS), default=first, key="inside", required=True, bind="query-params"
    )
    SECTIONS[name](view)


frame.watch(
    "Gradients",
    "See learning flow backwards: how strongly each weight is pulled, and how far it moves.",
    draw,
)
