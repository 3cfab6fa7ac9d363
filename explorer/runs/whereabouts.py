"""Whereabouts: where the steps of a run were computed, from its file: the place at the start, and each move since."""

from __future__ import annotations

import json
import sqlite3

from explorer.runs import file
from explorer.runs.run import Run
from explorer.training.place import Place


def newest(connection: sqlite3.Connection) -> Place | None:
    """Where the newest steps were computed; None if the file does not say."""
    rows = connection.execute("SELECT detail FROM events WHERE kind = 'moved' ORDER BY id DESC LIMIT 1")
    moved = rows.fetchone()
    return Place.of(json.loads(moved[0]) if moved else file.get_meta(connection, "machine"))


def places(run: Run, first: int, end: int) -> list[Place | None]:
    """Where the steps `first` to `end` − 1 were computed, in order; None if the file does not say."""
    places = [Place.of(run.meta("machine"))]
    for event in run.events:
        if event.kind == "moved" and event.step <= first:
            places = [Place.of(event.detail)]
        elif event.kind == "moved" and event.step < end:
            places.append(Place.of(event.detail))
    return places


def recomputed(run: Run, step: int, here: Place | None) -> Place | None:
    """Where the weights of a step between snapshots were computed, unless that rounds like `here`.

    None if the file has the weights, if they are reproduced bit for bit, or if the place is unknown.
    """
    distance = run.distance(step)
    if here is None or not distance or step in run.snapshot_steps:
        return None
    others = [place for place in places(run, step - distance, step) if place is not None and not here.same(place)]
    return others[0] if others else None
