"""Positional encodings, one record each: name, formula in words, where it acts and how it is drawn.

The class that computes it stands in POSITIONS of models/positions.py under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Acts = Literal["nothing", "table", "turns", "biases"]


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """A positional encoding.

    title: as a heading.   spoken: within a sentence.   text: its formula, explained, as Markdown. acts: adds a table to
    the embeddings, turns queries and keys, or adds biases to the scores; it is drawn accordingly. learned: its table is
    trained.   waves: its formula has wavelengths with a base.   pairs: it takes channels of a head in pairs.
    script: the flag of its lines in explorer/script/templates.py; None if no PyTorch is written for it.
    """

    title: str
    spoken: str
    source: str
    text: str
    acts: Acts
    learned: bool = False
    waves: bool = False
    pairs: bool = False
    script: str | None = None


NONE_TEXT = (
    "**None.** Nothing is added, turned or biased. An encoder without positions treats its input as a bag: shuffle "
    "the tokens and its answers are shuffled alike (each token’s query meets the same keys). A causal model still "
    "gets some order from its mask: position $t$ sees $t + 1$ tokens, and can learn to count them (Haviv et al. "
    "2022)."
)
LEARNED_TEXT = (
    "**Learned.** One vector $p_t$ for each position, trained like any other weight and added to the embedding: "
    "$x_t = e_t + p_t$ (Gehring et al. 2017; GPT-2). It begins as noise, $\\mathcal N(0, 0.02^2)$, and knows "
    "nothing of order: that 4 comes after 3 has to be learned. There is no row beyond the table, and rows that "
    "training never shows stay noise."
)
SINUSOIDAL_TEXT = (
    "**Sinusoidal** (Vaswani et al. 2017, §3.5):\n\n"
    r"$$p_{t,2i} = s\,\sin\!\left(t \cdot b^{-2i/C}\right) \qquad p_{t,2i+1} = s\,\cos\!\left(t \cdot "
    r"b^{-2i/C}\right)$$"
    "\n\n"
    r"with base $b = 10000$, $C$ channels. In the paper $s = 1$ and embeddings are multiplied by $\sqrt C$; here "
    r"$s = 0.02\sqrt 2$ in a run, so that the table’s size is that of fresh embeddings (and 1 where there is "
    r"none). $p_t \cdot p_u = s^2 \sum_i \cos\!\left((t-u)\, b^{-2i/C}\right)$ depends on the distance alone, and "
    r"from $p_t$ to $p_{t+k}$ it is one and the same rotation for all $t$."
)
ROTARY_TEXT = (
    "**Rotary** (Su et al. 2021, §3.2). Nothing is added: each pair of channels of queries and keys is turned by "
    "an angle that grows with the position,\n\n"
    r"$$\begin{pmatrix} x'_{2i} \\ x'_{2i+1} \end{pmatrix} = \begin{pmatrix} \cos t\theta_i & -\sin t\theta_i \\ "
    r"\sin t\theta_i & \cos t\theta_i \end{pmatrix} \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}, \qquad "
    r"\theta_i = b^{-2i/D}$$"
    "\n\n"
    r"with $D$ channels of a head. $q'_m \cdot k'_n$ depends on what query and key say and on $m - n$: turning "
    r"both further changes nothing. Shown is $\frac{2}{D} \sum_i \cos\!\left((m-n)\theta_i\right)$, the product of "
    "a vector whose pairs are equally long with itself, turned."
)
ALIBI_TEXT = (
    "**ALiBi** (Press et al. 2022, §3). Nothing is added to embeddings; each head takes from a score in proportion "
    "to the distance:\n\n"
    r"$$s_{mn} = \frac{q_m \cdot k_n}{\sqrt D} - \lambda_h\,|m - n|, \qquad \lambda_h = 2^{-8h/H}$$"
    "\n\n"
    r"so that before weights are divided by their sum, one at distance $d$ is multiplied by $e^{-\lambda_h d}$. "
    "Steep heads see their neighbourhood, flat ones nearly all. The slopes are fixed (for $H$ that is no power of "
    "two the paper fills up from the next one), and the formula has no end: any length goes."
)
ENCODINGS: dict[str, Encoding] = {
    "none": Encoding(
        title="None",
        script="unordered",
        spoken="none",
        source="",
        text=NONE_TEXT,
        acts="nothing",
    ),
    "learned": Encoding(
        title="Learned",
        script="learned",
        spoken="learned",
        source="Gehring et al. 2017",
        text=LEARNED_TEXT,
        acts="table",
        learned=True,
    ),
    "sinusoidal": Encoding(
        title="Sinusoidal",
        script="sinusoidal",
        spoken="sinusoidal",
        source="Vaswani et al. 2017, §3.5",
        text=SINUSOIDAL_TEXT,
        acts="table",
        waves=True,
    ),
    "rotary": Encoding(
        title="Rotary",
        script="rotary",
        spoken="rotary",
        source="Su et al. 2021, §3.2",
        text=ROTARY_TEXT,
        acts="turns",
        waves=True,
        pairs=True,
    ),
    "alibi": Encoding(
        title="ALiBi",
        script="alibi",
        spoken="ALiBi",
        source="Press et al. 2022, §3",
        text=ALIBI_TEXT,
        acts="biases",
    ),
}
