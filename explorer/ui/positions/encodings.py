"""See: an encoding itself, the products of its positions, and how alike positions are over distance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.positions import Encoding, Lecture, RunEncoding
from explorer.answers.records.record import parts
from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.config.encodings import ENCODINGS
from explorer.config.run import RunConfig
from explorer.measure import positions as measure
from explorer.ui import held, picture, visit
from explorer.ui.asking import at_once
from explorer.ui.components.heat_map import Look, message, numbered
from explorer.ui.frame import cards
from explorer.ui.parts.steered import present, steered
from explorer.ui.positions import common, words
from explorer.ui.positions.common import EVERY, begin, heat
from explorer.ui.view import View
from models.families import kind_of

OWN = "run"
BY_FORMULA = next(kind for kind, encoding in ENCODINGS.items() if encoding.waves)
AS_IT_IS, ADDED = "as it is", "what training added"
LENGTHS, WIDTHS, HEADS = [16, 32, 64, 128, 256], [8, 16, 32, 64, 128], [1, 2, 4, 8]
BASE = 10_000  # as models/positions.py has it
BASES = [10, 100, 1000, 10_000, 100_000]
MOST = 8  # heads that are drawn
TALL, LOW = 316, 166  # pixels of a picture, of a row of heads
SMALL = 140  # pixels in which a head's square still shows how steep it is: two stand in a row of a small window
FEW = 4  # heads that two rows show; more need a third, and all fit the same screen


def show(view: View | None) -> None:
    """The encoding that is chosen: the run's own at the step, or one by its formula."""
    name = choose(view)
    answer: Encoding | None = None
    if name == OWN and view is not None:
        answer = of_run(view)
    elif not learned(name):
        answer = lecture(name)
    if learned(name):
        unlearned(name)
    elif answer is not None:
        draw(name, view.run.id if name == OWN and view is not None else "", answer)
        picture.computed(words.COMPUTED, measure.waves, measure.along, title="How the products are computed")


def learned(name: str) -> bool:
    """Whether an encoding has no numbers without a run."""
    return name != OWN and ENCODINGS[name].learned


@dataclass
class Opening:
    """Which encoding is shown of a run without having been chosen; "" before."""

    HANDED_ON = True  # to a branch

    name: str = ""


@dataclass
class Choice:
    """The encoding that this visitor chose beside a run; "" before."""

    name: str = ""


def choose(view: View | None) -> str:
    """Which encoding: the one that was chosen, before that the run's own if it shows something."""
    names = {kind: encoding.title for kind, encoding in ENCODINGS.items()}
    if view is None:
        return st.segmented_control(
            "Encoding",
            list(names),
            format_func=names.__getitem__,
            default=BY_FORMULA,
            key="encoding",
            required=True,
            bind="query-params",
        )
    names = {OWN: f"This run’s: {ENCODINGS[view.config.model.positions].spoken}"} | names
    held.holds("order-own", visit.kept(Choice), "name")
    name = visit.kept(Choice).name
    name = name if name in names else opened(view)
    key = steered("encoding-own", name)

    def keep() -> None:
        if present("encoding-own", key):
            visit.kept(Choice).name = st.session_state[key]

    return st.segmented_control(
        "Encoding", list(names), format_func=names.__getitem__, default=name, key=key, required=True, on_change=keep
    )


def opened(view: View) -> str:
    """What is shown before a visitor chooses: decided when the page is opened, and then the same.

    No encoding shows nothing, and a learned table is noise until neighbours are more alike than others: then it is
    the one by its formula.
    """
    opening, encoding = visit.kept(Opening, view.run.id), ENCODINGS[view.config.model.positions]
    if view.first:
        opening.name = ""
    if not opening.name and not encoding.learned:
        opening.name = BY_FORMULA if encoding.acts == "nothing" else OWN
    if not opening.name:
        answer = view.picture(RunEncoding, EVERY, says=False, stack=stacks(view)[-1])
        if answer is not None and answer.table is not None:
            opening.name = OWN if measure.in_order(answer.table[: answer.trained]) else BY_FORMULA
    return opening.name or BY_FORMULA


def stacks(view: View) -> list[str]:
    """The stacks that have an encoding of their own; "" where there is one."""
    return [stack.rstrip(".") for stack in kind_of(view.config.model).stacks]


def of_run(view: View) -> RunEncoding | None:
    """The run's own at the step; of an encoder and a decoder the one that is chosen."""
    sides = stacks(view)
    stack = sides[-1]
    if stack:
        stack = st.segmented_control(
            "Of the", sides, default=stack, key="encoding-of", bind="query-params", required=True
        )
    answer = view.picture(RunEncoding, EVERY, stack=stack)
    if answer is None or answer.first is None:
        return answer
    shown = st.segmented_control(
        "The table", [AS_IT_IS, ADDED], default=AS_IT_IS, key="encoding-since", required=True, bind="query-params"
    )
    return changed(answer) if shown == ADDED else answer


def changed(answer: RunEncoding) -> RunEncoding:
    """Of a learned table what training has added to it so far; the numbers it began with are noise."""
    assert answer.table is not None
    assert answer.first is not None
    change = answer.table.astype(np.float64) - answer.first
    alike = measure.along(measure.cosines(change[: answer.trained]))
    mean, low, high = (alike[name][None] for name in ("mean", "low", "high"))
    return replace(answer, change=change, products=measure.products(change), mean=mean, low=low, high=high)


def lecture(kind: str) -> Lecture:
    """An encoding by its formula, its knobs in the visitor's hand."""
    length, width, heads, base, encoding = 64, 64, 4, BASE, ENCODINGS[kind]
    with st.container(horizontal=True, key="encoding-knobs"):
        if encoding.acts != "nothing":
            length = knob("Positions", LENGTHS, 64)
        if encoding.acts in ("table", "turns"):
            width = knob("Channels" if encoding.acts == "table" else "Channels of a head", WIDTHS, 64, kind)
        if encoding.waves:
            base = knob("Base of the wavelengths", BASES, BASE)
        if encoding.acts == "biases":
            heads = knob("Heads", HEADS, 4)
    return at_once(Lecture, kind=kind, length=length, width=width, heads=heads, base=base)


def knob(name: str, values: list[int], at: int, of: str = "") -> int:
    """A number that the formula takes."""
    key = f"encoding-{name}-{of}".lower().replace(" ", "-").rstrip("-")
    return st.select_slider(
        name, values, value=at, format_func=lambda n: f"{n:,}", key=key, width=220, bind="query-params"
    )


def unlearned(kind: str) -> None:
    """What a learned table is, where there is none."""
    with cards("unlearned", 1)[0]:
        st.markdown(ENCODINGS[kind].text)
        st.button(
            "Train one: reverse a sequence",
            key="learn-positions",
            type="primary",
            icon=":material/play_arrow:",
            on_click=begin,
            args=(RunConfig.preset("reverse").replace({"model.positions": kind}),),
        )


def draw(name: str, run: str, answer: Encoding) -> None:
    """Table or bias, products, similarity, formula and one true sentence. run: whose it is, "" for a formula."""
    kind, encoding = answer.kind, ENCODINGS[answer.kind]
    if encoding.acts == "nothing":
        with cards("no-encoding", 1)[0]:
            st.markdown(encoding.text)
            picture.look_for("encoding", words.sentence(answer))
        return
    shapes = tuple(a.shape for a in parts(answer)[1].values())
    of = (name, run, kind, answer.stack, answer.step, answer.change is not None, answer.base, shapes)
    places = cards("encoding", 1 if encoding.acts == "biases" else 1.25, 1)
    with places[0]:
        heat(lambda: itself(answer), "encoding-itself", of)
    with places[1]:
        heat(lambda: together(answer), "encoding-products", of)
    picture.look_for("encoding", words.sentence(answer))
    picture.details(lambda: alike(answer))


def alike(answer: Encoding) -> None:
    """Similarity over distance, and what the encoding is in words."""
    encoding = ENCODINGS[answer.kind]
    biases = encoding.acts == "biases"
    left, right = cards("alike", 1.2, 1)
    with left:
        unit = "factor e^bias" if biases else "cosine"
        picture.show(charts.alike, charts.frame(lines(answer)), "alike", unit=unit, signed=not biases)
    with right:
        st.markdown(encoding.text)


def itself(answer: Encoding) -> bytes:
    """What is added, turned by, or added to the scores."""
    encoding = ENCODINGS[answer.kind]
    if encoding.acts == "biases":
        bias = answer.bias
        assert bias is not None
        sides = numbered("query position", bias.shape[1]), numbered("key position", bias.shape[2])
        title, text = "What each head adds to its scores", "Bias of each head over query and key positions"
        look = Look(title, text, "bias", "signed", low(bias), square=True, least=SMALL)
        return message(by_head(bias, answer.slopes), *sides, look, visit.state().projector)
    if encoding.acts == "turns":
        turns = answer.angles
        assert turns is not None
        panels = {"cos(t · θ)": np.cos(turns), "sin(t · θ)": np.sin(turns)}
        title, text = "What each channel pair is turned by", "Cosine and sine of the angle over positions and pairs"
        look = Look(title, text, "value", "signed", TALL, least=220)
        return message(
            panels, numbered("position", len(turns)), numbered("pair", turns.shape[1]), look, visit.state().projector
        )
    table = answer.table if answer.change is None else answer.change
    assert table is not None
    mark = (answer.trained, "from here never trained") if 0 < answer.trained < len(table) else None
    where = f" · step {answer.step:,}" if answer.step is not None else " · s = 1"
    what = "What training has added to the table" if answer.change is not None else "What is added to each embedding"
    title, text = f"{what}{where}", "The table of positions: rows are positions"
    look = Look(title, text, "value", "signed", TALL, mark=mark if encoding.learned else None)
    return message(
        {"": table},
        numbered("position", len(table)),
        numbered("channel", table.shape[1]),
        look,
        visit.state().projector,
    )


def together(answer: Encoding) -> bytes:
    """The products of all positions; of ALiBi what it makes of equal scores."""
    products, encoding = answer.products, ENCODINGS[answer.kind]
    assert products is not None
    if encoding.acts == "biases":
        sides = numbered("query position", products.shape[1]), numbered("key position", products.shape[2])
        title, text = "Attention where all scores are equal", "Attention of each head by its bias alone"
        look = Look(title, text, "attention", "probability", low(products), square=True, least=SMALL)
        return message(by_head(products, answer.slopes), *sides, look, visit.state().projector)
    side = numbered("position", len(products))
    learned = encoding.learned and 0 < answer.trained < len(products)
    mark = (answer.trained, "never trained") if learned else None
    unit = "mean cosine of the turn" if encoding.acts == "turns" else "dot product"
    look = Look("Product of every two positions", f"{unit} of positions", unit, "signed", TALL, square=True, mark=mark)
    return message({"": products}, side, side, look, visit.state().projector)


def low(matrices: np.ndarray) -> int:
    """Pixels of a row of heads."""
    return LOW if len(matrices) <= FEW else LOW * 2 // 3


def by_head(matrices: np.ndarray, slopes: list[float] | None) -> dict[str, np.ndarray]:
    """A panel for each of the first heads."""
    slope = ["" if slopes is None else f" · slope {slopes[h]:.4g}" for h in range(len(matrices))]
    return {f"head {h + 1}{slope[h]}": matrix for h, matrix in enumerate(matrices[:MOST])}


def lines(answer: Encoding) -> list[list[dict[str, Any]]]:
    """Similarity over distance: a line for each head where heads have a bias, one for anything else."""
    assert answer.mean is not None
    assert answer.low is not None
    assert answer.high is not None
    x = np.arange(answer.mean.shape[1], dtype=float)
    biases = ENCODINGS[answer.kind].acts == "biases"
    curves = []
    for i, (mean, low, high) in enumerate(zip(answer.mean, answer.low, answer.high, strict=True)):
        series = (
            f"head {i + 1}" if biases else "mean, least to most" if np.ptp(high - low) > 1e-6 else "every pair alike"
        )
        color = theme.head(i) if biases else common.color(answer.kind)
        curves.append(charts.line(x, mean, series, color, low, high))
    return curves
