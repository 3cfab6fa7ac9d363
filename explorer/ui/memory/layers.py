"""The layer that Memory looks at, one for all of its sections."""

from __future__ import annotations

import streamlit as st

from explorer.ui.view import View


def choose(view: View) -> int:
    """The layer, counted from 0: the last at first. A model of one layer has nothing to choose."""
    layers: int = view.config.model.layers
    if layers == 1:
        return 0
    layer: int = st.segmented_control(
        "Layer",
        range(layers),
        default=layers - 1,
        key=f"memory-layer-{layers}",
        format_func=lambda at: str(at + 1),
        required=True,
        bind="query-params",
    )
    return layer
