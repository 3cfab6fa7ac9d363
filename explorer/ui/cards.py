"""The preset cards: one click trains."""

from __future__ import annotations

import streamlit as st

from explorer.config import RunConfig
from explorer.preset import PRESETS
from explorer.ui import chosen, sitemap

ACROSS = 3


def show() -> None:
    """All presets as cards, and the visitor's own text."""
    names = list(PRESETS)
    for first in range(0, len(names), ACROSS):
        for column, name in zip(st.columns(ACROSS), names[first : first + ACROSS], strict=False):
            with column:
                card(name)


def card(name: str) -> None:
    """One preset: what it is, how long it takes, a button."""
    preset = PRESETS[name]
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{preset.title}**  \n{preset.description}")
        if st.button("Train", key=f"train-{name}", icon=":material/play_arrow:", type="primary"):
            launch(preset.config)
        st.caption(f"{preset.wait} to see it")


def launch(config: RunConfig) -> None:
    """Starts a run and goes to where it is seen."""
    try:
        chosen.begin(config)
    except ValueError as error:
        st.error(str(error), icon=":material/block:")
        return
    st.switch_page(sitemap.page("train"))


