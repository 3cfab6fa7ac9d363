"""Which input the attention page looks at: the probe, another sample of the task, or the visitor's own text."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.ui.view import View

PROBE, SAMPLE, OWN = "probe", "another sample", "own text"
LAST_SAMPLE = 9999


def row() -> Any:
    """The row that the choice stands in."""
    return st.container(horizontal=True, vertical_alignment="center", key="inputs")


def choose(view: View, says: bool = True) -> dict[str, Any]:
    """The arguments that views take for the chosen input; {} is the probe. says: with a word on what the probe is.

    Switching keeps the number and the text that were typed.
    """
    if st.session_state.get("input-kind", PROBE) not in (PROBE, SAMPLE, OWN):  # a scene's, of another version
        del st.session_state["input-kind"]
    kind = st.segmented_control(
        "Input",
        [PROBE, SAMPLE, OWN],
        default=PROBE,
        key="input-kind",
        label_visibility="collapsed",
        required=True,
        bind="query-params",
    )
    if kind == SAMPLE:
        number = st.number_input(
            "Sample",
            0,
            LAST_SAMPLE,
            key="input-sample",
            label_visibility="collapsed",
            width=130,
            bind="query-params",
        )
        return {"sample": int(number)}
    if kind == OWN:
        text = st.text_input(
            "Own text",
            key="input-text",
            label_visibility="collapsed",
            placeholder=f"such as {view.about.sample.split(' → ')[0]}",
            bind="query-params",
        )
        return {"text": text} if text else {}
    if says:
        st.caption("the same example at every step, of every run of this task")
    return {}
