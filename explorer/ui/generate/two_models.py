"""Two models: a small one drafts, this one accepts or replaces, and the text is drawn as from this one alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.writing import Saving, Speculation
from explorer.config.run import RunConfig
from explorer.measure import speculative
from explorer.measure.names import fixed, percent, plural
from explorer.runs import catalogue
from explorer.runs.run import Run
from explorer.ui import chosen, frame, picture, refusals, server, visit
from explorer.ui.components import drafted
from explorer.ui.frame import cards
from explorer.ui.generate.stages_strip import Sampler, drawn_with
from explorer.ui.pressing import pressed
from explorer.ui.view import View
from models.families import CACHE, kind_of

EVERY, SELDOM = 2.0, 20.0  # seconds between two texts, and between two measurements, while it trains
MOST = 8  # tokens drafted at once
LOOKED_AT = 24  # runs on this machine that are looked through for a draft
COMPUTED = r"""
The draft writes $k$ tokens, each with its probability $q$; one pass of this model gives its own $p$ at all $k$ places
and the one behind them. A drafted token $x$ is accepted with probability $\min(1, p(x) / q(x))$. In place of the first
that is rejected one is drawn from $(p - q)_+ / \sum (p - q)_+$, and what was drafted behind it is thrown away. So $x$
is written with probability $\min(p, q) + (p - q)_+ = p$, whatever the draft is: the speed alone depends on it
(Leviathan, Kalman & Matias 2023; Chen et al. 2023). The stages of “Next token” act on both models alike.

A draft is accepted with probability $\sum \min(p, q)$. If that were the same $\alpha$ at every place, a pass would
write $(1 - \alpha^{k+1}) / (1 - \alpha)$ tokens. With a draft whose token costs the share $c$ of a pass writing would
be $(1 - \alpha^{k+1}) / ((1 - \alpha)(kc + 1))$ times as fast. Both ways use caches and take turns on this machine, six
texts each. After a rejected token the caches go back to before it. Texts end where the shorter context is full.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """The choice of a draft, the text with its arithmetic, and what it saves."""
    if not frame.has(view, CACHE):
        return
    with cards("two-models", 1)[0]:
        drafts = fitting(view)
        if not drafts:
            nobody(view)
            return
        left, right = st.columns([5, 3], vertical_alignment="bottom")
        names = {run.id: f"{chosen.differences(run)} · step {step_of(run):,}" for run in drafts}
        name = left.selectbox("Drafted by", list(names), key=f"draft-of:{view.run.id}", format_func=names.__getitem__)
        k = right.slider("Tokens drafted each time", 1, MOST, 4, key="drafted-tokens", bind="query-params")
        draft = next(run for run in drafts if run.id == name)
        pair: dict[str, Any] = {"draft": str(draft.path), "at": step_of(draft), "k": k, **given}
        settings = drawn_with(visit.kept(Sampler))
        del settings["forced"]
        answer = view.picture(Speculation, EVERY, **pair, **settings)
        if answer is None:
            return
        title = f"What it writes with a draft · step {answer.step:,}"
        drawing = drafted.message(title, answer, "" if view.about.writes else " ", visit.state().projector)
        drafted.drafted(drawing, key="drafted")
        waits = len(view.waits)
        saving = view.picture(Saving, SELDOM, lane="slow", says=False, **pair)
        if saving is not None or len(view.waits) > waits:  # else it was refused, and the reason stands there
            picture.figures(figures(saving))
            picture.look_for("two-models", sentence(answer, saving))
    picture.computed(COMPUTED, speculative.check, speculative.residual, title="How a draft is checked")


def fitting(view: View) -> list[Run]:
    """The runs on this machine that learn the same task, and so read the same tokens; the smallest model first."""
    reads = kind_of(view.config.model).reads
    runs = {run.id: run for run in [*chosen.opened_runs(), *newest()]}
    return sorted(
        (
            run
            for run in runs.values()
            if run.id != view.run.id
            and run.config.task == view.config.task
            and run.config.has("logits", CACHE)
            and kind_of(run.config.model).reads == reads
            and run.newest_snapshot() > 0
        ),
        key=lambda run: run.config.model.width,
    )


def newest() -> Iterator[Run]:
    """The runs that were written last."""
    for path in catalogue.newest(LOOKED_AT):
        with suppress(ValueError):  # its own page says what is wrong with it
            yield server.opened(str(path))


def step_of(draft: Run) -> int:
    """The step at which a run drafts: its newest, and while it trains anew whenever its steps have doubled."""
    key, newest_step = f"draft-step:{draft.id}", draft.newest_snapshot()
    before = st.session_state.get(key, 0)
    if draft.status.state != "training" or newest_step >= 2 * before:
        st.session_state[key] = newest_step
    return int(st.session_state[key])


def nobody(view: View) -> None:
    """Says that no run can draft, and offers to train one."""
    st.markdown(
        "**Speculative decoding**: a small model drafts a few tokens, and this one checks all of them in one pass. The "
        "text is drawn exactly as from this model alone, but in fewer passes."
    )
    if any(run.config.task == view.config.task for run in chosen.opened_runs()):
        st.caption("The small model has just begun to train. It drafts as soon as its first weights are kept.")
        return
    st.caption("No other run here learns the same task, so none has the same tokens to draft with.")
    small = smaller(view.config)
    layers = f", {small.model.layers} layer" if "layers" in settings_of(small) else ""
    with refusals.at("train-draft"):
        if pressed(
            st.button,
            f"Train a small model to draft: width {small.model.width}{layers}",
            "train-draft",
            type="primary",
            icon=":material/play_arrow:",
            help="It trains beside this run, which stays on the screen. It is then among your runs.",
        ):
            train(small)


def smaller(config: RunConfig) -> RunConfig:
    """The same task and training for a model of half the width and one layer."""
    half = max(16, config.model.width // 2)
    changes: dict[str, Any] = {"model.width": half}
    settings = settings_of(config)
    if "layers" in settings:
        changes["model.layers"] = 1
    if "heads" in settings:
        changes["model.heads"] = math.gcd(config.model.heads, half // 8) or 1
    return config.replace(changes)


def settings_of(config: RunConfig) -> set[str]:
    """The names of the settings of its model."""
    return {field.name for field in fields(config.model)}


def train(config: RunConfig) -> None:
    """Begins a run that goes on while another is looked at. ValueError where there is no room for it."""
    chosen.room()
    path = server.start(config, f"{config.nearest_preset()[0]}-draft")
    chosen.made(path)
    visit.state().opened[path.stem] = None
    server.watchers().keep(server.session().id, str(path))
    st.toast("The small model trains beside this run.", icon=":material/play_arrow:")
    st.rerun(scope="fragment")


def figures(saving: Saving | None) -> dict[str, str]:
    """What was measured, in a row; dashes until it is there."""
    names = ("drafts accepted", "tokens a pass", "expected by α", "time a token with it", "without", "times as fast")
    if saving is None:
        return dict.fromkeys(names, "–")
    expected, times = speculative.tokens_per_pass(alpha(saving), saving.k), saving.plain / saving.drafted
    with_draft, plain = (1e3 * float(np.median(each)) for each in (saving.drafted, saving.plain))
    numbers = (
        percent(alpha(saving)),
        fixed(saving.written / saving.passes, 2),
        fixed(expected, 2),
        f"{fixed(with_draft, 2)} ms",
        f"{fixed(plain, 2)} ms",
        f"{fixed(float(times.min()), 2)} to {fixed(float(times.max()), 2)}",
    )
    return dict(zip(names, numbers, strict=True))


def alpha(saving: Saving) -> float:
    """The share of drafted tokens that were accepted, of those that were looked at."""
    return saving.accepted / max(1, saving.checked)


def sentence(answer: Speculation, saving: Saving | None) -> str:
    """What the draft brings, and why it is worth its time or not."""
    passes = int(answer.passes[-1]) + 1 if len(answer.passes) else 0
    said = (
        f"{len(answer.numbers):,} token{plural(len(answer.numbers))} {'was' if len(answer.numbers) == 1 else 'were'} "
        f"written in {passes} pass{'' if passes == 1 else 'es'} of this model."
    )
    if saving is None:
        return f"{said} What the draft saves is being measured."
    middle = float(np.median(saving.plain / saving.drafted))
    accepted, cost = percent(alpha(saving)), fixed(saving.cost, 2)
    said = f"{said} By the overlap of both, {percent(saving.overlap)} of drafts are to be accepted; {accepted} were."
    if middle > 1:
        return f"{said} A token of the draft takes {cost} of a pass, and writing is {fixed(middle, 2)} times as fast."
    return (
        f"{said} A token of the draft takes {cost} of a pass, and writing is {fixed(middle, 2)} times as fast: a draft "
        "pays where this model is far larger."
    )
