"""Through the layers: what the residual stream already says, how long it is, and who said it.

J junctions of the stream, T position, V vocabulary.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import streamlit as st

from explorer.answers.records.lens import Attribution, Lens
from explorer.charts import lens as charts
from explorer.measure.names import lost, number, signed
from explorer.ui import picture
from explorer.ui.attention.look import Look
from explorer.ui.frame import cards
from explorer.ui.parts.tokens import shown_token

EVERY = {"lens": 1.5, "attribution": 1.2}  # seconds: an Altair chart's update costs the browser 45 ms
NORMS = 420  # pixels
IN_FULL = 15  # sublayers whose rows have their full height on one screen; more of them share that room
FOLLOWED, TARGET, STRONGEST, MEAN = "chosen on the map", "the right token", "the strongest other", "mean of all tokens"
COMPUTED = r"""
**Logit lens** (nostalgebraist 2020): what the model would say if it stopped after a sublayer, read with its own final
norm and unembedding. After the last one these are its own probabilities. A post-norm model has no final norm, so
there $x$ is read as it is.

$$\mathrm{softmax}(\mathrm{LN}_f(x)\,W_U + b_U)$$

**Attribution** (Elhage et al. 2021): the stream is the sum of what every component $c$ added, and a norm is linear
once its own scale $\sigma$ is held; in float64. In a post-norm model a component passes every norm after it.

$$\ell_a - \ell_b = \sum_c \frac{x_c - \bar x_c}{\sigma}\,\gamma \cdot (W_U[a] - W_U[b]) + \text{biases}$$

**Length**: $\lVert x \rVert$ at each position after each sublayer. Of an encoder-decoder all three are of the
decoder’s stream, from which the logits are read.
"""
CHANGED = 1.1  # times: less is called no change


def show(look: Look) -> None:
    """The lens over the whole width, below it who said it and the stream's length."""
    lens = look.view.picture(Lens, EVERY["lens"], says=False, **look.given)
    if lens is None:
        picture.making(look.view.waiting)
        return
    at = f"on this input · step {lens.step:,}"
    with cards("lens", 1)[0]:
        st.caption(f"the decoder’s stream · {at}" if lens.stack else at)
        table = charts.lens_frame(
            lens.junctions,
            lens.tokens,
            lens.targets,
            lens.top,
            lens.top_p,
            lens.p,
            lens.rank,
        )
        picture.show(charts.lens_chart, table, "lens", junctions=min(len(lens.junctions), IN_FULL))
        picture.look_for("lens", lens_sentence(lens))
    picture.details(lambda: stream(look, lens, at))
    picture.computed(COMPUTED)


def stream(look: Look, lens: Lens, at: str) -> None:
    """Who said it, and the stream's length. at: on which input and step."""
    left, right = cards("stream", 5, 4)
    with left:
        who_said_it(look, lens)
    with right:
        st.caption(at)
        table = charts.norms_frame(lens.junctions, lens.tokens, lens.norms)
        picture.show(charts.norms_chart, table, "stream-norms", height=NORMS)
        picture.look_for("stream-norms", norm_sentence(lens.junctions, lens.norms.mean(axis=1)))


def who_said_it(look: Look, lens: Lens) -> None:
    """The components of a logit difference."""
    tokens, labels = lens.tokens, token_labels(lens.vocabulary)
    with st.container(horizontal=True):
        a = st.selectbox(
            "Logit of",
            [TARGET, *labels],
            format_func=lambda token: labels.get(token, token),
            key="logit-a",
            bind="query-params",
        )
        b = st.selectbox(
            "minus that of",
            [STRONGEST, MEAN, *labels],
            format_func=lambda token: labels.get(token, token),
            key="logit-b",
            bind="query-params",
        )
        position = st.selectbox(
            "at position",
            [FOLLOWED, *range(len(tokens))],
            format_func=lambda at: at if at == FOLLOWED else f"{at}: {shown_token(tokens[at])}",
            key="logit-position",
            bind="query-params",
        )
    compared: dict[str, Any] = {
        "a": None if a == TARGET else a,
        "b": None if b == STRONGEST else "mean" if b == MEAN else b,
    }
    at = followed(look, lens.targets) if position == FOLLOWED else position
    answer = look.view.picture(Attribution, EVERY["attribution"], position=at, **compared, **look.given)
    if answer is None:
        return
    st.caption(f"on this input · step {answer.step:,}")
    parts = dict(zip(answer.names, answer.parts.tolist(), strict=True))
    table = charts.attribution_frame(parts, sum(parts.values()))
    picture.show(charts.attribution_chart, table, "attribution", components=len(parts))
    picture.look_for("attribution", attribution_sentence(answer))


def token_labels(vocabulary: list[str]) -> dict[int, str]:
    """Each token as a select names it: what looks alike gets its number."""
    often = Counter(vocabulary)
    return {
        token: shown_token(word) if often[word] == 1 else f"{shown_token(word)} ({token})"
        for token, word in enumerate(vocabulary)
    }


def followed(look: Look, targets: list[str]) -> int:
    """The query chosen on the map where it is one of this stack and something is asked there, else the last asked."""
    predicted = [t for t, target in enumerate(targets) if target]
    here = not look.path.startswith("encoder.")
    if here and (look.query in predicted or not predicted):
        return look.query
    return predicted[-1] if predicted else len(targets) - 1


def lens_sentence(lens: Lens) -> str:
    """At how many positions the right token is the most likely, and which sublayer brings it."""
    names = [charts.junction(name) for name in lens.junctions]
    predicted = sum(map(bool, lens.targets))
    if not predicted:
        return "nothing is asked of this input: the words are what the model would say after each sublayer."
    right = (lens.rank == 1).sum(axis=1)
    most = int(np.diff(right).argmax()) + 1
    brings = f"{names[most]} brings the most" if right[most] > right[most - 1] else "no sublayer makes it right at more"
    return (
        f"after {names[-1]}, the last sublayer, the right token is first at {right[-1]} of {predicted} "
        f"position{'s' if predicted > 1 else ''}; {brings}."
    )


def norm_sentence(junctions: list[str], mean: np.ndarray) -> str:
    """How the mean length, (J,), changes from the input to the output."""
    names = [charts.junction(name) for name in junctions]
    if not np.isfinite(mean).all():
        return lost("the stream")
    times = mean[-1] / max(mean[0], 1e-30)
    word = "grows" if times > CHANGED else "shrinks" if times < 1 / CHANGED else "hardly changes"
    most = int(np.abs(np.diff(mean)).argmax()) + 1
    return (
        f"the mean {word} from the input to what comes after {names[-1]} (× {number(times, 2)}); {names[most]} changes "
        "it most."
    )


def attribution_sentence(answer: Attribution) -> str:
    """What the components sum to, what the model's own logits say, and who counts most."""
    values = answer.parts
    if not np.isfinite(values).all():
        return lost("the logits", answer.step, plural=True)
    names = [charts.component(name)[0] for name in answer.names]
    over = f"over {quoted(answer.b)}" if answer.b else "over the mean token"
    likeliest = ", the likeliest, as nothing is asked there," if answer.guessed else ""
    exact = "" if answer.precision == "float32" else f" in {answer.precision}"
    most = [f"{names[i]} adds most" for i in [int(values.argmax())] if values[i] > 0]
    most += [f"{names[i]} takes most away" for i in [int(values.argmin())] if values[i] < 0]
    return (
        f"for {quoted(answer.a)}{likeliest} {over} at position {answer.position} components sum to "
        f"{signed(values.sum())}, the model’s own difference{exact} is {signed(answer.difference)}; {', '.join(most)}."
    )


def quoted(token: str) -> str:
    """A token in a sentence."""
    return f"“{shown_token(token)}”"
