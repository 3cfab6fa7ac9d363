"""Names: numbers and module paths in words, written in one way for all visitors.

A number has three significant digits, a true minus and a power of ten such as 3.21 × 10⁻⁵; a share of more than MOST
wholes is a factor. A value that is not finite has a sign in a table (`number`) and a clause in a sentence (`lost`).
Layers, blocks and heads count from 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import SupportsFloat

import numpy as np

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
THIN = "\N{NARROW NO-BREAK SPACE}"  # before a unit
TIED = "\N{NO-BREAK SPACE}"  # around ×
SMALLEST, LARGEST = 1e-3, 1e5  # without a power of ten
NINES = 3  # behind the point of a share that is closest to all
ALL = 1 - 5e-7  # rounding in float32 makes such a share of 1
MOST = 10.0  # wholes: a larger share is no percentage

BLOCK = re.compile(r"(?:(encoder|decoder)\.)?(?:blocks|layers)\.(\d+)(?:\.|$)")  # layers: recurrent ones
PATH = re.compile(r"\b(?:(?:encoder|decoder)\.)?(?:blocks|layers)\.\d+(?:\.\w+)+")  # of a tap or parameter
WHOLE = re.compile(r"(?<![\w.,-])\d{4,9}(?![\w-]|[.,]\d)")  # a count, and no part of a name or of another number
MODULES = {"mlp": "MLP"}  # spelt otherwise than in the path
PARTS = {  # of a block, by the module that computes it
    "project": "queries, keys and values",
    "output": "the attention’s output",
    "attention_norm": "the attention’s LayerNorm",
    "cross_norm": "the cross-attention’s LayerNorm",
    "mlp_norm": "the MLP’s LayerNorm",
    "expand": "the MLP’s first layer",
    "mlp": "the MLP’s activation",
    "contract": "the MLP’s second layer",
    "final_norm": "the final LayerNorm",
    "embedding": "the token embedding",
    "positions": "the positions",
    "unembedding": "the logits",
    "input": "what the cells read",
    "query": "what the last state asks",
    "key": "what the source answers",
    "begin": "the first state",
    "recurrent": "what the cells hear of their last state",
    "dropout": "dropout",
}
AFTER = {  # what an attention computes after each tap
    "values": "the scores",
    "scores": "the softmax of the scores",
    "pattern": "the weighted values",
}
TAPS = {
    "queries": "the queries",
    "keys": "the keys",
    "values": "the values",
    "scores": "the scores",
    "pattern": "the attention pattern",
    "head_out": "the heads’ outputs",
    "residual_in": "the stream",
    "residual_mid": "the stream after attention",
    "residual_cross": "the stream after cross-attention",
    "residual_out": "the stream after the MLP",
    "pre": "the MLP before its activation",
    "post": "the MLP after its activation",
    "hidden": "the hidden state",
    "cell": "the cell state",
    "candidate": "the candidates",
    "input_gate": "the input gates",
    "forget_gate": "the forget gates",
    "output_gate": "the output gates",
    "reset_gate": "the reset gates",
    "update_gate": "the update gates",
    "annotations": "what was read from both ends",
    "start": "the first state",
    "token_embedding": "the token embedding",
    "logits": "the logits",
}

LETTERS = {"hidden": " h", "cell": " c"}  # of a recurrent layer's states, in its formulas


def of_a_cell(tap: str) -> str:
    """What one cell of a recurrent layer has at a tap: hidden state h, input gate."""
    return TAPS[tap].removeprefix("the ").removesuffix("s") + LETTERS.get(tap, "")


def number(x: SupportsFloat, digits: int = 3) -> str:
    """A number to this many significant digits: 0.943, 2,417, −3.21 × 10⁻⁵."""
    x = float(x) + 0.0  # −0 is 0
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "+∞" if x > 0 else "−∞"
    sign, size = "−" if x < 0 else "", abs(x)
    if size == 0:
        return "0"
    if float(f"{size:.{digits - 1}e}") >= 10.0**digits and size < LARGEST:
        return f"{sign}{size:,.0f}"
    if SMALLEST <= size < LARGEST:
        return sign + plain(f"{size:.{digits}g}")
    mantissa, power = f"{size:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{sign}{mantissa}{TIED}×{TIED}10{str(int(power)).translate(RAISED)}"


def plain(digits: str) -> str:
    """The same digits with a comma between thousands and without an exponent."""
    if "e" in digits:
        return f"{float(digits):,.0f}"
    whole, point, decimals = digits.partition(".")
    return f"{int(whole):,}{point}{decimals}"


def fixed(x: SupportsFloat, decimals: int) -> str:
    """A number with this many decimals; as `number` if they would be all 0, too many or not finite."""
    x = float(x) + 0.0
    if x and (vanishes(x, decimals) or not abs(x) < LARGEST):
        return number(x, max(2, decimals))
    return f"{x:.{decimals}f}".replace("-", "−")


def vanishes(x: float, decimals: int) -> bool:
    """Whether this many decimals of a number are all 0. A half rounds to the even digit, so 0.5 without decimals is
    0."""
    return float(f"{x:.{decimals}f}") == 0


def signed(x: SupportsFloat, decimals: int = 3) -> str:
    """A change: a number with this many decimals and its sign; 0 if they would be all 0."""
    x = float(x)
    if vanishes(x, decimals):
        return "0"
    text = fixed(x, decimals)
    return text if text[0] in "+−N" else f"+{text}"


def percent(share: SupportsFloat, decimals: int = 0) -> str:
    """A share: 12 %, 0.045 % if it is small but not 0, 99.7 % if not quite all, × 2,417 if far more."""
    x = float(share) + 0.0
    if not math.isfinite(x):
        return number(x)
    if abs(x) > MOST:
        return times(x)
    if x and vanishes(100 * x, decimals):
        return f"{number(100 * x, 2)}{THIN}%"
    if x < ALL and f"{100 * x:.{decimals}f}" == f"{100:.{decimals}f}":
        return percent(x, decimals + 1) if decimals < NINES else f">{TIED}99.{'9' * NINES}{THIN}%"
    return f"{100 * x:.{decimals}f}{THIN}%".replace("-", "−")


def times(ratio: SupportsFloat, digits: int = 3) -> str:
    """A factor: × 2.42."""
    return f"×{TIED}{number(ratio, digits)}"


def finite(*values: SupportsFloat | np.ndarray | Sequence[float]) -> bool:
    """Whether all of these numbers, each alone or in an array, are finite."""
    return all(bool(np.isfinite(np.asarray(value, dtype=np.float64)).all()) for value in values)


def lost(what: str, step: float | None = None, plural: bool = False) -> str:
    """The sentence for a `what` that is NaN or infinite: at step 133 the loss is not finite any more."""
    when = "" if step is None else f"at step {int(step):,} "
    return f"{when}{what} {'are' if plural else 'is'} not finite any more."


def plural(count: object) -> str:
    """What a noun takes behind a number: nothing behind 1, else s. In an f-string: {n} token{plural(n)}."""
    return "" if count == 1 else "s"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def layer_name(path: str) -> str:
    """The layer that a module is in: layer 2, encoder layer 1; "" outside layers."""
    met = BLOCK.match(path)
    return f"{met[1] + ' ' if met[1] else ''}layer {int(met[2]) + 1}" if met else ""


def of_layer(path: str) -> str:
    """Where a module is: " of layer 2", " of the encoder’s layer 1", " of the encoder", or nothing."""
    met = BLOCK.match(path)
    if met is None:
        return f" of the {path.split('.')[0]}" if path.startswith(("encoder.", "decoder.")) else ""
    return f" of the {met[1]}’s layer {int(met[2]) + 1}" if met[1] else f" of layer {int(met[2]) + 1}"


def module_name(path: str) -> str:
    """A sublayer: `blocks.0.mlp` is MLP 1, `decoder.blocks.1.cross` is decoder cross 2."""
    met = BLOCK.match(path)
    if met is None:
        return tensor_name(path)
    rest = path[met.end() :]
    words = [met[1] or "", MODULES.get(rest, rest), str(int(met[2]) + 1)]
    return " ".join(word for word in words if word)


def attention_name(path: str) -> str:
    """An attention as one of several rows: layer 2, encoder layer 1, decoder cross 1."""
    return module_name(path) if path.endswith("cross") else layer_name(path)


def head_name(path: str) -> str:
    """A head as people count: `blocks.0.attention.1` is head 1.2."""
    met, parts = BLOCK.match(path), path.split(".")
    assert met is not None, path
    where, cross = f"{met[1]} " if met[1] else "", "cross-" if parts[-2] == "cross" else ""
    return f"{where}{cross}head {int(met[2]) + 1}.{int(parts[-1]) + 1}"


def tensor_name(path: str) -> str:
    """A parameter or tap in little space: `encoder.blocks.0.mlp.expand.weight` is encoder L1 mlp.expand.weight."""
    met = BLOCK.match(path)
    if met is None:
        return path
    return " ".join(w for w in (met[1] or "", f"L{int(met[2]) + 1}", path[met.end() :]) if w)


def tap_words(name: str) -> str:
    """A tap in words: `blocks.1.attention.scores` is "the scores of layer 2"."""
    *_, module, last = ["", *name.split(".")]
    words = PARTS.get(module, TAPS.get(last, last)) if last == "out" else TAPS.get(last, last)
    if last == "out" and module in ("attention", "cross", "mlp"):
        words = "the MLP’s output" if module == "mlp" else "the attention’s output"
    cross = "cross-attention: " if ".cross." in name else ""
    return f"{cross}{words}{of_layer(name)}"


def spoken(text: str) -> str:
    """A recorded sentence as it is shown: taps and parameters of blocks by their names, 3000 as 3,000."""

    def named(met: re.Match[str]) -> str:
        parameter = met[0].endswith((".weight", ".bias"))
        return tensor_name(met[0]) if parameter else tap_words(met[0])

    return WHOLE.sub(lambda met: f"{int(met[0]):,}", PATH.sub(named, text))


def operation_words(place: str, tap: str, operation: str) -> str:
    """The computation inside the module `place` after the tap `tap`."""
    last = place.rpartition(".")[2]
    cross = "cross-attention: " if ".cross" in place else ""
    if place == "loss":
        return "the log-softmax of the logits" if operation == "_log_softmax" else "the cross-entropy"
    if last in ("attention", "cross"):
        return f"{cross}{AFTER.get(tap.rpartition('.')[2], 'the attention')}{of_layer(place)}"
    if last.isdecimal() and "layers." in place:
        return f"the arithmetic of the cells{of_layer(place)}"
    if last.isdecimal():
        return f"a sum in the residual stream{of_layer(place)}"
    if last in ("", "encoder", "decoder"):
        return "the sum of token and position" if operation == "add" else f"{operation} outside the blocks"
    return f"{cross}{PARTS.get(last, last)}{of_layer(place)}"
