"""What the bench found, as lines, tables and sentences: reach at longer lengths, and attention by distance.

Entries are (name, colour, Reach) or (name, Distances).
"""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np

from explorer.answers.records.reach import Distances, Reach, Stretch
from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.measure.chance import above_chance
from explorer.measure.names import fixed, head_name, listed, percent
from explorer.ui import visit
from explorer.ui.components.heat_map import Look, Side, message

TIMES = (1, 2, 4)
NEAR = 0.02  # share of right answers: so close to the best is as good
Reached = list[tuple[str, str, Reach]]
Apart = list[tuple[str, Distances]]


def row(answer: Reach, times: int) -> Stretch:
    """What is known at a multiple of the trained length."""
    return next(stretch for stretch in answer.stretches if stretch.times == times)


def right(answer: Reach, times: int) -> float:
    """Share of right answers at a multiple; NaN where it cannot be."""
    return row(answer, times).right


def knows(reached: Reached, name: str, times: int) -> bool:
    """Whether an encoding is right more often than by chance at a multiple, by the standard error of its answers."""
    stretch = next(row(answer, times) for each, _, answer in reached if each == name)
    return above_chance(stretch.right, stretch.chance, stretch.answers)


def possible(reached: Reached, times: int) -> bool:
    """Whether any of them can be asked at a multiple."""
    return any(not row(answer, times).refused for _, _, answer in reached)


def start_sentence(hashes: dict[str, str | None], learned: set[str], same_batches: bool) -> str:
    """Which of the contenders began from the same weights, and whether all see the same batches.

    hashes: of the initial weights, by name.   learned: those that have a table of positions.
    """
    if len(hashes) == 1:
        return "a single run: train five encodings on the same batches to compare it with others."
    batches = "the batches are the same for all" if same_batches else "not all see the same batches"
    if None in hashes.values():
        return f"the initial weights are being drawn; {batches}."
    alike = [n for n, h in hashes.items() if list(hashes.values()).count(h) > 1]
    alone = [n for n in hashes if n not in alike]
    if not alone:
        return f"all {len(hashes)} began from the same weights; {batches}."
    if not alike:
        return f"no two began from the same weights; {batches}."
    why = " (a table of positions is drawn before the blocks)" if set(alone) <= learned else ""
    return f"{listed(alike)} began from the same weights, {listed(alone)} from others{why}; {batches}."


def reach_lines(reached: Reached) -> list[list[dict[str, Any]]]:
    """Right answers over the length, by doublings, and chance."""
    lines = []
    for name, color, answer in reached:
        pairs = [(math.log2(times), right(answer, times)) for times in TIMES]
        x, y = (np.array(column) for column in zip(*pairs, strict=True))
        lines += [charts.line(x, y, name, color, kind=kind) for kind in ("line", "dot")]
    x = np.array([math.log2(times) for times in TIMES])
    return [*lines, charts.line(x, chance(reached), "chance", theme.OUTSIDE, kind="faint")]


def chance(reached: Reached) -> np.ndarray:
    """Chance at each multiple; NaN where nobody could be asked."""
    levels = []
    for times in TIMES:
        levels.append(next((row(a, times).chance for _, _, a in reached if not row(a, times).refused), math.nan))
    return np.array(levels)


def table(reached: Reached) -> str:
    """Right answers in numbers. Names are escaped; what cannot be says why on hover."""
    tokens = {
        times: next((row(a, times).tokens for _, _, a in reached if not row(a, times).refused), None) for times in TIMES
    }
    heads = ["Encoding", *(f"{times} × · {tokens[times]} tokens" if tokens[times] else f"{times} ×" for times in TIMES)]
    lines = []
    for name, color, answer in reached:
        cells = [cell(row(answer, times)) for times in TIMES]
        lines.append(f'<tr><td><i style="background:{color}"></i>{escape(name)}</td>{"".join(cells)}</tr>')
    levels = "".join(f"<td>{percent(level, 1)}</td>" if level == level else "<td>–</td>" for level in chance(reached))
    lines.append(f"<tr><td>chance</td>{levels}</tr>")
    head = "".join(f"<th>{word}</th>" for word in heads)
    body = f'<table class="standings"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return f'<div class="wide">{body}</div>'


def cell(stretch: Stretch) -> str:
    """One share of right answers, or why there is none."""
    if stretch.refused:
        return f'<td title="{escape(stretch.refused)}">not possible</td>'
    return f"<td>{percent(stretch.right, 1)}</td>"


def position_lines(reached: Reached, times: int) -> tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Right answers by position at a multiple, and the end of the trained length."""
    lines = []
    for name, color, answer in reached:
        values = row(answer, times).right_by_position
        if values is not None:
            x = np.arange(len(values), dtype=float)
            lines += [charts.line(x, values, name, color, kind=kind) for kind in ("line", "dot")]
    trained = reached[0][2].trained
    return lines, [charts.at(trained - 0.5, "trained up to here")] if times > 1 else []


def reach_sentence(reached: Reached) -> str:
    """Who knows the task at the trained length, and who still does at the longest."""
    steps = sorted({answer.step for _, _, answer in reached})
    comparison = alone(reached) if len(reached) == 1 else compared(reached)
    when = (
        f"at step {steps[0]:,} {comparison}"
        if len(steps) == 1
        else f"at steps {steps[0]:,} to {steps[-1]:,} {comparison}"
    )
    sentences = [when]
    rows = [answer.untrained for _, _, answer in reached if answer.untrained]
    if rows:
        first, last = rows[0]
        which = f"row {first} was" if first == last else f"rows {first} to {last} were"
        sentences.append(f"The learned table’s {which} never trained")
    reasons = dict.fromkeys(s.refused for _, _, answer in reached for s in answer.stretches if s.refused)
    if reasons:
        sentences.append(f"It goes no further: {next(iter(reasons))}")
    return f"{'. '.join(sentences)}."


def alone(reached: Reached) -> str:
    """How a single run does at the trained length and at the longest that it can be asked at."""
    times = [t for t in TIMES if possible(reached, t)]
    shares, levels = [right(reached[0][2], t) for t in times], chance(reached)
    if len(times) == 1:
        return f"it has {percent(shares[0])} right at the trained length (chance: {percent(levels[0])})"
    last = levels[TIMES.index(times[-1])]
    return (
        f"it has {percent(shares[0])} right at the trained length and {percent(shares[-1])} at {times[-1]} × "
        f"(chance: {percent(levels[0])} and {percent(last)})"
    )


def compared(reached: Reached) -> str:
    """Who of several is best at the trained length, and who at the longest."""
    levels = chance(reached)
    trained = {name: right(answer, 1) for name, _, answer in reached}
    best = max(trained, key=lambda name: trained[name])
    good = [name for name in trained if trained[name] >= trained[best] - NEAR]
    if not knows(reached, best, 1):
        words = f"none does better than chance at the trained length ({percent(levels[0])})"
    else:
        words = (
            f"{listed(good)} {'is' if len(good) == 1 else 'are'} best at the trained length, with "
            f"{percent(trained[best])} right"
        )
    longest = {name: right(answer, TIMES[-1]) for name, _, answer in reached if math.isfinite(right(answer, TIMES[-1]))}
    if not longest:
        return words
    far = max(longest, key=lambda name: longest[name])
    if not knows(reached, far, TIMES[-1]):
        return f"{words}; at {TIMES[-1]} × none does better than chance ({percent(levels[-1])})"
    return (
        f"{words}; at {TIMES[-1]} × {far} is best, with {percent(longest[far])} where chance is {percent(levels[-1])}"
    )


def distance_map(alike: Apart) -> bytes:
    """A panel for each encoding: heads over distance, and a head that spreads evenly."""
    first = alike[0][1]
    rows = [*(head_name(head).removeprefix("head ") for head in first.heads), "even"]
    panels = {name: np.vstack([answer.mean, answer.even]) for name, answer in alike}
    columns = Side("distance: query − key", [str(d).replace("-", "−") for d in first.distances.tolist()])
    text = "Mean attention of every head by distance; rows are heads, columns distances"
    title = "Attention by distance, of each head"
    tall = 78 + 17 * len(rows)
    look = Look(title, text, "mean attention of pairs so far apart", "probability", tall, least=300)
    return message(panels, Side("head", rows), columns, look, visit.state().projector)


def distance_sentence(alike: Apart) -> str:
    """How far heads look on average, under each encoding, and the sharpest of all."""
    centres = {name: float(np.mean(answer.centre)) for name, answer in alike}
    if not np.isfinite(list(centres.values())).all():
        return "some attention is not finite any more."
    near, far = min(centres, key=lambda n: centres[n]), max(centres, key=lambda n: centres[n])
    name, answer = max(alike, key=lambda entry: float(entry[1].mean.max()))
    h, d = np.unravel_index(int(answer.mean.argmax()), answer.mean.shape)
    sharp = (
        f"{head_name(answer.heads[h])} of {name} gives {percent(answer.mean[h, d])} to the key at distance "
        f"{answer.distances[d]}, where even attention gives {percent(answer.even[d])}"
    )
    if len(alike) == 1:
        return f"heads look {fixed(centres[name], 1)} positions away on average; {sharp}."
    return (
        f"on average heads look {fixed(centres[near], 1)} positions away with {near} and {fixed(centres[far], 1)} "
        f"with {far}; "
        f"sharpest of all, {sharp}."
    )
