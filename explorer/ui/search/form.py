"""A new search: one click for those at hand, a form for any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.cluster.address import address
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.measure.names import plural
from explorer.search.search import Search, made
from explorer.ui import chosen, refusals, server
from explorer.ui.parts import searching, settings
from explorer.ui.parts.settings import SETTINGS, Choice, Range
from explorer.ui.pressing import pressed
from explorer.ui.search.samples import SAMPLES

THIS_RUN = "the run you looked at last"
SAMPLERS = {"tpe": "TPE", "random": "random", "grid": "grid"}
MEASUREMENTS = 20  # of a trial, about
WIDTHS = [1.3, 1, 1, 0.8]


def show(begun: Callable[[Path], None]) -> None:
    """The searches at hand, and the form. begun: is called with the path of the search that began."""
    for column, (name, sample) in zip(st.columns(len(SAMPLES)), SAMPLES.items(), strict=True):
        card = column.container(border=True, height="stretch", key=f"card-search-{name}")
        with card, refusals.at(f"search-{name}"):
            st.markdown(f"**{sample.title}**  \n:gray[{sample.question}]")
            if pressed(st.button, "Search", f"search-{name}", icon=":material/manage_search:", type="primary"):
                begin(sample.search().model_copy(update={"together": server.host().quota}), begun)
    another = st.expander("Another one: choose the settings, their ranges, the budget", icon=":material/tune:")
    with another, refusals.at("search-form"):
        form(begun)


def form(begun: Callable[[Path], None]) -> None:
    """What is searched, over what, how long."""
    left, right = st.columns([1, 2])
    run = chosen.run()
    bases = [*([THIS_RUN] if run is not None else []), *PRESETS]
    base = left.selectbox("Starting from", bases, format_func=lambda b: PRESETS[b].title if b in PRESETS else b)
    config = run.config if run is not None and base == THIS_RUN else PRESETS[base].config
    usual = ["optimizer.lr", "optimizer.name"]
    paths = right.multiselect(
        "Settings to search", list(SETTINGS), usual, format_func=lambda p: f"{settings.name_of(p)} ({p})"
    )
    rows = [row(path) for path in paths]
    first, second, third, fourth = st.columns(4)
    trials = first.number_input("Trials", 1, 2000, 20)
    steps = second.number_input("Steps of a trial, at most", 2, 1_000_000, 200)
    sampler = third.selectbox(
        "How to choose",
        list(SAMPLERS),
        format_func=SAMPLERS.__getitem__,
        help="TPE goes where earlier trials were good.",
    )
    seed = fourth.number_input("Seed of the search", 0, 2**31 - 1, 0)
    first, second = st.columns([1, 3], vertical_alignment="bottom")
    patience = first.number_input("Patience in steps", 0, 1_000_000, 0, help="0: a trial is never stopped early")
    prune = second.toggle(
        "Give up hopeless trials", True, help="Worse than the median of the finished ones at the same step."
    )
    every = max(1, int(steps) // MEASUREMENTS)
    words, button = st.columns([2, 1], vertical_alignment="center")
    words.caption(
        f"Measured every {every:,} step{plural(every)}. At most {int(trials) * int(steps):,} "
        f"step{plural(int(trials) * int(steps))} in all; "
        f"{server.host().quota} at once " + ("on the Ray cluster." if address() else "where nothing else trains.")
    )
    if pressed(button.button, "Begin the search", "search-begin", type="primary", icon=":material/manage_search:"):
        chosen_settings = {
            "trials": int(trials),
            "steps": int(steps),
            "every": every,
            "sampler": sampler,
            "seed": int(seed),
            "patience": int(patience),
            "prune": prune,
            "grace": int(steps) // 5,
            "together": server.host().quota,
        }
        begin(composed(config, rows, chosen_settings), begun)


def composed(config: RunConfig, rows: list[Callable[[], Any]], settings: dict[str, Any]) -> Search:
    """The search of a filled form. ValueError, one sentence, where something in it is refused."""
    knobs = [knob().model_dump() for knob in rows]
    return made({"config": config.plain(), "knobs": knobs} | settings)


def begin(search: Search, begun: Callable[[Path], None]) -> None:
    """Begins a search. ValueError says why it cannot be."""
    path = searching.begin(search)
    begun(path)


def row(path: str) -> Callable[[], Any]:
    """One setting's widgets; gives what makes its knob, or says what is wrong with the words in them."""
    usual = SETTINGS[path]
    name, first, second, third = st.columns(WIDTHS, vertical_alignment="bottom")
    name.markdown(f"**{settings.name_of(path)}**  \n:gray[{path}]")
    if isinstance(usual, Choice):
        with st.container(key=f"values-{path.replace('.', '-')}"):
            values = st.multiselect(
                f"Values of {path}",
                usual.options,
                usual.usual,
                format_func=settings.word,
                accept_new_options=usual.free,
                key=f"values:{path}",
                label_visibility="collapsed",
            )
        return lambda: settings.chosen(path, values)
    assert isinstance(usual, Range)
    low = first.text_input("from", settings.word(usual.low), key=f"low:{path}")
    high = second.text_input("to", settings.word(usual.high), key=f"high:{path}")
    log = third.toggle("log scale", usual.log, key=f"log:{path}")
    return lambda: settings.ranged(path, low, high, log)
