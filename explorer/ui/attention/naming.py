"""What heads are called, and in which words one says what they do. H heads, Q queries, K keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.measure import attention
from explorer.measure.heads import SCORES, stands_out
from explorer.runs.run import head_name
from explorer.ui.components.matrix_grid import Head

BROAD = 0.8  # share of the even row's entropy from which a head is said to look everywhere


def row_name(path: str) -> str:
    """`decoder.blocks.0.cross` is decoder cross 1."""
    stack, _, rest = path.rpartition("blocks.")
    number, part = rest.split(".")
    words = [
        stack.rstrip("."),
        "cross" if part == "cross" else "layer" if not stack else "",
        str(int(number) + 1),
    ]
    return " ".join(w for w in words if w)


def labels(path: str, patterns: np.ndarray, plain: dict[str, Any]) -> list[Head]:
    """Each head of an attention, with a plain word only where it clearly does something."""
    return [label(f"{path}.{h}", pattern, plain) for h, pattern in enumerate(patterns)]


def label(head: str, pattern: np.ndarray, plain: dict[str, Any]) -> Head:
    """A head's caption: what it does on repeated sequences, else the line in its pattern, else nothing."""
    path, _, number = head.rpartition(".")
    name = "head " + head_name(head).rpartition(" ")[2]  # the row says which stack
    scores, chance = plain["scores"][path], plain["chance"][path]
    if head in plain["ablated"]:
        return Head(head, name, "switched off")
    if "agreement" in scores:
        agrees = scores["agreement"][int(number)]
        note = f"agrees {agrees:.2f} (even {chance['agreement']:.2f})"
        return Head(head, name, note, good=bool(stands_out(agrees, chance["agreement"])))
    for kind, score in SCORES.items():
        if kind in scores and stands_out(scores[kind][int(number)], chance[kind]):
            return Head(head, name, score.words, good=True)
    found = attention.line(pattern)
    if stands_out(found.score, found.chance):
        return Head(head, name, line_words(found), good=True)
    return Head(head, name, "broad" if attention.entropy(pattern[None])[0] > BROAD else "")


def line_words(found: attention.Line) -> str:
    """A line in words."""
    if found.kind == "mirror":
        return "reads back"
    if found.offset == 0:
        return "looks at itself"
    return f"looks {found.offset} back" if found.offset > 0 else f"looks {-found.offset} ahead"


def summary(heads: list[Head], plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    """What to look for in these patterns."""
    patterns = {}
    for head in heads:
        path, _, number = head.id.rpartition(".")
        patterns[head.id] = arrays[f"{path}.pattern"][int(number)]
    gold = {
        f"{path}.{h}": share
        for path, scores in plain["scores"].items()
        for h, share in enumerate(scores.get("agreement", ()))
    }
    if gold:
        best = max(gold, key=lambda head: gold[head])
        even = plain["chance"][best.rpartition(".")[0]]["agreement"]
        return (
            f"{head_name(best)} agrees best with the true translation: {gold[best]:.0%} of its attention lies on the "
            f"outlined letters, where even attention would put {even:.0%}."
        )
    lines = {head: attention.line(pattern) for head, pattern in patterns.items()}
    best = max(lines, key=lambda head: lines[head].score)
    clear = [head_name(head.id) for head in heads if head.good]
    if not clear:
        spread = np.nanmean([attention.entropy(pattern[None])[0] for pattern in patterns.values()])
        return f"no head clearly does one thing yet; on average a row’s entropy is {spread:.0%} of an even row’s."
    who = f"{len(clear)} heads ({', '.join(clear[:4])}{'…' if len(clear) > 4 else ''}) each clearly do"
    return (
        f"{who if len(clear) > 1 else f'{clear[0]} clearly does'} one thing; the sharpest line is {head_name(best)}’s, "
        f"which {line_words(lines[best])}: {lines[best].score:.0%} of its attention lies there, where even attention "
        f"would put {lines[best].chance:.0%}."
    )
