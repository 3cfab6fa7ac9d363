"""What every page says of a run that fails: that it diverged, or fails on purpose, why, and where it shows."""

from __future__ import annotations

import streamlit as st

from explorer.config import presets
from explorer.config.presets import Broken
from explorer.measure.names import spoken
from explorer.runs.race import race_of
from explorer.runs.run import Run
from explorer.ui import foreign, sitemap, visit


def show(run: Run) -> bool:
    """What it says and the way to where it shows; False, and nothing, of a run that learns, or is cured."""
    broken, diverged = broken_of(run), has_diverged(run)
    if broken is None and not diverged:
        return False
    here = visit.state().page
    icon = "error" if broken is None else "heart_broken"
    says = after(run.status.reason, here) if broken is None else sentence(broken, here, diverged)
    with st.container(horizontal=True, vertical_alignment="center", key="on-purpose"):
        st.markdown(f":material/{icon}: {says}", width="stretch")
        with st.container(key="on-purpose-ways", width="content"):
            if broken is not None and here != broken.page:
                title, icon = sitemap.TITLES[broken.page]
                st.page_link(sitemap.page(broken.page), label=f"See it on {title}", icon=f":material/{icon}:")
            if here != "gradients" and (broken is None or broken.page != "gradients"):
                label = "Diagnosis and cure" if not diverged else "NaN autopsy"
                st.page_link(sitemap.page("gradients"), label=label, icon=":material/healing:")
    return True


def has_diverged(run: Run) -> bool:
    """Whether training met a value that is not finite."""
    return run.status.state == "diverged"


def broken_of(run: Run) -> Broken | None:
    """The preset by which a run fails, until its cure is in force; None in a race, where it stands beside others."""
    if race_of(run) is not None:
        return None
    broken = presets.broken_of(run.config)
    if broken is None:
        return None
    now = run.config_at(run.last)
    return broken if any(now.get(path) != value for path, value in broken.cure.items()) else None


def sentence(broken: Broken, here: str | None, diverged: bool = False) -> str:
    """That it fails on purpose, and where to look if that is here."""
    says = f"**This run fails on purpose** ({broken.title})"
    if diverged:
        says = f"**This run fails on purpose** ({broken.title}) and diverged"
        return f"{says}. The autopsy finds where." if here == "gradients" else f"{says}."
    return f"{says}. Look at {broken.look_at}." if here in (broken.page, "gradients") else f"{says}."


def after(reason: str, here: str | None) -> str:
    """That it diverged, on what, and where that is looked into if that is here."""
    says = f"**This run diverged**: {foreign.text(spoken(reason))}."
    return f"{says} The autopsy finds where." if here == "gradients" else says
