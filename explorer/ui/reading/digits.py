"""Pictures as tokens: the word that is written for a digit, where each letter looks, and all held-out ones counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.answers.records.reading.digits import Readings, Written
from explorer.config.run import RunConfig
from explorer.measure.names import head_name, percent
from explorer.ui import held, picture, visit
from explorer.ui.components import tiles
from explorer.ui.components.heat_map import Look, Side, heat_map
from explorer.ui.components.heat_map import message as map_message
from explorer.ui.frame import cards
from explorer.ui.parts import steered
from explorer.ui.parts.tables import table
from explorer.ui.view import View

EVERY, COUNTED_EVERY = 0.8, 3.0  # seconds between two answers while it trains
HEIGHT, SHADES, LISTED = 320, 2, 40
MEAN = "mean of all heads"
COMPUTED = r"""
A picture of 8 × 8 pixels is cut into 16 patches of 2 × 2 (after Dosovitskiy et al. 2021, §3.1). Each pixel has one
of three shades, so each patch is one of 81 tokens; the encoder reads 16 of them with their positions, and the
decoder writes the word, each time the likeliest letter, which it reads again. The blue on a tile is $A =
\mathrm{softmax}(QK^\top/\sqrt{D})$ of the cross-attention from the place where that letter is written; a tile's
patches sum to 1. A word counts as right if all its letters are. Where the setting `task.patches` is `shuffled`, the
patches of each picture stand in an order of its own, which is how it is drawn: the ink is there, its place is not.
"""


def about(config: RunConfig) -> bool:
    """Whether a run reads pictures."""
    return hasattr(config.task, "patches") and config.has("cross-attention", "logits")


def show(view: View) -> None:
    """The tiles of one picture over the confusion matrix of all."""
    which, whose = st.columns([1, 2], vertical_alignment="bottom")
    number = which.number_input(  # without limits, within which the browser alone, and in its own words, would keep it
        "Picture", value=None, step=1, key="digit-picture", placeholder="one that is held out", bind="query-params"
    )
    left, right = cards("digit", 1.15, 1)
    with left:  # where it is refused, the reason stands in the picture's place
        one = view.picture(Written, EVERY, says=False, picture=number)
    if one is not None:
        head = choose_head(whose, one.heads)
    with left:
        if one is None:
            picture.making(view.waiting, HEIGHT)
        else:
            draw(one, one.heads.index(head) if head else -1)
    counted = None if view.first else view.picture(Readings, COUNTED_EVERY, lane="slow", says=False)
    with right:
        if counted is None:
            picture.making(view.waiting or "computing…", HEIGHT)
            if view.first:
                view.waits.append("computing…")
        else:
            matrix(counted)
    picture.look_for("digits", sentence(view, one, counted))
    if counted is not None:
        wrong = counted.wrong[:LISTED]
        picture.details(lambda: listed(wrong))
    picture.computed(COMPUTED)


@dataclass
class Looking:
    """The head whose attention a visit looks at; "" is the mean of all."""

    head: str = ""


def choose_head(place: DeltaGenerator, heads: list[str]) -> str:
    """The head that is looked at; "" for the mean of all."""
    looking = visit.kept(Looking)

    def read(word: str) -> str:
        if word not in heads:
            raise ValueError("this model has no such head")
        return word

    held.holds("digit-head", looking, "head", read)
    label, options = "Head of the cross-attention", ["", *heads]
    with place:
        return str(
            steered.choice(
                label,
                options,
                looking,
                "head",
                "digit-head",
                format_func=lambda head: head_name(head) if head else MEAN,
            )
        )


def draw(answer: Written, head: int) -> None:
    """A tile a letter. head: −1 for the mean of all."""
    attention = answer.attention.mean(0) if head < 0 else answer.attention[head]
    notes = [percent(float(p)) for p in answer.p]
    foot = f"Picture {answer.picture} of {answer.pictures:,}. The stronger the blue, the more the letter looks there."
    words = tiles.message(
        f"Where each letter looks while it is written · step {answer.step:,}",
        answer.shades,
        SHADES,
        answer.letters,
        notes,
        attention,
        foot,
        visit.state().projector,
    )
    tiles.tiles(words, key="digit-tiles")


def matrix(answer: Readings) -> None:
    """The shares of each digit's pictures by the word that is written."""
    rows = answer.counts.sum(1, keepdims=True)
    shares = np.divide(answer.counts, rows, out=np.full_like(answer.counts, np.nan), where=rows > 0)
    look = Look(
        f"Held-out pictures by digit and word · step {answer.step:,}",
        "A confusion matrix: rows are digits, columns the words written for them, cells shares of their row",
        "share of the row",
        "probability",
        HEIGHT,
        square=True,
        least=300,
    )
    sides = Side("it is", answer.words[:-1]), Side("written", answer.words)
    heat_map(map_message({"share of each row": shares}, *sides, look, visit.state().projector), key="digits-confusion")


def sentence(view: View, one: Written | None, counted: Readings | None) -> str:
    """What is written, and how many words are right."""
    words = ""
    if one is not None:
        written = "".join(letter for letter in one.letters if letter.isalpha())
        words = (
            f"for this {one.right} it writes “{written}”. " if written else f"for this {one.right} it writes nothing. "
        )
    if counted is not None:
        words += f"Of {int(counted.counts.sum()):,} held-out pictures {percent(counted.right)} get the right word. "
        most = float(counted.counts.sum(1).max() / counted.counts.sum())
        words += f"Always writing the same word gets {percent(most)} at most."
        if view.config.flat()["task.patches"] == "shuffled":
            words += " The patches of each picture are shuffled."
    return words.strip() or "the word is being written."


def listed(wrong: list[tuple[int, str]]) -> None:
    """The pictures that were read wrong; their numbers can be typed above."""
    if not wrong:
        st.markdown("No held-out picture was read wrong.")
        return
    rows = [(f"picture {number}", written or "–") for number, written in wrong]
    st.html(table(["read wrong", "written"], rows, style="scores words", foreign=(1,)))
