"""The form of the race for memory: how many steps and seeds, and how it begins."""

from __future__ import annotations

import streamlit as st

from explorer.config.memory_race import RACERS, SEEDS, STEM, STEPS, configs
from explorer.measure.names import number
from explorer.ui import chosen, refusals, visit


def valleys() -> str:
    """The lowest point of each racer's valley, in words."""
    lowest = [
        f"{name} {number(racer.lr)} of {number(min(racer.valley))} to {number(max(racer.valley))}"
        for name, racer in RACERS.items()
    ]
    return ", ".join(lowest)


def launch(steps: int, seeds: int, first: int) -> None:
    """Starts the race and looks at the first; a refusal is shown on the page."""
    try:
        chosen.begin_race(configs(steps, seeds, first), STEM)
        visit.state().rerun = True
    except ValueError as error:
        refusals.keep(str(error))


def form() -> None:
    """Steps and seeds, and the button."""
    left, middle, right, last = st.columns([1, 1, 1, 1.3], vertical_alignment="bottom")
    steps = left.number_input("Steps", 10, 100_000, STEPS, key="memory-steps")
    seeds = middle.number_input("Seeds each", 1, SEEDS, 1, key="memory-seeds")
    first = right.number_input("First seed", 0, 2**31 - 2, 0, key="memory-seed")
    last.button(
        "Race the four",
        key="memory-race",
        type="primary",
        icon=":material/sports_score:",
        width="stretch",
        on_click=launch,
        args=(int(steps), int(seeds), int(first)),
    )
    st.caption(
        "Two symbols, up to 64 blanks, and the symbols once more. All four have 13,900 numbers to learn, "
        "within 1 %, and the same batches; each has the learning rate at which it learns best. Five seeds take "
        "five times as long and show how much is chance."
    )
