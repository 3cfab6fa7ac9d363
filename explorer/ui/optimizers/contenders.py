"""Who races: the table of contenders, what they share, and the start of a race."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from explorer.charts import theme
from explorer.config.optimizers import OPTIMIZERS, UpdateRule, meanings, rule_named
from explorer.config.presets import ORDINARY, WORDS
from explorer.config.quoting import quoted
from explorer.config.run import RunConfig, from_word
from explorer.measure.names import number
from explorer.runs import race
from explorer.ui import cards, chosen, refusals, visit
from explorer.ui.pressing import pressed

AT_FIRST = ("sgd", "adamw", "muon")
FIRST = "reverse"  # the preset of the first race, where no run is looked at
STEPS = 400
OWN = "own"  # the choice to race what the run looked at is set to
ON_THIS = "Task, model, initial weights and batches are this run’s. Optimizer and learning rate differ."
MODES: dict[race.Mode, str] = {"lockstep": "in lockstep", "workers": "as workers"}
HELP = "In lockstep one core takes one step of each in turn; as workers each has a core, as far as there are some."
COLUMNS = ("optimizer", "learning rate", "other settings")


def usual(looked_at: RunConfig | None = None) -> dict[str, RunConfig]:
    """A race of optimizers at their usual step sizes, on the task and model of the run looked at.

    Without a run they race on reversing a sequence.
    """
    base = (looked_at or RunConfig.preset(FIRST)).replace({"train.steps": STEPS, "optimizer.warmup": 20})
    changes = [{"optimizer.name": name, "optimizer.lr": OPTIMIZERS[name].lr} for name in AT_FIRST]
    return race.named([base.replace(change) for change in changes])


def launch(configs: dict[str, RunConfig], mode: race.Mode = "lockstep", paused: bool = False) -> None:
    """Starts a race and looks at it; a refusal is shown on the page."""
    try:
        first = next(iter(configs.values()))
        chosen.begin_race(configs, f"{first.nearest_preset()[0]}-race", mode, paused)
        visit.state().rerun = True  # asked from within a page that follows another run
    except ValueError as error:
        refusals.keep(str(error))


def one_click(key: str, looked_at: RunConfig | None = None) -> None:
    """A race of three, for a visitor who has none: on the task of the run looked at."""
    first = "Race SGD, AdamW and Muon on “Reverse a sequence”"
    st.button(
        first if looked_at is None else "Race SGD, AdamW and Muon on this run’s task",
        key=key,
        type="primary",
        icon=":material/sports_score:",
        on_click=lambda: launch(usual(looked_at)),
        help=None if looked_at is None else ON_THIS,
    )


def planned(looked_at: RunConfig | None = None) -> None:
    """Who runs in the race of one click, how large their steps are, and what each costs."""
    configs = usual(looked_at)
    heads = ("Contender", "Learning rate", "Keeps of each weight", "Its steps")
    rows = []
    for index, config in enumerate(configs.values()):
        rule = OPTIMIZERS[config.optimizer.name]
        dot = f'<i style="background:{theme.layer(index)}"></i>'
        cells = (f"{dot}{escape(rule.title)}", number(config.optimizer.lr), kept(rule), escape(rule.meaning))
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = f'<table class="standings"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    st.html(f'<div class="wide">{body}</div>')


def kept(rule: UpdateRule) -> str:
    """What an optimizer keeps of each weight; of one that steps whole matrices, of theirs and of the rest."""
    symbols = ", ".join(one.symbol for one in rule.kept) or "nothing"
    if rule.rest is None:
        return symbols
    rest = ", ".join(one.symbol for one in OPTIMIZERS[rule.rest].all_kept) or "nothing"
    return f"{symbols} in matrices, {rest} elsewhere"


def offer() -> None:
    """The page before there is a run: a race in one click, one of one's own, or a single run."""
    one_click("race-here")
    planned()
    st.caption(f"Each takes {STEPS:,} steps from the same weights on the same batches, one core in turns.")
    form(None, "first-contenders")
    st.markdown("Or look at the loss surface of a single run. Pick something to learn:")
    cards.show()


def form(looked_at: RunConfig | None, key: str = "contenders", open_: bool = False) -> None:
    """A fold with the table of contenders; its button starts a race. own: of the run looked at, which can be raced.

    open_: it stands in a fold already.
    """
    title = "A new race: who runs, and on what"
    if open_:
        st.markdown(f"**{title}**")
    place = st.container() if open_ else st.expander(title, icon=":material/tune:")
    with place, st.form(key, border=False):
        left, middle, right, last = st.columns(4)
        titles = {} if looked_at is None else {OWN: "As this run"}
        titles |= {name: preset.title for name, preset in (ORDINARY | WORDS).items()}
        task = left.selectbox("Task", list(titles), format_func=titles.__getitem__, key=f"{key}-task")
        steps = middle.number_input("Steps", 10, 1_000_000, STEPS, key=f"{key}-steps")
        seeds = right.number_input("Seeds each, as a band", 1, 4, 1, key=f"{key}-seeds")
        mode: race.Mode = last.selectbox(
            "Trained", list(MODES), format_func=MODES.__getitem__, key=f"{key}-mode", help=HELP
        )
        table = st.data_editor(
            pd.DataFrame([(name, OPTIMIZERS[name].lr, "") for name in AT_FIRST], columns=COLUMNS),
            num_rows="dynamic",
            hide_index=True,
            key=f"{key}-table",
            column_config={
                "optimizer": st.column_config.SelectboxColumn(options=list(OPTIMIZERS), required=True, help=meanings()),
                "learning rate": st.column_config.NumberColumn(min_value=0.0, format="%g", help="empty: a usual one"),
                "other settings": st.column_config.TextColumn(
                    width="large",
                    help="Any knob of the run: train.batch=64 train.label_smoothing=0.1 optimizer.schedule=one-cycle",
                ),
            },
        )
        st.caption(
            "Other settings, apart by spaces: `train.batch=64` `optimizer.weight_decay=0.1` `model.dropout=0.1` "
            "`train.label_smoothing=0.1` `train.clip=none` `optimizer.schedule=one-cycle`. Up to eight runs in all. "
            "A task begins with 20 steps of warm-up."
        )
        with refusals.at("race-form"):
            look = {"type": "primary", "icon": ":material/sports_score:"}
            if pressed(st.form_submit_button, "Start the race", f"{key}-start", **look):
                base = looked_at if looked_at is not None and task == OWN else started(task, int(steps))
                start(base.replace({"train.steps": int(steps)}), int(seeds), mode, table)


def started(preset: str, steps: int) -> RunConfig:
    """A preset with a short warm-up."""
    return RunConfig.preset(preset).replace({"train.steps": steps, "optimizer.warmup": min(20, steps // 2)})


def start(base: RunConfig, seeds: int, mode: race.Mode, table: pd.DataFrame) -> None:
    """A race as the form says. ValueError says why not, and the present run stays."""
    launch(race.named(configured(base, seeds, table.to_dict("records"))), mode)
    refusals.draw_again()


def configured(base: RunConfig, seeds: int, rows: list[dict[Any, Any]]) -> list[RunConfig]:
    """The config of each row and seed. ValueError names what is wrong with which setting."""
    configs = []
    for row in rows:
        name, rate, words = (None if pd.isna(row[column]) else row[column] for column in COLUMNS)
        if name is None:
            raise ValueError("a contender has no optimizer; choose one in its row, or take the row out")
        changes: dict[str, Any] = {"optimizer.name": name}
        changes["optimizer.lr"] = rule_named(name).lr if rate is None else float(rate)
        for word in (words or "").split():
            path, equals, value = word.partition("=")
            if not equals:
                raise ValueError(f"“{quoted(word)}” is no setting; write it as train.batch=64")
            changes[path] = from_word(path, value)
        config = base.replace(changes)
        configs += [config.replace({"train.seed": config.train.seed + seed}) for seed in range(seeds)]
    return configs
