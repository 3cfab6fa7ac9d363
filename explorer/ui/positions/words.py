"""What encodings are, in words and formulas, and sentences that are true of one."""

from __future__ import annotations

import math

import numpy as np

from explorer.measure.positions import cosines
from explorer.measure.updates import number
from explorer.runs.answer import Answer

FORMULAS = {
    "none": (
        "**None.** Nothing is added, turned or biased. An encoder without positions treats its input as a bag: shuffle "
        "the tokens and its answers are shuffled alike (each token’s query meets the same keys). A causal model still "
        "gets some order from its mask: position $t$ sees $t + 1$ tokens, and can learn to count them (Haviv et al. "
        "2022)."
    ),
    "learned": (
        "**Learned.** One vector $p_t$ for each position, trained like any other weight and added to the embedding: "
        "$x_t = e_t + p_t$ (Gehring et al. 2017; GPT-2). It begins as noise, $\\mathcal N(0, 0.02^2)$, and knows "
        "nothing of order: that 4 comes after 3 has to be learned. There is no row beyond the table, and rows that "
        "training never shows stay noise."
    ),
    "sinusoidal": (
        "**Sinusoidal** (Vaswani et al. 2017, §3.5):\n\n"
        r"$$p_{t,2i} = s\,\sin\!\left(t \cdot b^{-2i/C}\right) \qquad p_{t,2i+1} = s\,\cos\!\left(t \cdot "
        r"b^{-2i/C}\right)$$"
        "\n\n"
        r"with base $b = 10000$, $C$ channels. In the paper $s = 1$ and embeddings are multiplied by $\sqrt C$; here "
        r"$s = 0.02\sqrt 2$ in a run, so that the table’s size is that of fresh embeddings (and 1 where there is "
        r"none). $p_t \cdot p_u = s^2 \sum_i \cos\!\left((t-u)\, b^{-2i/C}\right)$ depends on the distance alone, and "
        r"from $p_t$ to $p_{t+k}$ it is one and the same rotation for all $t$."
    ),
    "rotary": (
        "**Rotary** (Su et al. 2021, §3.2). Nothing is added: each pair of channels of queries and keys is turned by "
        "an angle that grows with the position,\n\n"
        r"$$\begin{pmatrix} x'_{2i} \\ x'_{2i+1} \end{pmatrix} = \begin{pmatrix} \cos t\theta_i & -\sin t\theta_i \\ "
        r"\sin t\theta_i & \cos t\theta_i \end{pmatrix} \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}, \qquad "
        r"\theta_i = b^{-2i/D}$$"
        "\n\n"
        r"with $D$ channels of a head. $q'_m \cdot k'_n$ depends on what query and key say and on $m - n$: turning "
        r"both further changes nothing. Shown is $\frac{2}{D} \sum_i \cos\!\left((m-n)\theta_i\right)$, the product of "
        "a vector whose pairs are equally long with itself, turned."
    ),
    "alibi": (
        "**ALiBi** (Press et al. 2022, §3). Nothing is added to embeddings; each head takes from a score in proportion "
        "to the distance:\n\n"
        r"$$s_{mn} = \frac{q_m \cdot k_n}{\sqrt D} - \lambda_h\,|m - n|, \qquad \lambda_h = 2^{-8h/H}$$"
        "\n\n"
        r"so that before weights are divided by their sum, one at distance $d$ is multiplied by $e^{-\lambda_h d}$. "
        "Steep heads see their neighbourhood, flat ones nearly all. The slopes are fixed (for $H$ that is no power of "
        "two the paper fills up from the next one), and the formula has no end: any length goes."
    ),
}
COMPUTED = (
    "The table is what the model itself adds, the angle what it turns by, the bias what it adds to its scores, as they "
    "stand in its buffers and weights at the step. **Product**: the dot product of two rows. **Similarity by "
    "distance**: their cosine, the mean over all pairs of positions so far apart, in the band from the least to the "
    "most; for rotary the mean cosine of the angle between two positions over the pairs of channels; for ALiBi the "
    "factor on a weight. Colours are centred on 0; brightness follows the square root."
)


def sentence(answer: Answer) -> str:
    """What to look for in an encoding, worked out from its numbers."""
    return SENTENCES[answer[0]["kind"]](answer)


def none_sentence(answer: Answer) -> str:
    """There is nothing to see, and where to see what that does."""
    where = "this run" if answer[0]["step"] is not None else "such a model"
    return f"{where} is told nothing of where a token stands; shuffle its positions and not one answer changes."


def learned_sentence(answer: Answer) -> str:
    """How far the rows have come from where they began, and whether neighbours have become alike."""
    plain, arrays = answer
    table, first, n = arrays["table"].astype(np.float64), arrays["first"].astype(np.float64), plain["trained"]
    if not np.isfinite(table).all():
        return f"at step {plain['step']} the table is not finite any more."
    moved = np.linalg.norm(table[:n] - first[:n]) / np.linalg.norm(first[:n])
    alike = cosines(arrays.get("change", table)[:n])
    which = " in what was added" if "change" in arrays else ""
    near = float(np.diagonal(alike, 1).mean())
    far = float(alike[np.triu_indices(n, max(2, n // 2))].mean())
    told = (
        f"at step {plain['step']} the rows have moved by {moved:.0%} of their first size; neighbours have a cosine of "
        f"{number(near, 2)} on average{which}, positions at least {max(2, n // 2)} apart {number(far, 2)}"
    )
    if n < len(table):
        return f"{told}; rows {n} to {len(table) - 1} are of no training sequence and still noise."
    return f"{told}."


def waves_sentence(answer: Answer) -> str:
    """How fast positions become unlike, and how long the waves are."""
    plain, arrays = answer
    mean, theta = arrays["mean"][0], arrays["angles"][1]
    below = np.flatnonzero(mean < 0.5)
    half = f"under one half first at distance {below[0]}" if len(below) else "never under one half here"
    long = 2 * math.pi / float(theta[-1])
    repeats = f"{long:,.0f} positions; {len(mean)} are drawn"
    what = "added to the embedding" if plain["kind"] == "sinusoidal" else "turned"
    return (
        f"each diagonal has one colour, as only distance counts: neighbours have a cosine of {mean[1]:.2f}, {half}. Of "
        f"{len(theta)} waves {what}, the fastest comes round every 2π ≈ 6.3 positions, the slowest every {repeats}."
    )


def alibi_sentence(answer: Answer) -> str:
    """After how many positions each head halves a weight."""
    halves = [(f"head {h + 1} after {number(math.log(2) / slope, 3)}") for h, slope in enumerate(answer[0]["slopes"])]
    shown = ", ".join(halves[:4]) + (f", … {halves[-1]}" if len(halves) > 4 else "")
    return f"a weight is halved by distance alone: {shown} positions. Content has to be that much stronger to be seen."


SENTENCES = {
    "none": none_sentence,
    "learned": learned_sentence,
    "sinusoidal": waves_sentence,
    "rotary": waves_sentence,
    "alibi": alibi_sentence,
}
