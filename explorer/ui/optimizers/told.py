"""What is said of a surface: of what its losses are, what it shows, and which path must not be read on it."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from explorer.measure.updates import number
from explorer.runs.answer import Answer
from explorer.ui.components.landscape import Track
from explorer.ui.optimizers.laying import KINDS, Walker

TINY = 1e-9  # a distance that is none but for rounding
APART = 0.1  # nats between a point's own loss and the plane's beneath it that are worth a word, and of its own loss


def text(plain: dict[str, Any], kind: str, tracks: list[Track]) -> str:
    """The picture in words."""
    names = ", ".join(track.name for track in tracks) or "no run"
    return (
        f"Loss of the model on a plane through its weights at step {plain['step']}, {KINDS[kind].lower()}; "
        f"{plain['done']} of {plain['of']} points are computed; paths of {names}."
    )


def batch_words(plain: dict[str, Any], broken: int = 0) -> str:
    """On what the loss is, and how it differs from the one that training has. broken: points that are not finite."""
    some = plain["samples"] < plain["batch"]
    which = f"the first {plain['samples']} of the {plain['batch']}" if some else f"the {plain['samples']}"
    part = " of the first part" if plain["accumulate"] > 1 else ""
    dropout = f" · without the dropout of {plain['dropout']:g} that training has" if plain["dropout"] else ""
    return (
        f"loss on {which} samples of the batch of step {plain['step']}{part}{dropout} · colours on a log scale · "
        f"{plain['done']:,} of {plain['of']:,} points"
        + (f" · {broken:,} of them have no finite loss and are green" if broken else "")
    )


def sentence(plain: dict[str, Any], losses: np.ndarray, places: Answer | None, drawn_over: list[Walker]) -> str:
    """How much the plane holds, where it is lowest, and which path must not be read on it."""
    known = losses[np.isfinite(losses)]
    if not len(known):
        return "no point of this plane has a finite loss."
    words = [
        f"at the centre the loss is {number(plain['loss'])} nats, on this plane from {number(float(known.min()))} to "
        f"{number(float(known.max()))}"
    ]
    if plain["explained"] is not None:
        first, second = plain["explained"]
        share = f"the plane holds {first + second:.1%} of the squared distances of the snapshots from it"
        if plain["wandering"] is not None:
            share += f" (a random walk of as many steps would come to {plain['wandering']:.0%})"
        words.append(share)
    names = {str(walker.run.path): walker.name for walker in drawn_over}
    off = [] if places is None else [run for run in places[0]["runs"] if apart(run) and run["path"] in names]
    if off:
        worst = max(off, key=lambda run: abs(run["itself"] - run["beneath"]))
        words.append(
            f"{names[worst['path']]} at its step {worst['last']} lies off the plane, its own loss is "
            f"{number(worst['itself'], 3)} and the one beneath it {number(worst['beneath'], 3)}: do not read its path "
            "as lying on the surface"
        )
    return "; ".join(words) + "."


def apart(run: dict[str, Any]) -> bool:
    """True where the surface beneath the end of a path tells another loss than its weights have."""
    own, beneath = run["itself"], run["beneath"]
    return own is not None and beneath is not None and abs(own - beneath) > APART * max(1.0, own)


def table(places: Answer, tracks: list[Track], drawn_over: list[Walker]) -> str:
    """Every path in numbers. Names are a visitor's and escaped."""
    walkers_of = {str(w.run.path): w for w in drawn_over}
    by_name = {track.name: track for track in tracks}
    rows = []
    for run in places[0]["runs"]:
        walker = walkers_of.get(run["path"])
        track = None if walker is None else by_name.get(walker.name)
        if walker is None or track is None:
            continue
        now = max(0, track.now)
        distance, off = (
            (0.0, 0.0) if track.distances is None or track.off is None else (track.distances[now], track.off[now])
        )
        cells = (
            f"{track.steps[now]:.0f}",
            f"{number(float(distance) if distance > TINY else 0.0, 3)} ({off:.0%})",
            "–" if run["explained"] is None else f"{run['explained']:.1%}",
            f"{run['last']}",
            "not finite" if run["itself"] is None else number(run["itself"]),
            "not finite" if run["beneath"] is None else number(run["beneath"]),
        )
        dot = f'<i style="display:inline-block;width:.7em;height:.7em;border-radius:50%;background:{walker.color}"></i>'
        rows.append(f"<tr><th>{dot} {escape(walker.name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = ("", "step", "off the plane", "path in the plane", "last step", "its own loss", "loss beneath")
    top = "".join(f"<th>{word}</th>" for word in head)
    misfits = len(places[0]["misfits"])
    other = (
        f"<p><small>{misfits} other run{'s' * (misfits > 1)} of other shapes not drawn.</small></p>" if misfits else ""
    )
    body = f'<table class="scores"><thead><tr>{top}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div style="overflow-x: auto">{body}{other}</div>'
