"""The whole model, large: that of the run that is looked at, alive while it trains, or of the first card's."""

from __future__ import annotations

import streamlit as st

from explorer.config.presets import PRESETS
from explorer.ui import chosen, foreign, pressing
from explorer.ui.parts import model_map

SECONDS = 0.5  # between two pictures of a run that trains
HEIGHT = 96  # pixels, with the names of the parts


def show() -> None:
    """The map and the line below it, in a place that keeps its height."""
    run = chosen.run()
    trains = run is not None and run.status.state == "training"

    def draw() -> None:
        if run is None:
            name, preset = next(iter(PRESETS.items()))
            model_map.draw(preset.config.model, "model-map-start", "", height=HEIGHT, width=None, names=True)
            st.caption(
                f"The model of the first card ({name}), from the tokens to the loss. A click on a part opens it."
            )
            return
        step, levels = model_map.gradients(run)
        model_map.draw(run.config.model, "model-map-start", "", levels, height=HEIGHT, width=None, names=True)
        name = foreign.text(chosen.differences(run))
        of = f"The model of {name}."
        if levels:
            of = f"The model of {name} in step {step:,}: the darker a part, the larger its gradient."
        st.caption(f"{of} A click on a part opens it.")

    with st.container(key="whole-model"):
        pressing.live(draw, SECONDS if trains else None)
