"""Gradients: how learning flows backwards, at true magnitude."""

import streamlit as st

from explorer.ui import frame, on_purpose
from explorer.ui.gradients import autopsy, backward, batch, diagnosis, highways, instruments, microscope
from explorer.ui.parts import weight
from explorer.ui.sections import Sections
from explorer.ui.view import View

SECTIONS = Sections(
    "gradients",
    {
        "Map": microscope.show,
        "Diagnosis": diagnosis.show,
        "Highways": highways.show,
        "Backpropagation": backward.show,
        "One weight": weight.show,
        "Instruments": instruments.show,
        "Which batch": batch.show,
        "NaN autopsy": autopsy.show,
    },
    {
        "Highways": ("residual stream", "attention heads"),
        "Backpropagation": ("residual stream", "attention heads", "MLP"),
    },
)


FED_SECONDS = 1.0  # between two drawings of the page, where the feed brings what moves


def draw(view: View) -> None:
    """The section that is chosen."""
    first = "Diagnosis" if on_purpose.broken_of(view.run) else ""
    if on_purpose.has_diverged(view.run):
        first = "NaN autopsy"
    title = SECTIONS.choose(first=first)
    if not view.run.tensors or not view.last:
        busy = frame.is_busy(view.run)
        words = "The first step is being trained." if busy else "No step is trained yet: press play, or single step."
        st.info(words, icon=":material/hourglass_empty:")
        return
    if SECTIONS.has(title, view):
        SECTIONS.show(title, view)


def fed() -> float:
    """Seconds between two drawings of the page: fewer where the feed brings the map."""
    return FED_SECONDS if SECTIONS.chosen() == "Map" and microscope.moves() else 0


frame.watch(
    "Gradients",
    "See learning flow backwards: how strongly each weight is pulled, and how far it moves.",
    draw,
    needs=("logits",),
    fed=fed,
    calm=lambda: True,
)
