"""Which words stand near which: in the text, and as the model has it. n words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.words import Matrix
from explorer.measure import words as measure
from explorer.measure.names import fixed, plural
from explorer.ui import picture, visit
from explorer.ui.components.heat_map import Look, Side, heat_map, message
from explorer.ui.frame import cards
from explorer.ui.view import View
from explorer.ui.words.word_input import EVERY, examples, present, typed

OFTEN, NEAR, OWN = "most frequent", "around a word", "your own"
MOST = 40  # words in one picture, as explorer.answers.words has it
SCORES, COUNTS = "what the text asks for, what the model says", "counts"
HEIGHT = 410
ASKS = {  # kind of model -> what the text asks of its score
    "skip-gram": "log p / q",
    "cbow": "log p / q, word by word",
    "glove": "log x",
}
COMPUTED = r"""
**Counts**: how often two words stand within the window of each other in the whole text.

**Skip-gram** tells true words from noise. Where word $c$ is the true one beside $w$ with chance $p(c \mid w)$ and is
drawn as noise $k\,P_n(c)$ times, its expected loss is least at

$$u_c \cdot v_w + \log k = \log \frac{p(c \mid w)}{q}, \qquad q = P_n(c)\,(1 - p(c \mid w))$$

because noise that is the true word is not asked for. Without that last factor and with the word's own share for $P_n$
this is pointwise mutual information (Levy & Goldberg 2014): above 0 the two meet more often than chance has it. $p$ is
counted over all places of the thinned text that is trained on. **GloVe**'s score $u \cdot v + b + c$ should be
$\log x$, with $x$ the count in which two words $d$ apart count $1/d$; both are shown less the mean of $\log x$, so that
colours tell more from less. **CBOW** scores a mean of many words, so nothing says what a single one should have; the
same numbers are shown beside it.

Words that never meet ask for −∞, which no vectors reach; they are left out of the correlation.
"""


def show(view: View) -> None:
    """The two matrices side by side, or the counts."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control(
            "Words", [OFTEN, NEAR, OWN], default=OFTEN, key="beside-words", bind="query-params", required=True
        )
        shown = st.segmented_control(
            "Show", [SCORES, COUNTS], default=SCORES, key="beside-shown", bind="query-params", required=True
        )
    arguments = chosen_words(view, which)
    with cards("beside", 1)[0]:
        answer = view.picture(Matrix, 2 * EVERY, lane="slow", **arguments)
        if answer is not None:
            draw(answer, shown, visit.state().projector)
            picture.look_for("beside", sentence(answer) if shown == SCORES else counted(answer))
    picture.computed(COMPUTED, measure.optimum, measure.correlation)


def chosen_words(view: View, which: str) -> dict[str, Any]:
    """Which words the picture is of, as the answer's arguments."""
    if which == NEAR:
        return {"around": typed(view, "Word", "words-around", present(view))}
    if which == OWN:
        words = typed(view, f"Up to {MOST} words", "words-own", " ".join(examples(view)), None)
        return {"chosen": tuple(re.split(r"[\s,;]+", words))}
    return {}


def draw(answer: Matrix, shown: str, projector: bool) -> None:
    """One picture of two panels, or of one."""
    rows, columns = Side("word", answer.words), Side("beside it", answer.words)
    if shown == COUNTS:
        look = Look(
            "How often two words stand near each other",
            "A matrix of counts: rows are words, columns are words near them",
            "times",
            "signed",
            HEIGHT,
            square=True,
            least=420,
        )
        panels = {"counts in the text": answer.counts}
    else:
        formula = "u · v + b + c" if answer.kind == "glove" else "u · v + log k"
        less = f" − {fixed(answer.zero, 2)}" if answer.zero else ""
        look = Look(
            "The same scores twice",
            "Two matrices: the scores that the text asks for, and those that the model gives",
            "nats",
            "signed",
            HEIGHT,
            square=True,
            least=330,
        )
        panels = {
            f"the text asks for: {ASKS[answer.kind]}{less}": answer.text,
            f"the model says: {formula}{less}": answer.model,
        }
    pictures = {name: np.asarray(values, dtype=np.float32) for name, values in panels.items()}
    heat_map(message(pictures, rows, columns, look, projector), key=f"words-beside-{len(panels)}")


def sentence(answer: Matrix) -> str:
    """How far the model has come towards what the text asks."""
    n = len(answer.words) ** 2
    if answer.correlation is None:
        return f"too few of the {n} pairs meet in the text to compare; choose more frequent words."
    r, cells, step = answer.correlation, answer.cells, answer.step
    agree = (
        f"over the {cells} of {n} pairs that meet, the two agree at step {step:,} with a correlation of {fixed(r, 2)}"
    )
    if not answer.comparable:
        return f"{agree}; CBOW is not asked for these numbers: it scores the mean of a whole neighbourhood."
    return f"{agree}; the closer to 1, the more of the text is in the vectors."


def counted(answer: Matrix) -> str:
    """Who meets most, and how many never."""
    counts, words = answer.counts, answer.words
    i, j = np.unravel_index(int(np.argmax(counts)), counts.shape)
    return (
        f"`{words[i]}` and `{words[j]}` meet most, {counts[i, j]:,.0f} time{plural(counts[i, j])}; "
        f"{answer.never:,} of {counts.size:,} "
        "pairs never do. Counts belong to the text: they are the same at every step."
    )
