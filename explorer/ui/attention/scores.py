"""What heads do: every score of every head at this step, and one of them over the whole training."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import streamlit as st

from explorer.answers.records.heads import HeadHistory
from explorer.charts import heads as charts
from explorer.charts.timeline import Guide
from explorer.measure.heads import CLEAR, ON_INPUT, SCORES, TIMES_CHANCE, stands_out
from explorer.measure.lines import KINDS, Line
from explorer.measure.names import attention_name, finite, fixed, head_name, listed, lost, number
from explorer.measure.standing import AGREEMENT, claim, kinds_of_lines
from explorer.ui import held, picture, visit
from explorer.ui.attention import discoveries, naming, opening
from explorer.ui.attention.discoveries import Measured
from explorer.ui.attention.look import Look
from explorer.ui.attention.naming import claims, labels
from explorer.ui.frame import cards
from explorer.ui.parts.steered import present, steered

ON_GOLD = ("gold", "attention on the true translation’s letters")
IMPORTANCE = ("importance", "mean |out · ∂L/∂out|: first estimate of what the head is worth")
ON_PROBE = {"entropy": "entropy on the probe", AGREEMENT: "agreement with the translation"}


def columns() -> dict[str, tuple[str, str]]:
    """Of the table: each score with its heading and what it means."""
    repeats, lines, inputs = (
        {name: (score.heading, score.meaning) for name, score in scores.items()} for scores in (SCORES, KINDS, ON_INPUT)
    )
    return repeats | lines | {AGREEMENT: ON_GOLD} | inputs | {"importance": IMPORTANCE}


def over_time() -> dict[str, str]:
    """The scores that are drawn over steps, each in words; the last circuit to form first."""
    return {name: SCORES[name].words for name in reversed(SCORES)} | {k: v.words for k, v in KINDS.items()} | ON_PROBE


def show(look: Look) -> None:
    """The table at this step, and the lines over training."""
    left, right = cards("scores", 1.9, 1)
    with left:
        st.markdown(f"**Every head** · step {look.step:,}")
        st.html(table(look))
        picture.look_for("scores", sentence(look))
    with right:
        history = discoveries.follow(look.view)
        if history is not None:
            over_training(look, history)
    picture.computed(
        computed(),
        *(score.measure for score in SCORES.values()),
    )


def computed() -> str:
    """How the scores are computed, in words."""
    formulas = "; ".join(f"{score.heading}: {score.formula} ({score.source})" for score in SCORES.values())
    levels = listed([f"{score.clear:g} for {score.heading}" for score in SCORES.values()])
    return (
        f"Mean attention on random sequences of n tokens said twice: {formulas}. The other scores are of the input "
        "shown; of each kind of line it is the clearest. A head that spreads evenly over all that it may see scores as "
        f"chance. A head is named where a score is at least {levels} ({CLEAR:g} for a line), and {TIMES_CHANCE:g} "
        "times chance; the mark on the scrubber stands at the first snapshot from which it stays so."
    )


def table(look: Look) -> str:
    """The scores of all heads as an HTML table: words and numbers of ours only."""
    maps, titles = look.maps, columns()
    visible = kinds_of_lines([lines for one in maps.attentions.values() for lines in one.lines])
    kinds = [k for k in titles if k in visible or any(k in one.scores for one in maps.attentions.values())]
    head = "".join(f'<th title="{escape(titles[kind][1])}">{escape(titles[kind][0])}</th>' for kind in kinds)
    body = []
    # those with an alignment to keep to, which stand out first, are in sight
    for path, one in sorted(maps.attentions.items(), key=lambda item: AGREEMENT not in item[1].scores):
        scores, chance = one.scores, one.chance
        for h, label in enumerate(labels(path, maps)):
            lines = one.lines[h]
            cells = "".join(
                line_cell(lines.get(kind)) if kind in KINDS else cell(kind, scores.get(kind), chance.get(kind), h)
                for kind in kinds
            )
            chosen = ' class="chosen"' if label.id == look.head else ""
            body.append(f"<tr{chosen}><th>{escape(short(label.id))}</th>{cells}</tr>")
        even = "".join(f"<td>{score(kind, chance[kind])}</td>" if kind in chance else "<td></td>" for kind in kinds)
        body.append(f'<tr class="even"><th>even {escape(attention_name(path))}</th>{even}</tr>')
    rows = f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    return f'<div class="wide tall" tabindex="0"><table class="scores heads">{rows}</table></div>'


def short(head: str) -> str:
    """A head's name where room is scarce: head 1.2, encoder 1.2, cross 1.2."""
    return head_name(head).replace("decoder cross-head", "cross").replace("coder head", "coder")


def cell(kind: str, scores: list[float] | None, chance: float | None, h: int) -> str:
    """One number; what stands out is set apart."""
    if scores is None:
        return "<td></td>"
    clear = chance is not None and claim({kind: scores[h]}, {kind: chance}, {}) is not None
    return f'<td class="{"good" if clear else ""}">{score(kind, scores[h])}</td>'


def line_cell(line: Line | None) -> str:
    """The clearest line of a kind, whose distance is said where the pointer rests."""
    if line is None:
        return "<td></td>"
    good = "good" if stands_out(line.score, line.chance) else ""
    about = f"{line.words}; even attention: {fixed(line.chance, 2)}"
    return f'<td class="{good}" title="{escape(about)}">{score(line.kind, line.score)}</td>'


def score(kind: str, value: float) -> str:
    """A score as it is printed."""
    if not np.isfinite(value):
        return "–"
    if kind == "importance":
        return number(value, 2)
    return fixed(value, ON_INPUT[kind].decimals if kind in ON_INPUT else 2)


def sentence(look: Look) -> str:
    """What to look for in the table."""
    attentions, clear = look.maps.attentions, claims(look.maps)
    if not finite(*(one.pattern for one in attentions.values())):
        return lost("attention", look.step)
    if clear:
        return f"{naming.sentence(*max(clear.items(), key=lambda item: item[1].lead))}. What stands out is green."
    if not any(kind in one.scores for one in attentions.values() for kind in SCORES):
        return "no head clearly does one thing yet; this task’s inputs are too short to repeat a sequence."
    best, highest, kind, chance = max(
        (
            (f"{path}.{h}", value, kind, one.chance[kind])
            for path, one in attentions.items()
            for kind in SCORES
            for h, value in enumerate(one.scores.get(kind, ()))
        ),
        key=lambda clear: clear[1],
    )
    return (
        f"no head clearly does one thing yet; the highest score on repeated sequences is {head_name(best)}’s for "
        f"{SCORES[kind].words}, {fixed(highest, 2)}, where even attention has {fixed(chance, 2)}."
    )


def over_training(look: Look, history: HeadHistory) -> None:
    """One score of all heads over the snapshots, with chance and what was found."""
    titles = over_time()
    offered = [kind for kind in titles if kind in history.scores or (kind == AGREEMENT and history.aligned)]
    measured = discoveries.measures(history)
    held.holds("score", visit.kept(opening.Measure), "chosen")
    kind = opening.measure_of(look.view.run.id, leads(measured) if len(history.steps) else {}, offered)
    key = steered("score", kind)

    def choose() -> None:
        if present("score", key):
            visit.kept(opening.Measure).chosen = st.session_state[key]

    st.selectbox(
        "Score",
        offered,
        offered.index(kind),
        format_func=titles.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=choose,
    )
    aligned = kind == AGREEMENT
    named = history.aligned if aligned else history.heads
    values = history.agreement if aligned else history.scores[kind]
    guides = levels(history, kind, measured) if len(history.steps) else []
    heads = [(head_name(h), attention_name(h.rpartition(".")[0]), int(h.rpartition(".")[2])) for h in named]
    layers = list(dict.fromkeys(layer for _, layer, _ in heads))
    events, cursor = [e for e in look.view.events if e.kind == "found"], look.view.cursor
    curves = charts.parts(history.steps, values, heads, guides=guides, events=events, cursor=cursor)
    picture.curves(charts.panel(titles[kind].capitalize(), layers), curves, "scores")
    picture.look_for("history", since(look))


def levels(history: HeadHistory, kind: str, measured: Mapping[str, Measured]) -> list[Guide]:
    """What even attention has of a score, and from which on a head is named; none where it gives no name."""
    even = (history.agreement_chance if kind == AGREEMENT else history.chance.get(kind, np.empty((1, 0))))[-1]
    if kind not in measured or not np.isfinite(even).any():
        return []
    clear, chance = measured[kind].clear, float(np.nanmax(even))
    named = chance + clear * (1 - chance) if kind == AGREEMENT else clear  # that far from even attention to all of it
    return [Guide(named, f"named from {number(named)}"), Guide(chance, f"even attention: {fixed(chance, 2)}")]


def since(look: Look) -> str:
    """What was found, in order."""
    marked = sorted((e for e in look.view.events if e.kind == "found"), key=lambda e: e.step)
    if not marked:
        return "no head stands out yet; a mark will appear on the scrubber where one does."
    first = [f"{head_name(e.detail['head'])} ({e.detail['what']}, formed at step {e.step:,})" for e in marked[:2]]
    if len(first) == 1:
        return f"first {first[0]}; it has its mark on the scrubber."
    one, two = first
    if more := len(marked) - 2:
        return f"first {one}, then {two}, and {more} more; each has its mark on the scrubber."
    return f"first {one}, then {two}; each has its mark on the scrubber."


def leads(measured: Mapping[str, Measured]) -> dict[str, float]:
    """How far the measures in which some head stands out at the last snapshot have come from chance to 1."""
    share = {}
    for name, of in measured.items():
        out, even = of.out[-1], of.chance[-1]
        far = (of.scores[-1] - even)[out] / (1 - even[out])
        if len(far):
            share[name] = float(far.max())
    return share
