"""How often each token is used, and why perplexities of different tokenizers do not compare."""

from __future__ import annotations

from math import exp, log

import numpy as np
import streamlit as st

from explorer.answers.records.tokenizers import Frequencies, Frequency, RunTokenizer
from explorer.charts import tokenizers as charts
from explorer.measure.glossary import TERMS
from explorer.measure.names import fixed, number, plural
from explorer.tasks import segmentation
from explorer.ui import picture
from explorer.ui.frame import cards
from explorer.ui.parts.tables import table
from explorer.ui.tokenizers.request import Choice

COMPUTED = (
    r"Rank 1 is the most frequent token. **Zipf’s law** (1949, §2): the share falls as $1 / \text{rank}$, a line "
    "of slope −1 on these axes; slopes are fitted from rank 10 on by least squares to the points drawn. "
    "**Perplexity** is $e^{L}$, $L$ the mean negative log-likelihood in nats *per predicted token*. Tokens are of"
    " different lengths, so perplexities of two tokenizers do not compare. The same likelihood per character "
    r"does: $L_\text{char} = L \cdot \text{tokens} / \text{characters}$, perplexity per character "
    r"$e^{L_\text{char}}$, bits per character $L_\text{char} / \ln 2$. The table’s models know frequencies only: "
    r"$L = -\sum_i p_i \ln p_i$ (Shannon 1948, §6), and all words are known to its words."
)


def show(choice: Choice) -> None:
    """Zipf's curves beside the table."""
    answer = choice.answer(Frequencies, **choice.learned)
    if answer is None:
        return
    left, right = cards("tokenizers", 1.1, 1)
    with left:
        picture.show(
            charts.zipf, charts.zipf_frame({kind.name: (kind.ranks, kind.shares) for kind in answer.kinds}), "zipf"
        )
        picture.look_for("zipf", zipf_sentence(answer.kinds))
    with right:
        st.markdown(
            "**Perplexity** · of models that know frequencies only" + (", and of this run" if choice.view else ""),
            help=TERMS["perplexity"],
        )
        rows = [measured(k.name, k.entropy, k.per_character) for k in answer.kinds]
        run = of_run(choice)
        head = ["", "tokens / char.", "per token", "per char.", "bits / char."]
        st.html(table(head, [*rows, *([run] if run else [])]))
        picture.look_for("perplexity", perplexity_sentence(answer.kinds, run))
    picture.computed(COMPUTED, segmentation.zipf, segmentation.entropy)


def measured(name: str, nats: float, per_character: float) -> list[str]:
    """A row: the same likelihood per token and per character. per_character: tokens."""
    each = nats * per_character
    return [name, fixed(per_character, 3), perplexity(nats), perplexity(each), fixed(each / log(2), 3)]


def perplexity(nats: float) -> str:
    """A perplexity in four digits."""
    return number(exp(nats), 4) if nats < 20 else f"e^{number(nats)}"


def of_run(choice: Choice) -> list[str] | None:
    """The run's newest loss on held-out text up to the step looked at, else that of its training batch."""
    view = choice.view
    if view is None:
        return None
    answer = choice.answer(RunTokenizer, path=str(view.run.path), text=choice.text)
    if answer is None or answer.per_character is None:
        return None
    validation = view.run.validation
    there = np.flatnonzero(validation["step"] <= view.step)
    if not len(there):
        return None
    step, loss = int(validation["step"][there[-1]]), float(validation["loss"][there[-1]])
    if not np.isfinite(loss):
        return None
    return measured(f"this run, step {step:,}", loss, answer.per_character)


def zipf_sentence(kinds: list[Frequency]) -> str:
    """The slopes, and how many tokens are never used."""
    slopes = {k.name: k.slope for k in kinds if k.slope is not None}
    never = [f"{k.never:,} token{plural(k.never)} of {k.name}" for k in kinds if k.never]
    words = f" Never used in this text: {' and '.join(never)}." if never else ""
    if not slopes:
        return f"Zipf’s law would be a slope of −1; there are too few tokens for one.{words}"
    near = min(slopes, key=lambda name: abs(slopes[name] + 1))
    slope = fixed(slopes[near], 2).replace("-", "−")
    return f"Zipf’s law would be a slope of −1; from rank 10 on {near} come nearest, with {slope}.{words}"


def perplexity_sentence(kinds: list[Frequency], run: list[str] | None) -> str:
    """Two models that know as little, and how far apart their perplexities are."""
    first, _, last = kinds
    c, d = (exp(k.entropy * k.per_character) for k in (first, last))
    words = (
        "a perplexity per token cannot be compared. Per character it is "
        f"{fixed(c, 2)} for characters and {fixed(d, 2)} for BPE, knowing frequencies only; "
        f"that of {'BPE' if d < c else 'characters'} is the better model."
    )
    return words + (f" This run: {run[3]} a character." if run else "")
