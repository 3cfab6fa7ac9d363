"""Player bar: the run's state in words, play and step, and the scrubber that moves every picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from explorer.ui.components import actions
from explorer.ui.components.actions import Action
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_player_bar",
    scripts=(
        "hot.js",
        "moving.js",
        "feed.js",
        "inset.js",
        "keys.js",
        "film_charts.js",
        "film.js",
        "filling.js",
        "outbox.js",
        "scene.js",
        "sharing.js",
        "skeleton.js",
        "player_bar.js",
    ),
    styles=("player_bar.css", "scene.css"),
)
mount = SOURCE.component()


def player_bar(data: Mapping[str, Any], *, key: str, on_action: Callable[[Action], None]) -> None:
    """Draws the bar at the top of the page and calls `on_action` once for each thing the visitor did.

    `on_action` runs before the page does, so what it changes is drawn at once. It gets one of
    {"kind": "play" | "pause" | "single" | "reset" | "branch" | "bookmark" | "live" | "projector" | "again" | "on"},
    {"kind": "view", "step": int}, {"kind": "scene", "by": 1, -1 or 0, back to it} and
    {"kind": "speed", "value": steps a second or None for full speed},
    each with a growing number "n". A pointer goes to the nearest of the steps "kept" where that is as good as
    the pointer can aim; keys go to any step.

    `data`: "run" (its id); "name" (what differs from the preset); "state" (training, paused, queued, finished,
    diverged, interrupted or waiting) and the same in "words"; "step" (shown), "last" (newest), "kept" (steps whose
    weights are in the file), "live" (following the newest), "exact" (False while the shown step is still being
    computed), "note" (str or None); "events" (each "id", "step", "kind", "label",
    "head" or None, and "tone": info, good, warn or bad);
    "speed" (steps a second or None); "can" (bools "play", "single", "reset", "branch", "share", "bookmark");
    "scene" (None, or the "sentence" of the scene that is shown, its "number", how many there are, "of", and whether it
    was "left": another step or section is shown); "branched" (the run is a branch that was made just now);
    "projector" (larger type); "beat" (of a page with a timer: differs at every tick); "feed" (None, or a "url" to ask
    for newer pictures, see feed.py, and every how many ms).
    """
    mount(
        key=key,
        data={**data, "seen": actions.seen(key)},
        on_action_change=actions.deliver(key, on_action),
    )
