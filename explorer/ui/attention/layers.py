"""Through the layers: what the residual stream already says, how long it is, and who said it.

J junctions of the stream, T position, V vocabulary.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import lens as charts
from explorer.runs.answer import Answer
from explorer.ui import picture
from explorer.ui.attention.look import Look
from explorer.ui.frame import cards
from explorer.ui.tokens import shown_token

EVERY = {"lens": 1.5, "attribution": 1.2}  # seconds: an Altair chart's update costs the browser 45 ms
NORMS = 420  # pixels
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
    answer = look.view.picture("layers.lens", EVERY["lens"], **look.given)
    if answer is None:
        return
    plain, arrays = answer
    at = f"on this input · step {plain['step']}"
    with cards("lens", 1)[0]:
        st.caption(f"the decoder’s stream · {at}" if plain["stack"] else at)
        table = charts.lens_frame(
            plain["junctions"],
            plain["tokens"],
            plain["targets"],
            plain["top"],
            arrays["top_p"],
            arrays["p"],
            arrays["rank"],
        )
        picture.show(charts.lens_chart, table, "lens", junctions=len(plain["junctions"]))
        picture.look_for("lens", lens_sentence(plain, arrays["rank"]))
    left, right = cards("stream", 5, 4)
    with left:
        who_said_it(look, plain)
    with right:
        st.caption(at)
        table = charts.norms_frame(plain["junctions"], plain["tokens"], arrays["norms"])
        picture.show(charts.norms_chart, table, "stream-norms", height=NORMS)
        picture.look_for("stream-norms", norm_sentence(plain["junctions"], arrays["norms"].mean(axis=1)))
    picture.computed(COMPUTED)


def who_said_it(look: Look, plain: dict[str, Any]) -> None:
    """The components of a logit difference; plain is the lens's."""
    tokens, labels = plain["tokens"], token_labels(plain["vocabulary"])
    with st.container(horizontal=True):
        a = st.selectbox(
            "Logit of",
            [TARGET, *labels],
            format_func=lambda token: labels.get(token, token),
            key="logit-a",
            persist_state="session",
        )
        b = st.selectbox(
            "minus that of",
            [STRONGEST, MEAN, *labels],
            format_func=lambda token: labels.get(token, token),
            key="logit-b",
            persist_state="session",
        )
        position = st.selectbox(
            "at position",
            [FOLLOWED, *range(len(tokens))],
            format_func=lambda at: at if at == FOLLOWED else f"{at}: {shown_token(tokens[at])}",
            key="logit-position",
            persist_state="session",
        )
    compared: dict[str, Any] = {
        "a": None if a == TARGET else a,
        "b": None if b == STRONGEST else "mean" if b == MEAN else b,
    }
    at = followed(look, plain["targets"]) if position == FOLLOWED else position
    answer = look.view.picture("layers.attribution", EVERY["attribution"], position=at, **compared, **look.given)
    if answer is None:
        return
    st.caption(f"on this input · step {answer[0]['step']}")
    parts = dict(zip(answer[0]["parts"], answer[1]["parts"].tolist(), strict=True))
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
    asked = [t for t, target in enumerate(targets) if target]
    here = not look.path.startswith("encoder.")
    if here and (look.query in asked or not asked):
        return look.query
    return asked[-1] if asked else len(targets) - 1


def lens_sentence(plain: dict[str, Any], rank: np.ndarray) -> str:
    """At how many positions the right token is the most likely, (J, T), and which sublayer brings it."""
    names = [charts.junction(name) for name in plain["junctions"]]
    asked = sum(map(bool, plain["targets"]))
    if not asked:
        return "nothing is asked of this input: the words are what the model would say after each sublayer."
    right = (rank == 1).sum(axis=1)
    most = int(np.diff(right).argmax()) + 1
    brings = (
        f"{names[most]} brings the most, from {right[most - 1]} to {right[most]}"
        if right[most] > right[most - 1]
        else "no sublayer makes it right at more"
    )
    return (
        f"after {names[-1]}, the last sublayer, the right token is first at {right[-1]} of {asked} "
        f"position{'s' if asked > 1 else ''}, and in the input at {right[0]}; {brings}."
    )


def norm_sentence(junctions: list[str], mean: np.ndarray) -> str:
    """How the mean length, (J,), changes from the input to the output."""
    names = [charts.junction(name) for name in junctions]
    if not np.isfinite(mean).all():
        return "the stream is not finite any more."
    times = mean[-1] / max(mean[0], 1e-30)
    word = "grows" if times > CHANGED else "shrinks" if times < 1 / CHANGED else "hardly changes"
    most = int(np.abs(np.diff(mean)).argmax()) + 1
    return (
        f"the mean {word} from {mean[0]:.3g} in the input to {mean[-1]:.3g} after {names[-1]} (× {times:.2g}); "
        f"{names[most]} changes it most."
    )


def attribution_sentence(answer: Answer) -> str:
    """What the components sum to, what the model's own logits say, and who counts most."""
    plain, values = answer[0], answer[1]["parts"]
    if not np.isfinite(values).all():
        return "the logits are not finite any more."
    names = [charts.component(name)[0] for name in plain["parts"]]
    over = f"over {quoted(plain['b'])}" if plain["b"] else "over the mean token"
    likeliest = ", the likeliest, as nothing is asked there," if plain["guessed"] else ""
    exact = "" if plain["precision"] == "float32" else f" in {plain['precision']}"
    found = [f"{names[i]} adds most ({signed(values[i])})" for i in [int(values.argmax())] if values[i] > 0]
    found += [f"{names[i]} takes most away ({signed(values[i])})" for i in [int(values.argmin())] if values[i] < 0]
    return (
        f"for {quoted(plain['a'])}{likeliest} {over} at position {plain['position']} components sum to "
        f"{signed(values.sum())}, the model’s own difference{exact} is {signed(plain['own'])}; {', '.join(found)}."
    )


def quoted(token: str) -> str:
    """A token in a sentence."""
    return f"“{shown_token(token)}”"


def signed(value: float) -> str:
    """A number with its sign."""
    return f"{value:+.3f}".replace("-", "−")
