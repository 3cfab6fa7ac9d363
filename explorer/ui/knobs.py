"""The sidebar: knobs that act on the running training, and a way to those that need a restart."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.config.presets import PRESETS
from explorer.config.run import RunConfig
from explorer.measure.names import head_name
from explorer.runs.run import Run
from explorer.ui import branching, chosen, refusals, restarting, visit
from explorer.ui.parts import in_pytorch
from explorer.ui.pressing import pressed

RATES = [float(f"{m}e{e}") for e in range(-5, 0) for m in (1, 2, 3, 5)] + [1.0]  # 3 · 0.1 is not 0.3
CLIPS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
DECAYS = [0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
DROPOUTS = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5]
NO_CLIP = "off"
SETTLING_SECONDS = 2.0
RESTART = ":material/restart_alt: :orange[needs a restart, same seed]"
LIVE = ":material/bolt: :green[acts now, no reset]"


@dataclass
class Knobs:
    """What the sidebar keeps of a run.

    turns: how often a slider was replaced.   moved: when one was turned last.   seen: the newest change from elsewhere
    that is shown.   switched: the heads that are off and those that are frozen, as they are drawn.   ordered: the value
    that was ordered last, by setting.
    """

    turns: dict[str, int] = field(default_factory=dict)
    moved: float = -math.inf
    seen: int = 0
    switched: tuple[set[str], set[str]] | None = None
    ordered: dict[str, Any] = field(default_factory=dict)


def show() -> None:
    """The knobs of the run looked at; nothing without a run."""
    if run := chosen.run():
        of_run(run)


@st.fragment
def of_run(run: Run) -> None:
    """The knobs of a run. A turn of one draws them alone anew; the feed or the next tick of the page shows the rest."""
    refusals.tick()
    if not chosen.looked_at(run) or visit.state().draws_all():
        refusals.draw_again()
    another_preset(run)
    config = run.config_at(run.last)
    follow_changes(run)
    live(run)
    with st.popover("More that acts now", width="stretch"):
        slide(run, "optimizer.weight_decay", "Weight decay", DECAYS, config)
        if config.has("dropout"):
            slide(run, "model.dropout", "Dropout", DROPOUTS, config)
        if config.has("attention heads"):
            heads(run)
    if pressed(st.button, "Model, task, optimizer …", "restart-button", width="stretch"):
        restarting.form(run.config)
    if pressed(st.button, "Show me the PyTorch", "pytorch-button", width="stretch", type="tertiary"):
        in_pytorch.dialog(run)
    st.caption(RESTART)


def another_preset(run: Run) -> None:
    """Which preset this is, and a way to another."""
    names = list(PRESETS)
    st.selectbox(
        "Preset",
        names,
        index=names.index(run.config.nearest_preset()[0]),
        format_func=lambda name: PRESETS[name].title,
        key=key(run, "preset"),
        on_change=lambda: start_preset(run, st.session_state[key(run, "preset")]),
        help="Another one starts a new run; this one stays under Runs.",
    )


def start_preset(run: Run, name: str) -> None:
    """Starts a preset, asked for on the page of a run; a refusal is shown on the page."""
    if not chosen.looked_at(run):
        return
    try:
        chosen.begin(PRESETS[name].config)
    except ValueError as error:
        refusals.keep(str(error))
        visit.state().rerun = True  # the page shows it, not the sidebar


@st.fragment
def live(run: Run) -> None:
    """The two knobs that lecturers turn most: a turn of one draws these two alone anew."""
    refusals.tick()
    if not chosen.looked_at(run):
        refusals.draw_again()
    config = run.config_at(run.last)
    slide(run, "optimizer.lr", "Learning rate", RATES, config)
    slide(run, "train.clip", "Clip gradients at", [*CLIPS, NO_CLIP], config)
    st.caption(LIVE)


def key(run: Run, path: str) -> str:
    """A knob's place in the session state."""
    return f"{run.id}:{path}"


def slider_key(run: Run, path: str) -> str:
    """The key of the slider that is there now; each change that came from elsewhere makes a new one."""
    turn = visit.kept(Knobs, run.id).turns.get(path)
    return key(run, f"{path}:{turn}" if turn else path)


def behind(run: Run) -> bool:
    """True if the sidebar shows what is no longer so: an order that took its time, or another visit's."""
    before = visit.kept(Knobs, run.id).switched
    return bool(elsewhere(run)) or (before is not None and before != switched(run))


def follow_changes(run: Run) -> None:
    """Knobs follow what another visit, or the command line, changed."""
    for path in elsewhere(run):
        # not by its state: a message under way would bring the old value back, as an order to the run
        turns = visit.kept(Knobs, run.id).turns
        turns[path] = turns.get(path, 0) + 1


def elsewhere(run: Run) -> list[str]:
    """The settings whose sliders show something else than what holds; none while a knob is being turned."""
    newest = max((e.id for e in run.events if e.kind == "set"), default=0)
    knobs = visit.kept(Knobs, run.id)
    if time.monotonic() - knobs.moved < SETTLING_SECONDS or knobs.seen == newest:
        return []  # while a knob is being turned its own orders are still under way
    values = run.config_at(run.last).flat()
    shown = {path: st.session_state.get(slider_key(run, path)) for path in values}
    changed = [
        path
        for path, value in values.items()
        if shown[path] is not None and shown[path] != (NO_CLIP if value is None else value)
    ]
    if not changed:
        knobs.seen = newest
    return changed


def slide(run: Run, path: str, label: str, options: list[Any], config: RunConfig) -> None:
    """A slider over fixed values whose every move is an order to the running training.

    Its value is its default too: a browser that is slow may draw it without the order to move it there,
    and would send its default back as if somebody had turned it.
    """
    value = config.get(path)
    value = NO_CLIP if value is None else value
    name = slider_key(run, path)
    shown = st.session_state.get(name, value)
    present = {value, shown} - {NO_CLIP}
    written = {f"{v:g}" for v in present}  # two values that look alike on a slider would be taken for one another
    numbers = sorted({o for o in options if o != NO_CLIP and f"{o:g}" not in written} | present)

    def send() -> None:
        of = branching.meant(run)
        if of is None or name != slider_key(run, path):  # a slow browser tells of a slider that is gone
            return
        chosen_value, knobs = st.session_state[name], visit.kept(Knobs, of.id)
        wanted, now = None if chosen_value == NO_CLIP else chosen_value, time.monotonic()
        settled = now - knobs.moved >= SETTLING_SECONDS or path not in knobs.ordered
        if wanted == (of.config_at(of.last).get(path) if settled else knobs.ordered[path]):
            return  # a browser tells of a new slider once more where nobody turned it: that is no event of the run
        knobs.moved, knobs.ordered[path] = now, wanted
        branching.order(of, "set", **{path: wanted})

    words = {NO_CLIP: NO_CLIP}
    st.select_slider(
        label,
        [*numbers, *([NO_CLIP] if NO_CLIP in options else [])],
        value=shown,
        key=name,
        format_func=lambda v: words.get(v) or f"{v:g}",
        on_change=send,
    )


def heads(run: Run) -> None:
    """Switch a head off and on, freeze it, start it afresh."""
    model = run.config.model
    names = [f"{path}.{h}" for path in model.attentions for h in range(model.heads)]
    head = st.selectbox("Head", names, format_func=head_name, key=key(run, "head"))
    off, frozen = visit.kept(Knobs, run.id).switched = switched(run)
    columns = st.columns(3, gap="xxsmall")
    choices = [
        ("restore", "On") if head in off else ("ablate", "Off"),
        ("unfreeze", "Thaw") if head in frozen else ("freeze", "Freeze"),
        ("reset", "Reset"),
    ]
    help_ = {
        "ablate": "Its output becomes zero.",
        "restore": "Its output counts again.",
        "freeze": "Its weights stay as they are.",
        "unfreeze": "Its weights learn again.",
        "reset": "Its weights start afresh.",
    }
    for column, (kind, label) in zip(columns, choices, strict=True):
        column.button(
            label,
            key=key(run, f"head-{kind}"),
            help=help_[kind],
            width="stretch",
            on_click=switch,
            args=(run, kind, head),
        )


def switch(run: Run, kind: str, head: str) -> None:
    """Sends an order about a head before the page is drawn, so that the buttons say what is now."""
    branching.order(run, kind, head=head)


def switched(run: Run) -> tuple[set[str], set[str]]:
    """The heads that are off, and those that are frozen, as the events leave them."""
    off: set[str] = set()
    frozen: set[str] = set()
    for event in run.events:
        head = event.detail.get("head", "")
        {"ablate": off.add, "restore": off.discard, "freeze": frozen.add, "unfreeze": frozen.discard}.get(
            event.kind, lambda _: None
        )(head)
    return off, frozen
