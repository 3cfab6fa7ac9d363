"""A new run with other settings that cannot change while one runs: the form that the sidebar opens."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.config.form import Setting, settings
from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.tasks.fields import TASKS
from explorer.ui import chosen, refusals, sitemap
from explorer.ui.pressing import pressed
from models.families import family_of, kind_of

ELSEWHERE = {
    *("optimizer.lr", "optimizer.weight_decay", "train.clip", "model.dropout"),  # the sidebar's knobs act at once
    *("task.name", "task.text"),  # chosen above the form, pasted on the first page
    *("optimizer.drawn", "train.device"),  # drawn on the Optimizers page; whatever this machine has
}
NEEDED = ("model.residual", "model.scale", "model.mask", "model.init")  # to be taken away from a model


@st.dialog("A new run with the same seed", width="large")
def form(config: RunConfig) -> None:
    """A form over what cannot change while it runs; its button starts a new run, the present one stays."""
    st.caption("The same seed draws the same initial weights, as far as their shapes agree.")
    tasks = learnable(config)
    name = st.selectbox(
        "Task",
        tasks,
        tasks.index(config.task.name),
        key="restart:task.name",
        format_func=lambda name: f"{TASKS[name].title}: {TASKS[name].target}",
    )
    base = on_task(config, name)
    others = "" if base is config else " Another task begins with settings of its own."
    st.caption(f"Such as {TASKS[name].sample}.{others}")
    made = [one for one in settings(base) if one.path not in ELSEWHERE and acts(one, base)]
    with st.form("restart", border=False):
        titles = ("Model", "", "Task and optimizer", "Training")
        columns = [column.container() for column in st.columns(len(titles))]
        for column, title in zip(columns, titles, strict=True):
            column.markdown(f"**{title}**" if title else "&nbsp;")
        taken = [one for one in made if one.path in NEEDED]
        if taken:
            away = any(base.get(one.path) != one.options[0] for one in taken)
            needed = iter(st.expander("Made to fail: take away what a model needs", away).columns(len(taken)))
        places = {"model": columns[0], "task": columns[2], "optimizer": columns[2], "train": columns[3]}
        key = "restart" if base is config else f"restart:{name}"  # fresh fields for another task
        changes: dict[str, Any] = {}
        for one in made:
            place = places[one.path.partition(".")[0]]
            if one.path.startswith("model.") and one.options:
                place = next(needed) if one.path in NEEDED else columns[1]
            changes[one.path] = field(place, one, base, key)
        with refusals.at("restart"):
            if pressed(st.form_submit_button, "Restart with these", "restart-pressed", type="primary"):
                start_again(base, changes)


def learnable(config: RunConfig) -> list[str]:
    """The tasks that need no text of the visitor's own, and that of the config."""
    free = [name for name, task in TASKS.items() if not any(f.is_required() for f in task.fields.model_fields.values())]
    return [name for name in TASKS if name in free or name == config.task.name]


def on_task(config: RunConfig, name: str) -> RunConfig:
    """The config for a task, with the same seed.

    Another task has the settings of the first preset on it, under which it is known to learn. A model that is of
    another family than the preset's, and has the parts that the task needs, stays as it is.
    """
    if name == config.task.name:
        return config
    of_preset = next((one.config for one in PRESETS.values() if one.config.task.name == name), RunConfig())
    fits = config.has(*TASKS[name].needs)
    if fits and (of_preset.task.name != name or family_of(of_preset.model.kind) != family_of(config.model.kind)):
        return config.replace({"task.name": name})
    return of_preset.replace({"task.name": name, "train.seed": config.train.seed})


def acts(one: Setting, config: RunConfig) -> bool:
    """Whether the config's model takes the setting into account."""
    kind = kind_of(config.model)
    if one.path == "train.precision":
        return len(family_of(config.model.kind).precisions) > 1
    if one.path == "train.label_smoothing":
        return kind.classes
    if one.path == "train.own_prefix":
        return config.reads_its_answer
    return one.path.removeprefix("model.") not in kind.ignores


def field(place: Any, one: Setting, config: RunConfig, key: str) -> Any:
    """The widget of a setting; gives what it shows."""
    value = config.get(one.path)
    look = {"key": f"{key}:{one.path}", "help": one.help or None}
    if one.options:
        words = dict(zip(one.options, one.words or one.options, strict=True))
        return place.selectbox(one.title, one.options, one.options.index(value), format_func=words.__getitem__, **look)
    number = "%d" if one.whole else "%g"
    return place.number_input(one.title, one.limit(one.low), one.limit(one.high), value, None, number, **look)


def start_again(config: RunConfig, changes: dict[str, Any]) -> None:
    """A new run with changed settings. ValueError says why not, and the present one goes on."""
    config = config.replace({path: value for path, value in changes.items() if value != config.get(path)})
    chosen.begin(config)
    sitemap.switch(sitemap.seen_on(config))
