"""Curves over steps, drawn on a canvas from raw bytes: an update costs the browser a few milliseconds.

Altair draws the same panel in a notebook; there an update costs 45 ms and the first one 225, too much for a
page that trains. One message holds the curves, so that reading values, hiding a curve and saving need no
server; only a click comes back, as the step to go to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.charts import theme
from explorer.charts.timeline import CURVES, Panel
from explorer.ui.components.message import pack

HERE = Path(__file__).parent
SCRIPTS = ("palette.js", "elements.js", "hot.js", "axes.js", "plot.js", "vector.js", "curves_saving.js", "curves.js")

mount = st.components.v2.component(
    "explorer_curves",
    css="\n".join((HERE / name).read_text("utf-8") for name in ("elements.css", "stage.css", "curves.css")),
    js="\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS),
)


def together(messages: Sequence[bytes], cards: bool = False, moment: Mapping[str, Any] | None = None) -> bytes:
    """Several panels' messages as one: their lengths, then one after the other. cards: each panel is to be one.

    moment: of what they tell, see feed.py, if the feed moves them: then the name under which it does, too; behind it
    stands `:1` for the second panel and so on.
    """
    header = {"lengths": [len(told) for told in messages], "cards": cards, "moment": moment}
    return pack(header, []) + b"".join(messages)


def message(
    panel: Panel, parts: Sequence[dict[str, Any]], projector: bool = False, sentence: str | None = None
) -> bytes:
    """What the canvas draws of one panel: parts as timeline.py describes them. sentence: stands under it."""
    header: dict[str, list] = {"curves": [], "guides": [], "events": [], "nonfinite": []}
    arrays: list[np.ndarray] = []
    cursor, short = None, ""
    for part in parts:
        kind = part["kind"]
        if kind in CURVES:
            drawn, numbers = _curve(part, panel)
            header["curves"].append(drawn)
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
        "height": panel.height,
        "digits": panel.digits,
        "legend": panel.legend,
        "across": panel.across,
        "roof": panel.roof,
        "dashed": panel.dashes is not None,
        "thin": panel.dashes is not None,
        "projector": projector,
    }
    dashes = [(name, dash) for name, dash in (panel.dashes or {}).items() if name in met]
    colors = {"cursor": theme.CURSOR, "bad": theme.BAD}
    told = {"look": look, "dashes": dashes, "cursor": cursor, "colors": colors, "sentence": sentence}
    return pack(header | told, arrays, "<f8")


def _curve(part: dict[str, Any], panel: Panel) -> tuple[dict[str, Any], list[np.ndarray]]:
    """A curve's words and its numbers: steps, values and, where they differ, the extremes around them."""
    known = np.ndim(part["step"]) > 0
    step, value, low, high = (np.asarray(part[name]) if known else np.empty(0) for name in _NUMBERS)
    band = part["kind"] == "train" and not (_same(low, value) and _same(high, value))
    dash = (panel.dashes or {}).get(part.get("part", ""), ()) if panel.dashes else ()
    told = {
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
    return told, [step, value, low, high, *going] if band else [step, value, *going]


_NUMBERS = ("step", "value", "low", "high")


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def curves(
    messages: Sequence[bytes],
    *,
    key: str,
    on_step: Callable[[int], None],
    cards: bool = False,
    moment: Mapping[str, Any] | None = None,
) -> None:
    """Draws panels. cards: as those of the board that they are on. moment: as `together` takes it.

    `on_step` is called with the step that was clicked, before the page runs.
    """

    def deliver() -> None:
        step = st.session_state[key]["step"]
        if step is not None:
            on_step(int(step))

    mount(key=key, data=together(messages, cards, moment), on_step_change=deliver)
