"""Telling apart: held-out texts by their class and the answer, one text's answer, and where the class token looks."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.answers.records.reading.telling import Confusion, Mistake, Verdict
from explorer.charts import next_token as charts
from explorer.config.run import RunConfig
from explorer.measure.names import percent
from explorer.ui import picture, visit
from explorer.ui.components import strips
from explorer.ui.components.heat_map import Look, Side, heat_map
from explorer.ui.components.heat_map import message as map_message
from explorer.ui.components.strips import Strip
from explorer.ui.frame import cards
from explorer.ui.parts import length
from explorer.ui.parts.tables import table
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY, COUNTED_EVERY = 0.8, 4.0  # seconds between two answers while it trains
HEIGHT = 340
COMPUTED = r"""
The encoder reads `▣` and the text; the logits at `▣` are asked for one class, as at [CLS] in BERT (Devlin et al. 2019,
§4.1). The softmax is over all tokens, so those that are no class have some of the probability too. Whole territories,
or whole plays, are held out: none of their texts was trained on; of rated words a quarter
is, and other forms of these may be known. A row of the confusion matrix is the class of a text, a column the answer,
and a cell the share of the row. The **majority** always says the class that is most frequent among the texts trained
on. Where the setting `task.labels` is `shuffled`, the classes of the texts trained on were permuted once: the model
can only learn them by heart, and held-out texts come out no better than chance. A name that two of the languages share
is left out.
"""


def about(config: RunConfig) -> bool:
    """Whether a run tells texts apart."""
    return hasattr(config.task, "labels") and config.has("attention", "logits")


def show(view: View) -> None:
    """The confusion matrix beside one text, and the mistakes in the fold."""
    text = st.text_input(
        "Text",
        key="telling-text",
        placeholder="a held-out text; type another",
        label_visibility="collapsed",
        bind="query-params",
    )
    left, right = cards("telling", 1, 1)
    with right:
        one = view.picture(Verdict, EVERY, says=False, text=text or None) if length.fits(text) else None
        if one is None:
            picture.making(view.waiting, HEIGHT)
        else:
            draw(one)
    with left:
        counted = None if view.first else view.picture(Confusion, COUNTED_EVERY, lane="slow", says=False)
        if counted is None:
            picture.making(view.waiting or "computing…", HEIGHT)
            if view.first:
                view.waits.append("computing…")
        else:
            matrix(counted)
    picture.look_for("telling", sentence(view, one, counted))
    if counted is not None:
        mistakes = counted.mistakes
        picture.details(lambda: listed(mistakes))
    picture.computed(COMPUTED)


def matrix(answer: Confusion) -> None:
    """The shares of each row."""
    rows = answer.counts.sum(1, keepdims=True)
    shares = np.divide(answer.counts, rows, out=np.full_like(answer.counts, np.nan), where=rows > 0)
    look = Look(
        f"Held-out texts by class and answer · step {answer.step:,}",
        "A confusion matrix: rows are the classes of texts, columns the answers, cells shares of their row",
        "share of the row",
        "probability",
        HEIGHT,
        square=True,
        least=300,
    )
    sides = Side("it is", answer.classes), Side("answered", answer.classes)
    heat_map(map_message({"share of each row": shares}, *sides, look, visit.state().projector), key="confusion")


def draw(answer: Verdict) -> None:
    """The answer to one text as bars, and the class token's attention by layer, the mean of its heads."""
    frame = charts.frame(answer.classes, answer.p, "all others")
    picture.show(charts.bars, frame, "telling-bars", title="Which class is it?")
    layers = list(dict.fromkeys(path.rpartition(".")[0] for path in answer.heads))
    rows, tokens = [], [shown_token(token) for token in answer.tokens]
    for number, layer in enumerate(layers, 1):
        mean = answer.attention[[path.startswith(f"{layer}.") for path in answer.heads]].mean(0)
        rows.append(Strip(f"Layer {number}", "mean of its heads", tokens, mean))
    words = strips.message(
        "Where the class token ▣ looks", rows, "share of its attention", 0.5, "", projector=visit.state().projector
    )
    strips.strips(words, key="telling-strips")


def sentence(view: View, one: Verdict | None, counted: Confusion | None) -> str:
    """What is answered, and how often that is right."""
    words = ""
    if one is not None:
        best = int(one.p.argmax())
        answer, chance = one.classes[best], percent(float(one.p[best]))
        words = f"the answer is `{answer}`, with {chance} of the probability. "
        if one.right:
            words = f"the answer is `{answer}`, with {chance} of the probability; it is `{one.right}`. "
        if one.cut:
            words += f"The model reads the first {len(one.tokens) - 1} tokens of a text and leaves out {one.cut} more. "
    if counted is not None:
        words += f"Of {int(counted.counts.sum()):,} held-out texts {percent(counted.right)} are classified right; "
        words += f"always saying `{counted.most}` gets {percent(counted.majority)}. "
        if view.config.flat()["task.labels"] == "shuffled":
            words += f"The classes trained on were shuffled: of those {percent(counted.taught)} are known by heart."
        else:
            words += f"Of texts trained on {percent(counted.taught)} are right."
    return words or "the answer is being computed."


def listed(mistakes: list[Mistake]) -> None:
    """The surest mistakes."""
    if not mistakes:
        st.markdown("No held-out text was classified wrong.")
        return
    rows = [(one.text, one.right, one.answer, percent(one.p)) for one in mistakes]
    st.html(
        table(
            ["classified wrong, the surest first", "it is", "answered", "with"],
            rows,
            style="scores words",
            foreign=(0,),
        )
    )
