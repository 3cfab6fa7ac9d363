"""What the bench found, as lines, tables and sentences: reach at longer lengths, and attention by distance.

Entries are (name, colour, answer of views/reach.lengths) or (name, answer of views/reach.distances).
"""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np

from explorer.charts import positions as charts
from explorer.charts import theme
from explorer.runs.answer import Answer
from explorer.runs.events import head_name
from explorer.ui.components.heat_map import Look, Side, message
from explorer.ui.numerics.answers import listed
from explorer.ui.positions.asked import projector

TIMES = (1, 2, 4)
NEAR = 0.02  # share of right answers: so close to guessing is called guessing, so close to the best is as good
Reached = list[tuple[str, str, Answer]]
Apart = list[tuple[str, Answer]]


def row(answer: Answer, times: int) -> dict[str, Any]:
    """What is known at a multiple of the trained length."""
    return next(row for row in answer[0]["rows"] if row["times"] == times)


def right(answer: Answer, times: int) -> float:
    """Share of right answers at a multiple; NaN where it cannot be."""
    return row(answer, times).get("right", math.nan)


def possible(known: Reached, times: int) -> bool:
    """Whether any of them can be asked at a multiple."""
    return any("right" in row(answer, times) for _, _, answer in known)


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


def reach_lines(known: Reached) -> list[list[dict[str, Any]]]:
    """Right answers over the length, by doublings, and the level of guessing."""
    found = []
    for name, color, answer in known:
        pairs = [(math.log2(times), right(answer, times)) for times in TIMES]
        x, y = (np.array(column) for column in zip(*pairs, strict=True))
        found += [charts.line(x, y, name, color, kind=kind) for kind in ("line", "dot")]
    x = np.array([math.log2(times) for times in TIMES])
    return [*found, charts.line(x, guessing(known), "guessing", theme.OUTSIDE, kind="faint")]


def guessing(known: Reached) -> np.ndarray:
    """The level of guessing at each multiple; NaN where nobody could be asked."""
    levels = []
    for times in TIMES:
        there = [row(answer, times) for _, _, answer in known if "chance" in row(answer, times)]
        levels.append(there[0]["chance"] if there else math.nan)
    return np.array(levels)


def table(known: Reached) -> str:
    """Right answers in numbers. Names are escaped; what cannot be says why on hover."""
    tokens = {
        times: next((row(a, times)["tokens"] for _, _, a in known if "tokens" in row(a, times)), None)
        for times in TIMES
    }
    heads = ["Encoding", *(f"{times} × · {tokens[times]} tokens" if tokens[times] else f"{times} ×" for times in TIMES)]
    lines = []
    for name, color, answer in known:
        cells = [cell(row(answer, times)) for times in TIMES]
        lines.append(f'<tr><td><i style="background:{color}"></i>{escape(name)}</td>{"".join(cells)}</tr>')
    levels = "".join(f"<td>{level:.1%}</td>" if level == level else "<td>–</td>" for level in guessing(known))
    lines.append(f"<tr><td>guessing</td>{levels}</tr>")
    head = "".join(f"<th>{word}</th>" for word in heads)
    return f'<table class="standings"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def cell(found: dict[str, Any]) -> str:
    """One share of right answers, or why there is none."""
    if "refused" in found:
        return f'<td title="{escape(found["refused"])}">not possible</td>'
    return f"<td>{found['right']:.1%}</td>"


def position_lines(known: Reached, times: int) -> tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Right answers by position at a multiple, and the end of the trained length."""
    found = []
    for name, color, answer in known:
        values = answer[1].get(f"right.{times}")
        if values is not None:
            x = np.arange(len(values), dtype=float)
            found += [charts.line(x, values, name, color, kind=kind) for kind in ("line", "dot")]
    trained = known[0][2][0]["trained"]
    return found, [charts.at(trained - 0.5, "trained up to here")] if times > 1 else []


def reach_sentence(known: Reached) -> str:
    """Who knows the task at the trained length, and who still does at the longest."""
    steps = sorted({answer[0]["step"] for _, _, answer in known})
    when = f"at step {steps[0]}" if len(steps) == 1 else f"at steps {steps[0]} to {steps[-1]}"
    said = f"{when} {alone(known) if len(known) == 1 else compared(known)}"
    rows = [answer[0]["untrained"] for _, _, answer in known if answer[0]["untrained"]]
    if rows:
        first, last = rows[0]
        which = f"row {first} was" if first == last else f"rows {first} to {last} were"
        said += f". The learned table’s {which} never trained"
    reasons = dict.fromkeys(r["refused"] for _, _, answer in known for r in answer[0]["rows"] if "refused" in r)
    if reasons:
        said += f". It goes no further: {next(iter(reasons))}"
    return f"{said}."


def alone(known: Reached) -> str:
    """How a single run does at the trained length and at the longest that it can be asked at."""
    times = [t for t in TIMES if possible(known, t)]
    shares, levels = [right(known[0][2], t) for t in times], guessing(known)
    if len(times) == 1:
        return f"it has {shares[0]:.0%} right at the trained length (guessing: {levels[0]:.0%})"
    last = levels[TIMES.index(times[-1])]
    return (
        f"it has {shares[0]:.0%} right at the trained length and {shares[-1]:.0%} at {times[-1]} × "
        f"(guessing: {levels[0]:.0%} and {last:.0%})"
    )


def compared(known: Reached) -> str:
    """Who of several is best at the trained length, and who at the longest."""
    levels = guessing(known)
    trained = {name: right(answer, 1) for name, _, answer in known}
    best = max(trained, key=lambda name: trained[name])
    good = [name for name in trained if trained[name] >= trained[best] - NEAR]
    if trained[best] <= levels[0] + NEAR:
        said = f"none does better than guessing at the trained length ({levels[0]:.0%})"
    else:
        are = "is" if len(good) == 1 else "are"
        said = f"{listed(good)} {are} best at the trained length, with {trained[best]:.0%} right"
    longest = {name: right(answer, TIMES[-1]) for name, _, answer in known if math.isfinite(right(answer, TIMES[-1]))}
    if not longest:
        return said
    far = max(longest, key=lambda name: longest[name])
    if longest[far] <= levels[-1] + NEAR:
        return f"{said}; at {TIMES[-1]} × none does better than guessing ({levels[-1]:.0%})"
    return f"{said}; at {TIMES[-1]} × {far} is best, with {longest[far]:.0%} where guessing has {levels[-1]:.0%}"


def distance_map(alike: Apart) -> bytes:
    """A panel for each encoding: heads over distance, and a head that spreads evenly."""
    plain, arrays = alike[0][1]
    rows = [*(head_name(head).removeprefix("head ") for head in plain["heads"]), "even"]
    panels = {name: np.vstack([found["mean"], found["even"]]) for name, (_, found) in alike}
    columns = Side("distance: query − key", [str(d).replace("-", "−") for d in arrays["distances"].tolist()])
    text = "Mean attention of every head by distance; rows are heads, columns distances"
    title = "Attention by distance, of each head"
    tall = 78 + 17 * len(rows)
    look = Look(title, text, "mean attention of pairs so far apart", "probability", tall, least=300)
    return message(panels, Side("head", rows), columns, look, projector())


def distance_sentence(alike: Apart) -> str:
    """How far heads look on average, under each encoding, and the sharpest of all."""
    centres = {name: float(np.mean(found["centre"])) for name, (_, found) in alike}
    if not np.isfinite(list(centres.values())).all():
        return "some attention is not finite any more."
    near, far = min(centres, key=lambda n: centres[n]), max(centres, key=lambda n: centres[n])
    name, answer = max(alike, key=lambda entry: float(entry[1][1]["mean"].max()))
    plain, found = answer
    h, d = np.unravel_index(int(found["mean"].argmax()), found["mean"].shape)
    sharp = (
        f"{head_name(plain['heads'][h])} of {name} gives {found['mean'][h, d]:.0%} to the key at distance "
        f"{found['distances'][d]}, where even attention gives {found['even'][d]:.0%}"
    )
    if len(alike) == 1:
        return f"heads look {centres[name]:.1f} positions away on average; {sharp}."
    return (
        f"on average heads look {centres[near]:.1f} positions away with {near} and {centres[far]:.1f} with {far}; "
        f"sharpest of all, {sharp}."
    )
