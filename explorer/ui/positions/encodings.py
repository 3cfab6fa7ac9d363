"""See: an encoding itself, the products of its positions, and how alike positions are over distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.config import RunConfig
from explorer.measure import positions as measure
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.components.heat_map import Look, message, numbered
from explorer.ui.frame import cards
from explorer.ui.positions import words
from explorer.ui.positions.asked import EVERY, KINDS, SPOKEN, begin, heat, projector, worked_out
from explorer.ui.view import View

OWN = "run"
AS_IT_IS, ADDED = "as it is", "what training added"
LENGTHS, WIDTHS, HEADS = [16, 32, 64, 128, 256], [8, 16, 32, 64, 128], [1, 2, 4, 8]
BASE = 10_000  # as models/positions.py has it
BASES = [10, 100, 1000, 10_000, 100_000]
MOST = 8  # heads that are drawn
TALL, LOW = 380, 270  # pixels of a picture


def show(view: View | None) -> None:
    """The encoding that is chosen: the run's own at the step, or one by its formula."""
    name = choose(view)
    answer = own(view) if name == OWN and view is not None else None if name == "learned" else lecture(name)
    if name == "learned":
        unlearned()
    elif answer is not None:
        draw(name, view.run.id if name == OWN and view is not None else "", answer)
        picture.computed(words.COMPUTED, measure.waves, measure.along, title="How the products are computed")


def choose(view: View | None) -> str:
    """Which encoding; the run's own where there is a run."""
    names = dict(KINDS)
    if view is not None:
        names = {OWN: f"This run’s: {SPOKEN[view.config.transformer.positions]}"} | names
    return st.segmented_control(
        "Encoding",
        list(names),
        format_func=names.__getitem__,
        default=next(iter(names)) if view is not None else "sinusoidal",
        key="encoding-own" if view is not None else "encoding",
        required=True,
        persist_state="session",
    )


def own(view: View) -> Answer | None:
    """The run's own at the step; of an encoder and a decoder the one that is chosen."""
    sides = ["encoder", "decoder"] if view.config.model.kind == "encoder-decoder" else []
    stack = st.segmented_control("Of the", sides, default="decoder", key="encoding-of", required=True) if sides else ""
    answer = view.picture("positions.own", EVERY, stack=stack)
    if answer is None or "first" not in answer[1]:
        return answer
    shown = st.segmented_control(
        "The table", [AS_IT_IS, ADDED], default=AS_IT_IS, key="encoding-since", required=True, persist_state="session"
    )
    return changed(answer) if shown == ADDED else answer


def changed(answer: Answer) -> Answer:
    """Of a learned table what training has added to it so far; the numbers it began with are noise."""
    plain, arrays = answer
    change = arrays["table"].astype(np.float64) - arrays["first"]
    alike = measure.along(measure.cosines(change[: plain["trained"]]))
    found = {name: values[None] for name, values in alike.items()}
    return plain | {"change": True}, arrays | found | {"change": change, "products": measure.products(change)}


def lecture(kind: str) -> Answer:
    """An encoding by its formula, its knobs in the visitor's hand."""
    length, width, heads, base = 64, 64, 4, BASE
    with st.container(horizontal=True, key="encoding-knobs"):
        if kind != "none":
            length = knob("Positions", LENGTHS, 64)
        if kind in ("sinusoidal", "rotary"):
            width = knob("Channels" if kind == "sinusoidal" else "Channels of a head", WIDTHS, 64, kind)
            base = knob("Base of the wavelengths", BASES, BASE)
        if kind == "alibi":
            heads = knob("Heads", HEADS, 4)
    return worked_out(kind=kind, length=length, width=width, heads=heads, base=base)


def knob(name: str, values: list[int], at: int, of: str = "") -> int:
    """A number that the formula takes."""
    key = f"encoding-{name}-{of}"
    return st.select_slider(
        name, values, value=at, format_func=lambda n: f"{n:,}", key=key, width=220, persist_state="session"
    )


def unlearned() -> None:
    """What a learned table is, where there is none."""
    with cards("unlearned", 1)[0]:
        st.markdown(words.FORMULAS["learned"])
        st.button(
            "Train one: reverse a sequence",
            key="learn-positions",
            type="primary",
            icon=":material/play_arrow:",
            on_click=begin,
            args=(RunConfig.preset("reverse"),),
        )


def draw(name: str, run: str, answer: Answer) -> None:
    """Table or bias, products, similarity, formula and one true sentence. run: whose it is, "" for a formula."""
    plain, arrays = answer
    kind = plain["kind"]
    if kind == "none":
        with cards("no-encoding", 1)[0]:
            st.markdown(words.FORMULAS[kind])
            picture.look_for("encoding", words.sentence(answer))
        return
    shapes = tuple(a.shape for a in arrays.values())
    of = (name, run, kind, plain["stack"], plain["step"], plain.get("change"), plain["base"], shapes)
    places = cards("encoding", 1.25, 1) if kind != "alibi" else [*cards("bias", 1), *cards("biased", 1)]
    with places[0]:
        heat(lambda: itself(answer), "encoding-itself", of)
    with places[1]:
        heat(lambda: together(answer), "encoding-products", of)
    left, right = cards("alike", 1.2, 1)
    with left:
        unit = "factor e^bias" if kind == "alibi" else "cosine"
        picture.show(charts.alike, charts.frame(lines(answer)), "alike", unit=unit, signed=kind != "alibi")
    with right:
        st.markdown(words.FORMULAS[kind])
    picture.look_for("encoding", words.sentence(answer))


def itself(answer: Answer) -> bytes:
    """What is added, turned by, or added to the scores."""
    plain, arrays = answer
    if plain["kind"] == "alibi":
        bias = arrays["bias"]
        sides = numbered("query position", bias.shape[1]), numbered("key position", bias.shape[2])
        title, text = "What each head adds to its scores", "Bias of each head over query and key positions"
        look = Look(title, text, "bias", "signed", LOW, square=True, least=230)
        return message(by_head(bias, plain["slopes"]), *sides, look, projector())
    if plain["kind"] == "rotary":
        turns = arrays["angles"]
        panels = {"cos(t · θ)": np.cos(turns), "sin(t · θ)": np.sin(turns)}
        title, text = "What each channel pair is turned by", "Cosine and sine of the angle over positions and pairs"
        look = Look(title, text, "value", "signed", TALL, least=220)
        return message(panels, numbered("position", len(turns)), numbered("pair", turns.shape[1]), look, projector())
    table = arrays.get("change", arrays["table"])
    mark = (plain["trained"], "from here never trained") if 0 < plain["trained"] < len(table) else None
    where = f" · step {plain['step']}" if plain["step"] is not None else " · s = 1"
    what = "What training has added to the table" if "change" in arrays else "What is added to each embedding"
    title, text = f"{what}{where}", "The table of positions: rows are positions"
    look = Look(title, text, "value", "signed", TALL, mark=mark if plain["kind"] == "learned" else None)
    return message(
        {"": table}, numbered("position", len(table)), numbered("channel", table.shape[1]), look, projector()
    )


def together(answer: Answer) -> bytes:
    """The products of all positions; of ALiBi what it makes of equal scores."""
    plain, arrays = answer
    products = arrays["products"]
    if plain["kind"] == "alibi":
        sides = numbered("query position", products.shape[1]), numbered("key position", products.shape[2])
        title, text = "Attention where all scores are equal", "Attention of each head by its bias alone"
        look = Look(title, text, "attention", "probability", LOW, square=True, least=230)
        return message(by_head(products, plain["slopes"]), *sides, look, projector())
    side = numbered("position", len(products))
    learned = plain["kind"] == "learned" and 0 < plain["trained"] < len(products)
    mark = (plain["trained"], "never trained") if learned else None
    unit = "mean cosine of the turn" if plain["kind"] == "rotary" else "dot product"
    look = Look("Product of every two positions", f"{unit} of positions", unit, "signed", TALL, square=True, mark=mark)
    return message({"": products}, side, side, look, projector())


def by_head(matrices: np.ndarray, slopes: list[float]) -> dict[str, np.ndarray]:
    """A panel for each of the first heads."""
    return {
        f"head {h + 1} · slope {slope:.4g}": m
        for h, (m, slope) in enumerate(zip(matrices[:MOST], slopes[:MOST], strict=True))
    }


def lines(answer: Answer) -> list[list[dict[str, Any]]]:
    """Similarity over distance: a line for each head of ALiBi, one for anything else."""
    plain, arrays = answer
    x = np.arange(arrays["mean"].shape[1], dtype=float)
    alibi = plain["kind"] == "alibi"
    found = []
    for i, (mean, low, high) in enumerate(zip(arrays["mean"], arrays["low"], arrays["high"], strict=True)):
        series = (
            f"head {i + 1}" if alibi else "mean, least to most" if np.ptp(high - low) > 1e-6 else "every pair alike"
        )
        color = theme.head(i) if alibi else charts.encoding_color(plain["kind"])
        found.append(charts.line(x, mean, series, color, low, high))
    return found
