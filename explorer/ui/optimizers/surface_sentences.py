"""What is said of a surface: of what its losses are, what it shows, and which path must not be read on it."""

from __future__ import annotations

from html import escape

import numpy as np

from explorer.answers.records.landscape import LossSurface, RunPath, SurfacePaths
from explorer.measure.names import number, percent, plural
from explorer.ui.components.landscape import Track
from explorer.ui.optimizers.plane_choice import KINDS, Walker

TINY = 1e-9  # a distance that is none but for rounding
APART = 0.1  # nats between a point's own loss and the plane's beneath it that are worth a word, and of its own loss


def text(surface: LossSurface, kind: str, tracks: list[Track]) -> str:
    """The picture in words."""
    names = ", ".join(track.name for track in tracks) or "no run"
    return (
        f"Loss of the model on a plane through its weights at step {surface.step:,}, {KINDS[kind].lower()}; "
        f"{surface.done:,} of {surface.of:,} points are computed; paths of {names}."
    )


def batch_words(surface: LossSurface, broken: int = 0) -> str:
    """On what the loss is, and how it differs from the one that training has. broken: points that are not finite."""
    some = surface.samples < surface.batch
    which = f"the first {surface.samples} of the {surface.batch}" if some else f"the {surface.samples}"
    batch = f"loss on {which} sample{plural(surface.batch)} of the batch of step {surface.step:,}"
    if surface.accumulate > 1:
        batch = f"loss on {which} sample{plural(surface.batch)} of the batch of step {surface.step:,} of the first part"
    left = {"dropout": surface.dropout, "label smoothing": surface.smoothing, "own tokens": surface.own_prefix}
    without = " and ".join(f"the {name} of {value:g}" for name, value in left.items() if value)
    details = [
        batch,
        f"without {without} that training has" if without else "",
        "colours on a log scale",
        f"{surface.done:,} of {surface.of:,} points",
        f"{broken:,} of them have no finite loss and are green" if broken else "",
    ]
    return " · ".join(words for words in details if words)


def sentence(surface: LossSurface, places: SurfacePaths | None, walkers_shown: list[Walker]) -> str:
    """How much the plane holds, where it is lowest, and which path must not be read on it."""
    finite = surface.losses[np.isfinite(surface.losses)]
    if not len(finite):
        return "no point of this plane has a finite loss."
    words = [
        f"at the centre the loss is {number(surface.loss)} nats, on this plane from {number(float(finite.min()))} to "
        f"{number(float(finite.max()))}"
    ]
    if surface.explained is not None:
        first, second = surface.explained
        held = percent(first + second, 1)
        share = f"the plane holds {held} of the squared distances of the snapshots from it"
        if surface.wandering is not None:
            share = (
                f"the plane holds {held} of the squared distances of the snapshots from it (a random walk of as many "
                f"steps would come to {percent(surface.wandering)})"
            )
        words.append(share)
    names = {str(walker.run.path): walker.name for walker in walkers_shown}
    off = [] if places is None else [run for run in places.runs if run.path in names and apart(run)]
    worst = max(off, key=apart, default=None)
    if worst is not None and worst.itself is not None and worst.beneath is not None:
        words.append(
            f"{names[worst.path]} at its step {worst.last:,} lies off the plane, its own loss is "
            f"{number(worst.itself, 3)} and the one beneath it {number(worst.beneath, 3)}: do not read its path "
            "as lying on the surface"
        )
    return "; ".join(words) + "."


def apart(run: RunPath) -> float:
    """By how much the surface beneath the end of a path shows another loss than its weights have; 0 if hardly."""
    if run.itself is None or run.beneath is None:
        return 0.0
    gap = abs(run.itself - run.beneath)
    return gap if gap > APART * max(1.0, run.itself) else 0.0


def table(places: SurfacePaths, tracks: list[Track], walkers_shown: list[Walker]) -> str:
    """Every path in numbers. Names are a visitor's and escaped."""
    walkers_of = {str(w.run.path): w for w in walkers_shown}
    by_name = {track.name: track for track in tracks}
    rows = []
    for run in places.runs:
        walker = walkers_of.get(run.path)
        track = None if walker is None else by_name.get(walker.name)
        if walker is None or track is None:
            continue
        now = max(0, track.now)
        distance, off = (
            (0.0, 0.0) if track.distances is None or track.off is None else (track.distances[now], track.off[now])
        )
        cells = (
            f"{track.steps[now]:,.0f}",
            f"{number(float(distance) if distance > TINY else 0.0, 3)} ({percent(off)})",
            "–" if run.explained is None else percent(run.explained, 1),
            f"{run.last:,}",
            "not finite" if run.itself is None else number(run.itself),
            "not finite" if run.beneath is None else number(run.beneath),
        )
        dot = f'<i style="display:inline-block;width:.7em;height:.7em;border-radius:50%;background:{walker.color}"></i>'
        rows.append(f"<tr><th>{dot} {escape(walker.name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = ("", "step", "off the plane", "path in the plane", "last step", "its own loss", "loss beneath")
    top = "".join(f"<th>{word}</th>" for word in head)
    misfits = len(places.misfits)
    other = (
        f"<p><small>{misfits} other run{'s' if misfits > 1 else ''} of other shapes not drawn.</small></p>"
        if misfits
        else ""
    )
    body = f'<table class="scores"><thead><tr>{top}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div style="overflow-x: auto">{body}{other}</div>'
