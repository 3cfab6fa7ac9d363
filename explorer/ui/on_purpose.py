"""What every page says of a run that fails on purpose: that it does, why, and where it shows."""

from __future__ import annotations

import streamlit as st

from explorer.config import presets
from explorer.config.presets import Broken
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import sitemap, visit


def show(run: Run) -> bool:
    """What it says and the way to where it shows; False, and nothing, of a run that is meant to learn, or is cured."""
    broken = broken_of(run)
    if broken is None:
        return False
    here, title, icon = visit.state().page, *sitemap.TITLES[broken.page]
    with st.container(horizontal=True, vertical_alignment="center", key="on-purpose"):
        st.markdown(f":material/heart_broken: {sentence(broken, here)}", width="stretch")
        with st.container(key="on-purpose-ways", width="content"):
            if here != broken.page:
                st.page_link(sitemap.page(broken.page), label=f"See it on {title}", icon=f":material/{icon}:")
            if "gradients" not in (here, broken.page):
                st.page_link(sitemap.page("gradients"), label="Diagnosis and cure", icon=":material/healing:")
    return True


def broken_of(run: Run) -> Broken | None:
    """The preset by which a run fails, until its cure is in force; None in a race, where it stands beside others."""
    if race_of(run) is not None:
        return None
    broken = presets.broken_of(run.config)
    if broken is None:
        return None
    now = run.config_at(run.last)
    return broken if any(now.get(path) != value for path, value in broken.cure.items()) else None


def sentence(broken: Broken, here: str | None) -> str:
    """That it fails on purpose, and where to look if that is here."""
    says = f"**This run fails on purpose** ({broken.title})."
    return f"{says} Look at {broken.look_at}." if here in (broken.page, "gradients") else says
