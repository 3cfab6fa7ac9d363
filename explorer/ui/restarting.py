"""A new run with other settings that cannot change while one runs: the form that the sidebar opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import streamlit as st

from explorer.config import OptimizerName, PrecisionName, RunConfig, ScheduleName
from explorer.settings import family
from explorer.ui import chosen, sitemap
from models.config import Activation, Init, Kind, Mask, NormPlace, PositionKind, Residual, Scale, WordKind

WITHOUT = {  # choices that models need, to be taken away: field -> label, options, each in words
    "residual": ("Skip paths", get_args(Residual), {"add": "added to the stream", "none": "none: outputs replace it"}),
    "scale": ("Scores", get_args(Scale), {"sqrt": "divided by √D", "none": "not divided"}),
    "mask": ("Causal mask", get_args(Mask), {"causal": "the future is hidden", "none": "none: it may cheat"}),
    "init": ("Initial weights", get_args(Init), {"gpt2": "GPT-2’s", "large": "ten times those"}),
}

THINNING = ("task.subsample", "Task: thin words above", 1e-6, 1.0)
AMOUNTS = {  # kind of word vectors -> its numbers that are not whole: path, label, least, most
    "skip-gram": (THINNING,),
    "cbow": (THINNING,),
    "glove": (("model.x_max", "Full weight from x", 0.1, 1000.0), ("model.alpha", "Exponent of the weight", 0.0, 1.0)),
}


@st.dialog("A new run with the same seed", width="large")
def form(config: RunConfig) -> None:
    """A form over what cannot change while it runs; its button starts a new run, the present one stays."""
    st.caption("The same seed draws the same initial weights, as far as their shapes agree.")
    with st.form("restart", border=False):
        changes: dict[str, Any] = {}
        columns = st.columns(4)

        def choice(column: Any, path: str, label: str, options: tuple[Any, ...], words: Any = str) -> None:
            chosen_now = options.index(config.get(path))
            name = f"restart:{path}"
            changes[path] = column.selectbox(label, options, chosen_now, key=name, format_func=words)

        def number(column: int, path: str, label: str, low: int, high: int) -> None:
            changes[path] = columns[column].number_input(label, low, high, config.get(path), key=f"restart:{path}")

        transformer = family(config.model) == "transformer"
        number(0, "model.width", "Width", 2, 1024)
        choice(columns[1], "model.kind", "Kind", get_args(Kind if transformer else WordKind))
        if transformer:
            number(0, "model.layers", "Layers", 1, 24)
            number(0, "model.heads", "Heads", 1, 32)
            number(0, "model.context", "Context", 4, 1024)
            choice(columns[1], "model.positions", "Positions", get_args(PositionKind))
            choice(columns[1], "model.norm", "LayerNorm", get_args(NormPlace))
            choice(columns[1], "model.activation", "Activation", get_args(Activation))
        choice(columns[2], "optimizer.name", "Optimizer", get_args(OptimizerName))
        choice(columns[2], "optimizer.schedule", "Schedule", get_args(ScheduleName))
        number(2, "optimizer.warmup", "Warm-up steps", 0, 100_000)
        if transformer:
            choice(columns[2], "train.precision", "Precision", get_args(PrecisionName))
        number(3, "train.batch", "Batch", 1, 1024)
        number(3, "train.accumulate", "Batches a step", 1, 64)
        number(3, "train.steps", "Steps", 1, 10_000_000)
        number(3, "train.seed", "Seed", 0, 2**31 - 1)
        sizes = [name for name, value in config.task.model_dump().items() if isinstance(value, int)]
        for index, name in enumerate(sizes):
            number(index % 4, f"task.{name}", f"Task: {name.replace('_', ' ')}", 1, 10_000)
        if transformer:
            without(config, choice)
        else:
            for column, (path, label, low, high) in zip(columns, AMOUNTS[config.model.kind], strict=False):
                name = f"restart:{path}"
                changes[path] = column.number_input(label, low, high, config.get(path), None, "%g", key=name)
        if st.form_submit_button("Restart with these", type="primary"):
            start_again(config, changes)


def without(config: RunConfig, choice: Callable[..., None]) -> None:
    """What a Transformer needs, to be taken away."""
    taken_away = any(config.get(f"model.{name}") != options[0] for name, (_, options, _) in WITHOUT.items())
    with st.expander("Made to fail: take away what a Transformer needs", expanded=taken_away):
        for column, (name, (label, options, words)) in zip(st.columns(4), WITHOUT.items(), strict=True):
            choice(column, f"model.{name}", label, options, words.__getitem__)


def start_again(config: RunConfig, changes: dict[str, Any]) -> None:
    """A new run with changed settings; a refusal keeps the present one going."""
    try:
        chosen.begin(config.replace({p: v for p, v in changes.items() if v != config.get(p)}))
    except ValueError as error:
        st.error(str(error), icon=":material/block:")
        return
    st.switch_page(sitemap.page(sitemap.seen_on(config)))
