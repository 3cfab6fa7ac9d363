"""Curves over steps, drawn on a canvas from raw bytes: an update costs the browser a few milliseconds.

Altair draws the same panel in a notebook; there an update costs 45 ms and the first one 225, too much for a
page that trains. One message holds the curves, so that reading values, hiding a curve and saving need no
server; only a click comes back, as the step to go to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import streamlit as st

from explorer.charts import nothing, theme
from explorer.charts.timeline import CURVES, Panel
from explorer.ui.components.message import pack
from explorer.ui.components.source import Source

SOURCE = Source(
    "explorer_curves",
    scripts=("palette.js", "hot.js", "moving.js", "axes.js", "plot.js", "vector.js", "curves_saving.js", "curves.js"),
    styles=("elements.css", "stage.css", "curves.css"),
)
mount = SOURCE.component()
LARGER = 36  # pixels that the larger words of a projector take from a plot


def together(messages: Sequence[bytes], cards: bool = False, moment: Mapping[str, Any] | None = None) -> bytes:
    """Several panels' messages as one: their lengths, then one after the other. cards: each panel is to be one.

    moment: of what they tell, see feed.py, if the feed moves them: then the name under which it does, too; behind it
    stands `:1` for the second panel and so on.
    """
    header = {"lengths": [len(part) for part in messages], "cards": cards, "moment": moment}
    return pack(header, []) + b"".join(messages)


def message(
    panel: Panel, parts: Sequence[dict[str, Any]], projector: bool = False, sentence: str | None = None
) -> bytes:
    """What the canvas draws of one panel: parts as timeline.py describes them. sentence: stands under it."""
    header: dict[str, list] = {"curves": [], "guides": [], "events": [], "nonfinite": []}
    arrays: list[np.ndarray] = []
    cursor, short, branch = None, "", None
    for part in parts:
        kind = part["kind"]
        if kind in CURVES:
            curve, numbers = _curve(part, panel)
            header["curves"].append(curve)
            arrays += numbers
        elif kind == "guide":
            header["guides"].append({"value": part["value"], "label": part["label"]})
        elif kind == "event":
            header["events"].append({"step": part["step"], "label": part["label"], "color": part["color"]})
        elif kind == "nonfinite":
            places = np.broadcast_arrays(np.atleast_1d(part["step"]), part.get("go", part["step"]))
            header["nonfinite"] += [
                {"step": float(s), "go": int(go), "label": part["label"]} for s, go in zip(*places, strict=True)
            ]
        elif kind == "note" and not short:
            short = part["label"]
        elif kind == "branch":
            branch = {name: part[name] for name in ("step", "label", "of", "fresh")}
        elif kind == "cursor":
            cursor = part["step"]
    if header["nonfinite"]:
        header["nonfinite"][0]["short"] = short
    met = {part.get("part") for part in parts}
    look = {
        "title": panel.title,
        "text": panel.text,
        "unit": panel.unit,
        "scale": panel.scale,
        "holds": panel.holds,
        "height": panel.height + LARGER * projector,
        "digits": panel.digits,
        "legend": panel.legend,
        "across": panel.across,
        "roof": panel.roof,
        "log": panel.log,
        "dashed": panel.dashes is not None,
        "thin": panel.dashes is not None,
        "projector": projector,
    }
    why = nothing.WORDS if panel.scale == "log" and nothing_shown(parts) else ""
    dashes = [(name, dash) for name, dash in (panel.dashes or {}).items() if name in met]
    colors = {"cursor": theme.CURSOR, "bad": theme.BAD}
    whole = {
        "look": look,
        "dashes": dashes,
        "cursor": cursor,
        "branch": branch,
        "colors": colors,
        "sentence": sentence,
        "nothing": why,
    }
    return pack(whole | header, arrays, "<f8")


def nothing_shown(parts: Sequence[dict[str, Any]]) -> bool:
    """Whether there are curves with values, and none of them has a place on a log scale or is marked as infinite."""
    if any(part["kind"] == "nonfinite" for part in parts):
        return False
    values = [np.asarray(part["value"]) for part in parts if part["kind"] in CURVES and np.ndim(part["step"])]
    return any(value.size for value in values) and not any((value > 0).any() for value in values)


def _curve(part: dict[str, Any], panel: Panel) -> tuple[dict[str, Any], list[np.ndarray]]:
    """A curve's words and its numbers: steps, values and, where they differ, the extremes around them."""
    several = np.ndim(part["step"]) > 0
    step, value, low, high = (np.asarray(part[name]) if several else np.empty(0) for name in _NUMBERS)
    band = part["kind"] == "train" and not (_same(low, value) and _same(high, value))
    dash = (panel.dashes or {}).get(part.get("part", ""), ()) if panel.dashes else ()
    header = {
        "kind": part["kind"],
        "series": part["series"],
        "name": part.get("tensor", part["series"]),
        "color": part["color"],
        "dash": [] if list(dash) == [1, 0] else list(dash),
        "n": len(step),
        "band": band,
        "going": "go" in part,
    }
    going = [np.asarray(part["go"])] if "go" in part else []
    return header, [step, value, low, high, *going] if band else [step, value, *going]


_NUMBERS = ("step", "value", "low", "high")


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def curves(
    messages: Sequence[bytes],
    *,
    key: str,
    on_step: Callable[[int], None],
    on_log: Callable[[bool], None] | None = None,
    cards: bool = False,
    moment: Mapping[str, Any] | None = None,
    height: int | None = None,
) -> None:
    """Draws panels. cards: as those of the board that they are on. moment: as `together` takes it.

    height: of their place in pixels, which is there before they are; None where they take what they need.

    `on_step` is called with the step that was clicked, `on_log` with whether a log axis was chosen: before the page
    runs.
    """

    def deliver() -> None:
        step = st.session_state[key]["step"]
        if step is not None:
            on_step(int(step))

    def switch() -> None:
        log = st.session_state[key]["log"]
        if log is not None and on_log is not None:
            on_log(bool(log))

    data = together(messages, cards, moment)
    tall: int | Literal["content"] = "content" if height is None else height
    mount(key=key, data=data, height=tall, on_step_change=deliver, on_log_change=switch)
