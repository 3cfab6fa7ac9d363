"""What if: a beginning, a token or a row of attention put by hand, and both answers side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.answers.records.translating.answer import Translation
from explorer.measure.names import percent, plural
from explorer.ui import picture
from explorer.ui.foreign import WORD_JOINER
from explorer.ui.frame import cards
from explorer.ui.held import holds, whole
from explorer.ui.parts import steered
from explorer.ui.parts.tokens import shown_token
from explorer.ui.translate import alignment, desk
from explorer.ui.translate.desk import ITSELF
from explorer.ui.view import View

COMPUTED = r"""
Both answers are of the same weights and the same source, the likeliest token each time. On the right the beginning
that is typed and the tokens that are chosen stand whatever the model would say, and it goes on from them. A row of
attention that is put by hand is all on one token of the source, in one head, as one token of the answer is chosen; the
other heads and places read what they read.
"""


def show(view: View, given: dict[str, Any], corner: DeltaGenerator) -> None:
    """The model's own answer on the left, the other on the right; a click there chooses the place to change."""
    plain = view.picture(Translation, desk.EVERY, says=False, **given)
    if plain is None:
        picture.making(view.waiting)
        return
    held = desk.desk(view, given)
    history = desk.rates(view, plain)
    changed = changes(view, held, plain, history, given)
    head = held.head or desk.best(history, plain.heads)
    left, right = cards("what-if", 1, 1)
    with left:
        alignment.draw(plain, head, f"By itself · step {plain.step:,}", "by-itself", held, place=held.place)
    with right:  # a change that is refused leaves no other answer, and its reason stands there alone
        answer = view.picture(Translation, desk.EVERY, **changed, **given) if changed else plain
        if answer is not None:
            apart = [n for n, token in enumerate(answer.tokens) if n >= len(plain.tokens) or token != plain.tokens[n]]
            words = "With the change" if changed else "Nothing is changed yet"
            alignment.draw(answer, head, words, "with-change", held, place=held.place, changed=apart)
    if answer is not None:
        picture.look_for("what-if", sentence(plain, answer if changed else None))
    picture.computed(COMPUTED)


def changes(view: View, held: desk.Desk, plain: Translation, history: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The widgets, and what they change as the answer's arguments; {} where nothing is changed."""
    from_the_address(held, plain)
    with st.container(horizontal=True, vertical_alignment="bottom", key="what-if-row"):
        begin = steered.text("Let it begin with", held, "beginning", width=200)
        steered.choice(
            "At place",
            range(len(plain.tokens)),
            held,
            "at",
            "answer-place",
            format_func=lambda n: f"{n + 1} “{shown_token(plain.tokens[n])}”",
            width=130,
        )
        offered = [int(token) for token in plain.leading[held.place]]
        chances = dict(zip(offered, plain.chances[held.place], strict=True))

        def named(token: int) -> str:
            if token == ITSELF:
                return "its own"
            words = f"{WORD_JOINER}{shown_token(plain.symbols[token])}"
            return f"{words} {percent(chances[token])}" if token in chances else words

        others = [] if held.token in (ITSELF, *offered) else [held.token]  # unlikely at this step
        token = steered.choice(
            "put", [ITSELF, *offered, *others], held, "token", f"answer-put-{held.place}", format_func=named, width=150
        )
        read = ITSELF
        if plain.heads:
            desk.choose_head(view, held, plain, history, width=230)
            read = steered.choice(
                "reads there only",
                [ITSELF, *range(len(plain.source))],
                held,
                "key",
                "answer-reads",
                format_func=lambda s: "what it does" if s == ITSELF else f"{s + 1} “{shown_token(plain.source[s])}”",
                width=170,
            )
    result: dict[str, Any] = {"begin": begin} if begin else {}
    if token != ITSELF:
        result["forced"] = ((held.place, int(token)),)
    if read != ITSELF:
        head = held.head or desk.best(history, plain.heads)
        result |= {"head": head, "place": held.place, "key": int(read)}
    return result


def from_the_address(held: desk.Desk, plain: Translation) -> None:
    """What the address says was put by hand, of what this model has."""
    holds("answer-begins", held, "beginning")
    desk.hold_place(held, plain)
    symbols, source = range(len(plain.symbols)), range(len(plain.source))
    words = f"this model has the tokens 0 to {symbols[-1]}", f"the source has the places 0 to {source[-1]}"
    holds("answer-put", held, "token", desk.one_of(symbols, words[0], whole), ITSELF)
    if plain.heads:
        holds("answer-reads", held, "key", desk.one_of(source, words[1], whole), ITSELF)


def sentence(plain: Translation, answer: Translation | None) -> str:
    """Where the two answers part, and whether the second is right."""
    if answer is None:
        return (
            "type a beginning, put another token at a place, or let a head read another token of the source: the "
            "model goes on from there, and the two answers stand side by side."
        )
    if answer.tokens == plain.tokens:
        return "the answer stays the same: what was changed does not decide it."
    longer = max(len(plain.tokens), len(answer.tokens))
    parts = [n for n in range(longer) if plain.tokens[n : n + 1] != answer.tokens[n : n + 1]]
    free = [n for n in parts if n not in answer.forced]
    follows = (
        f"{len(free):,} more token{plural(len(free))} {'follows' if len(free) == 1 else 'follow'} it"
        if free
        else "no other token follows it"
    )
    sure = percent(float(np.exp(np.log(np.maximum(answer.p, 1e-30)).mean())))
    return (
        f"“{plain.text}” becomes “{answer.text}”: they part at place {parts[0] + 1}, and {follows}. The mean "
        f"probability of its tokens is {sure} (geometric)."
    )
