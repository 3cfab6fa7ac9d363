"""What every page says of a run that fails on purpose: that it does, why, and where it shows."""

from __future__ import annotations

import streamlit as st

from explorer.config import presets
from explorer.config.presets import Broken
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import sitemap, visit


def show(run: Run) -> None:
    """One line and the way to where it shows; nothing of a run that is meant to learn, or is cured."""
    broken = broken_of(run)
    if broken is None:
        return
    title, icon = sitemap.TITLES[broken.page]
    with st.container(horizontal=True, vertical_alignment="center", key="on-purpose"):
        st.markdown(f":material/heart_broken: {sentence(broken)}", width="stretch")
        if visit.state().page != broken.page:
            st.page_link(sitemap.page(broken.page), label=f"See it on {title}", icon=f":material/{icon}:")
        if visit.state().page != "gradients" and broken.page != "gradients":
            st.page_link(sitemap.page("gradients"), label="Diagnosis and cure", icon=":material/healing:")


def broken_of(run: Run) -> Broken | None:
    """The preset by which a run fails, until its cure is in force; None in a race, where it stands beside others."""
    if race_of(run) is not None:
        return None
    broken = presets.broken_of(run.config)
    if broken is None:
        return None
    now = run.config_at(run.last)
    return broken if any(now.get(path) != value for path, value in broken.cure.items()) else None


def sentence(broken: Broken) -> str:
    """That it fails on purpose, and where to look."""
    return f"**This run fails on purpose** ({broken.title}). Look at {broken.look_at}."
