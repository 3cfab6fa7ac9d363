"""How errors grow: the share right after the right tokens, and after the model's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.decoding import Exposure
from explorer.charts import positions, theme
from explorer.measure.names import percent
from explorer.ui import branching, picture
from explorer.ui.frame import cards
from explorer.ui.view import View

EVERY = 3.0  # seconds between two answers while it trains
TRUE, OWN, WRONG = "after the right tokens", "after its own tokens", "its own, one wrong"
SMALL = 0.02  # a difference of shares that nobody need worry about
COMPUTED = r"""
A model is trained to say each token after the right ones (teacher forcing); when it writes, it reads its own. The
lines are shares of right tokens at each place of the answers of 32 held-out examples, the likeliest token each time:
after the right tokens, after its own, and after its own where the likeliest wrong token stands at the chosen place
(Bengio et al. 2015). In many models the difference is small (He et al. 2019). The cure is the
setting `train.own_prefix`: in training each token of an answer that is read again is, with that probability, drawn from
what the model says there.
"""


def show(view: View, given: dict[str, Any]) -> None:
    """The three lines. It is about examples of the task, whatever the prompt."""
    with cards("errors", 1)[0]:
        known = int(st.session_state.get("wrong-places", 1))
        at = 1
        if known > 1:
            at = st.slider("Place of the wrong token", 1, known, 1, key="wrong-at", bind="query-params", width=420)
        answer = view.picture(Exposure, EVERY, lane="slow", wrong_at=at - 1)
        if answer is None:
            return
        st.session_state["wrong-places"] = len(answer.true)
        picture.show(positions.by_position, positions.frame(lines(answer), [mark(answer)]), "errors-by-place")
        picture.look_for("errors", sentence(answer))
        cure(view)
    picture.computed(COMPUTED, title="How the errors are counted")


def cure(view: View) -> None:
    """Scheduled sampling: a branch that reads some of its own tokens in training, or what this run reads of them."""
    share = view.config.train.own_prefix
    if share:
        st.caption(f"In training this run reads {percent(share)} of the answers’ tokens as it says them itself.")
        return
    text, place, button = st.columns([4, 3, 4.5], vertical_alignment="bottom")
    text.markdown(
        "**A cure to try:** scheduled sampling. In training the model reads some of its own tokens, and learns what to "
        "say after a wrong one."
    )
    chosen = place.slider("Own tokens read", 0.1, 1.0, 0.3, 0.1, key="own-prefix", format="%.1f")
    button.button(
        "Branch with its own tokens",
        key="own-prefix-branch",
        icon=":material/fork_right:",
        help="The same weights go on. The training loss is then that after these tokens, so it is higher.",
        on_click=branching.begin,
        args=(view.run, view.step, {"train.own_prefix": chosen}, [branching.PLAY]),
    )


def lines(answer: Exposure) -> list[list[dict[str, Any]]]:
    """Each way's line over places, from 1."""
    x = np.arange(1.0, len(answer.true) + 1)
    wrong = np.where(np.arange(len(answer.wrong)) > answer.wrong_at, answer.wrong, np.nan)
    return [
        positions.line(x, answer.true, TRUE, theme.TRAIN),
        positions.line(x, answer.own, OWN, theme.VALIDATION),
        positions.line(x, wrong, WRONG, theme.BAD, kind="faint"),
    ]


def mark(answer: Exposure) -> dict[str, Any]:
    """Where the wrong token stands."""
    return positions.at(answer.wrong_at + 1.0, "wrong token")


def mean(share: np.ndarray, answer: Exposure, after: int = -1) -> float:
    """The share right of all tokens behind a place."""
    counted = answer.counted[after + 1 :]
    return float((share[after + 1 :] * counted).sum() / max(counted.sum(), 1))


def sentence(answer: Exposure) -> str:
    """Where the lines part, and whether the model finds its way back."""
    true, own = mean(answer.true, answer), mean(answer.own, answer)
    said = f"after the right tokens {percent(true)} are right, after its own {percent(own)}."
    apart = np.flatnonzero(answer.true - answer.own > SMALL)
    if len(apart):
        said += f" They part at place {apart[0] + 1}: a wrong token misleads what comes after it."
    else:
        said += " Errors do not grow here."
    if answer.wrong_at + 1 < len(answer.true):
        before, after = (mean(share, answer, answer.wrong_at) for share in (answer.own, answer.wrong))
        lost, place = before - after, answer.wrong_at + 1
        if lost > SMALL:
            said += f" A wrong token at place {place} costs {percent(lost)} of what follows."
        elif mean(answer.true, answer, answer.wrong_at) - after > SMALL:
            said += (
                f" A wrong token at place {place} costs nothing more: after its own tokens it is as lost without it."
            )
        else:
            said += f" A wrong token at place {place} costs next to nothing: the model finds its way back."
    return said
