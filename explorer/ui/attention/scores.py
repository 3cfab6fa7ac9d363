"""What heads do: every score of every head at this step, and one of them over the whole training."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer.charts import heads as charts
from explorer.charts.timeline import Guide
from explorer.measure.heads import CLEAR, SCORES, stands_out
from explorer.runs.answer import Answer
from explorer.runs.run import head_name
from explorer.ui import picture
from explorer.ui.attention import discoveries
from explorer.ui.attention.look import Look
from explorer.ui.attention.naming import labels, row_name
from explorer.ui.frame import cards

COLUMNS = {  # of the table: score, its heading, what it means
    "previous": ("previous", "mean attention on the token just before"),
    "duplicate": ("duplicate", "mean attention on the earlier copy of the same token"),
    "induction": ("induction", "mean attention on what came after the earlier copy"),
    "agreement": ("gold", "attention on the true translation’s letters"),
    "entropy": ("entropy", "1: spread evenly over all it may see, 0: on one key"),
    "sink": ("first", "attention on the first token"),
    "distance": ("distance", "mean distance, in tokens"),
    "importance": ("importance", "mean |out · ∂L/∂out|: first estimate of what the head is worth"),
}
OVER_TIME = {
    "induction": "induction",
    "previous": "previous token",
    "duplicate": "duplicate token",
    "line": "clearest line on the probe",
    "entropy": "entropy on the probe",
}


def show(look: Look) -> None:
    """The table at this step, and the lines over training."""
    left, right = cards("scores", 1.25, 1)
    with left:
        st.markdown(f"**Every head** · step {look.step}")
        st.html(table(look))
        picture.look_for("scores", sentence(look))
    with right:
        history = discoveries.follow(look.view)
        if history is not None:
            over_training(look, history)
    picture.computed(
        "Previous, duplicate and induction are mean attention on random sequences of n tokens said twice, "
        "A[q, q−1], A[q, q−n] and A[q, q−n+1] (Olsson et al. 2022); the others on the input shown. A head that "
        "spreads evenly over all that it may see scores as chance. A head is named where a score is at least "
        f"{CLEAR:g} and three times chance; the mark on the scrubber stands at the first snapshot from which it "
        "stays so.",
        *(score.measure for score in SCORES.values()),
    )


def table(look: Look) -> str:
    """The scores of all heads as an HTML table: words and numbers of ours only."""
    plain = look.plain
    kinds = [kind for kind in COLUMNS if any(kind in scores for scores in plain["scores"].values())]
    head = "".join(f'<th title="{escape(COLUMNS[kind][1])}">{COLUMNS[kind][0]}</th>' for kind in kinds)
    body = []
    for path in plain["paths"]:
        scores, chance = plain["scores"][path], plain["chance"][path]
        for h, label in enumerate(labels(path, look.arrays[f"{path}.pattern"], plain)):
            cells = "".join(cell(kind, scores.get(kind), chance.get(kind), h) for kind in kinds)
            chosen = ' class="chosen"' if label.id == look.head else ""
            body.append(f"<tr{chosen}><th>{escape(short(label.id))}</th>{cells}</tr>")
        even = "".join(f"<td>{number(kind, chance[kind])}</td>" if kind in chance else "<td></td>" for kind in kinds)
        body.append(f'<tr class="even"><th>even {escape(row_name(path))}</th>{even}</tr>')
    return f'<table class="scores"><thead><tr><th></th>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'


def short(head: str) -> str:
    """A head's name where room is scarce: head 1.2, encoder 1.2, cross 1.2."""
    return head_name(head).replace("decoder cross-head", "cross").replace("coder head", "coder")


def cell(kind: str, scores: list[float] | None, chance: float | None, h: int) -> str:
    """One number; what stands out is set apart."""
    if scores is None:
        return "<td></td>"
    clear = (kind in SCORES or kind == "agreement") and chance is not None and stands_out(scores[h], chance)
    return f'<td class="{"good" if clear else ""}">{number(kind, scores[h])}</td>'


def number(kind: str, value: float) -> str:
    """A score as it is printed."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.1e}" if kind == "importance" else f"{value:.1f}" if kind == "distance" else f"{value:.2f}"


def sentence(look: Look) -> str:
    """What to look for in the table."""
    if "induction" not in look.plain["scores"][look.plain["paths"][0]]:
        return "this task’s inputs are too short to repeat a sequence, so that only this input tells what heads do."
    best, score, kind, chance = max(
        (
            (f"{path}.{h}", value, kind, look.plain["chance"][path][kind])
            for path in look.plain["paths"]
            for kind in SCORES
            for h, value in enumerate(look.plain["scores"][path].get(kind, ()))
        ),
        key=lambda found: found[1],
    )
    verdict = "clearly above" if stands_out(score, chance) else "not clearly above"
    return (
        f"the highest score is {head_name(best)}’s for {SCORES[kind].words}: {score:.2f}, {verdict} the "
        f"{chance:.2f} of even attention."
    )


def over_training(look: Look, history: Answer) -> None:
    """One score of all heads over the snapshots, with chance and what was found."""
    plain, arrays = history
    offered = [kind for kind in OVER_TIME if kind in arrays]
    kind = st.segmented_control(
        "Score",
        offered,
        format_func=OVER_TIME.__getitem__,
        default=offered[0],
        key=f"score-{plain['n'] > 0}",
        label_visibility="collapsed",
        required=True,
    )
    guides = [Guide(CLEAR, f"named from {CLEAR:g}")] if kind in SCORES else []
    if kind in SCORES:
        chance = max(plain["chance"][kind])
        guides.append(Guide(chance, f"even attention: {chance:.2f}"))
    heads = [(head_name(h), row_name(h.rpartition(".")[0]), int(h.rpartition(".")[2])) for h in plain["heads"]]
    layers = list(dict.fromkeys(layer for _, layer, _ in heads))
    events = [e for e in look.view.events if e.kind == "found"]
    drawn = charts.parts(arrays["steps"], arrays[kind], heads, guides=guides, events=events, cursor=look.view.cursor)
    picture.curves(charts.panel(OVER_TIME[kind].capitalize(), layers), drawn, "scores")
    picture.look_for("history", since(look))


def since(look: Look) -> str:
    """What was found, in order."""
    found = sorted((e for e in look.view.events if e.kind == "found"), key=lambda e: e.step)
    if not found:
        return "no head stands out yet in any score on repeated sequences; a mark will appear where one does."
    first = [f"{head_name(e.detail['head'])} ({e.detail['what']}, step {e.step})" for e in found[:3]]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"in order: {', '.join(first)}{more}; each has its mark on the scrubber."
