"""Find a cell: a span of tokens, what tells it from the text around it, and the cells that follow that elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer.answers.records.recurrence import Cells, Found, Since
from explorer.measure import following, names
from explorer.measure.following import Follower
from explorer.measure.heads import crossings
from explorer.measure.names import listed, number, percent, plural
from explorer.runs.events import Event
from explorer.ui import held, picture, server, visit
from explorer.ui.components.brush import brush, message
from explorer.ui.frame import cards
from explorer.ui.memory import layers, lost
from explorer.ui.parts import inputs
from explorer.ui.parts.tokens import shown_token
from explorer.ui.view import View

EVERY = 1.5
FIRST = "0-3"  # the span at first
SINCE = 4.0  # seconds between two looks at the snapshots of a growing run
FOLLOWING = "following the cells of {of} snapshots"
HEAD = "| cell | on | precision | recall | quiet | follows? |"
COMPUTED = """
What tells the span: of all that may hold at a token (which one it is, which answer is asked, whether a bracket or a
quote is open), what holds most in the span and least in as many tokens on each side, by F1. A cell is on over or under
a threshold. Cell, side and threshold are chosen by F1 on half of the examples of the probe; **precision** (where it is
on, how often does it hold), **recall** (where it holds, how often is it on) and **quiet** (where it does not hold, how
often is it off) are counted on the other half. A cell follows if all three are 90 % or more (after Strobelt et al.
2018). It follows since the first snapshot at which it does so and at the next two as well, or at all that there are
yet, each with its own threshold.
"""


@dataclass
class Brushed:
    """The span of the text that a visit chose, as the address writes it: its two ends."""

    span: str = FIRST

    def choose(self, start: int, end: int) -> None:
        """Takes the span that was brushed."""
        self.span = f"{start}-{end}"


def span_of(word: str) -> str:
    """A span as the address writes it. ValueError where it is none."""
    if not re.fullmatch(r"[0-9]{1,6}-[0-9]{1,6}", word):
        raise ValueError("use two places from 0, such as 2-5")
    start, end = sorted(map(int, word.split("-")))
    return f"{start}-{end}"


def show(view: View) -> None:
    """The text with a span, what holds there, and the cells that are on where it holds."""
    with inputs.row():
        given = inputs.choose(view)
        layer = layers.choose(view)
    cells = view.picture(Cells, EVERY, layer=0, **given)
    if cells is None:
        return
    if lost.says(view, cells.values):
        return
    state = visit.kept(Brushed)
    held.holds("span", state, "span", span_of, FIRST)
    start, end = (min(int(at), len(cells.tokens) - 1) for at in state.span.split("-"))
    answer = view.picture(Found, EVERY, layer=layer, start=start, end=end, says=False, **given)
    with cards("brush", 1)[0]:
        brush(text(cells.tokens, start, end, answer), key="brush", on_span=state.choose)
    if answer is None:
        picture.making(view.waiting)
        return
    with cards("find", 1)[0]:
        st.caption(caption(answer))
        begins = first_steps(view, answer)
        if answer.followers:
            st.markdown(table(answer, begins))
        picture.look_for("find", sentence(answer, begins))
    if answer.followers:
        picture.details(lambda: elsewhere(answer))
    picture.computed(COMPUTED, following.followers, following.least_figures)


def text(tokens: list[str], start: int, end: int, answer: Found | None) -> bytes:
    """The text with its span, and where the best cell is on in it."""
    there = answer is not None and answer.here is not None and answer.tokens == tokens
    legend = f"Blue: where cell {answer.followers[0].cell} is on." if answer is not None and there else ""
    on = answer.here if answer is not None and there else None
    return message([shown_token(token) for token in tokens], start, end, on, legend, visit.state().projector)


def caption(answer: Found) -> str:
    """What tells the span, and at how many tokens of the examples it holds."""
    where = f"at {percent(answer.share)} of the tokens of {answer.examples:,} examples"
    return f"{answer.what} · {where} · step {answer.step:,}" if answer.share else f"step {answer.step:,}"


def elsewhere(answer: Found) -> None:
    """Where else the best cell is on, token by token, in examples that did not choose it."""
    assert answer.on is not None
    assert answer.holds is not None
    with cards("elsewhere", 1)[0]:
        st.markdown(f"**Where else cell {answer.followers[0].cell} is on** · step {answer.step:,}")
        st.html(rows_html(answer.elsewhere, answer.on, answer.holds))
        missed, false = int((answer.holds & ~answer.on).sum()), int((answer.on & ~answer.holds).sum())
        picture.look_for(
            "elsewhere",
            f"on where it is coloured; {answer.what} where it is underlined. It misses {missed} of these "
            f"{int(answer.holds.sum())} token{plural(answer.holds.sum())}, and is on at {false} other{plural(false)}.",
        )


def rows_html(rows: list[list[str]], on: np.ndarray, holds: np.ndarray) -> str:
    """Examples as text, a line each; tokens where the cell is on are coloured, those where it holds underlined."""
    marks = {(True, True): "on holds", (True, False): "on", (False, True): "holds", (False, False): ""}
    lines = [
        "".join(
            f'<span class="{marks[bool(a), bool(b)]}">{escape(shown_token(token))}</span>'
            for token, a, b in zip(tokens, is_on, there, strict=True)
        )
        for tokens, is_on, there in zip(rows, on, holds, strict=True)
    ]
    return f'<ol class="fires">{"".join(f"<li>{line}</li>" for line in lines)}</ol>'


def first_steps(view: View, answer: Found) -> dict[int, int]:
    """Since which step each cell that follows does, where the snapshots say it; each gets a mark on the player bar."""
    named = [one.cell for one in answer.followers if one.named]
    if not named:
        return {}
    history = view.newest().picture(
        Since, SINCE, lane="slow", doing=FOLLOWING, patience=0, says=False, layer=answer.layer, what=answer.what
    )
    if history is None or history.what != answer.what:
        return {}
    crossed = dict(crossings(history.steps, history.least, 0.0, following.NAMED))
    begins = {cell: crossed[cell] for cell in named if cell in crossed}
    server.discoveries()[str(view.run.path)] = [
        Event(-1 - cell, step, 0.0, "found", {"cell": cell, "layer": f"layers.{answer.layer}", "what": answer.what})
        for cell, step in begins.items()
    ]
    return begins


def table(answer: Found, begins: dict[int, int]) -> str:
    """The cells that follow best, with their figures on the half that chose nothing."""
    return f"{HEAD}\n|---|---|---|---|---|---|\n" + "\n".join(
        f"| {one.cell} | {'over' if one.above else 'under'} {number(one.threshold)} | {percent(one.precision)} | "
        f"{percent(one.recall)} | {percent(one.quiet)} | {follows(one, begins)} |"
        for one in answer.followers
    )


def follows(one: Follower, begins: dict[int, int]) -> str:
    """Whether a cell follows, and since when."""
    if not one.named:
        return "no"
    return f"follows since step {begins[one.cell]:,}" if one.cell in begins else "follows"


def sentence(answer: Found, begins: dict[int, int]) -> str:
    """What tells the span, and which cells follow it."""
    if not answer.what:
        return "these tokens have nothing in common that is looked for; brush others."
    if answer.lost:
        return names.lost("the states", answer.step, plural=True)
    if not answer.followers:
        return f"{answer.what} in this span, and in no other example."
    found = [str(one.cell) for one in answer.followers if one.named]
    if not found:
        return (
            f"these tokens have in common, more than those around them: {answer.what}. No cell follows that by itself: "
            f"none has {percent(following.NAMED)} or more in all three figures."
        )
    cells = f"Cell {found[0]} follows" if len(found) == 1 else f"Cells {listed(found)} follow"
    words = (
        f"these tokens have in common, more than those around them: {answer.what}. {cells} that, also in examples that "
        "did not choose them."
    )
    if not begins:
        return words
    first = min(begins, key=lambda cell: begins[cell])
    return f"{words} The first is cell {first}, since step {begins[first]:,}: the player bar has a mark there."
