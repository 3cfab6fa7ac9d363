"""What a colour means, the same on every page, and how large things are drawn.

Mark colours stand on both of the app's backgrounds, light and dark, with a contrast of at least 3 (WCAG
1.4.11), and stay apart under protanopia, deuteranopia and tritanopia; tests/explorer/charts measures both.
Charts are shown with Streamlit's own chart theme (`theme="streamlit"`): it colours axes, titles and grid for
whichever theme the visitor has, so nothing here names a colour for them. It also replaces the colour
name "gray" by the theme's, light or dark; elsewhere "gray" is the gray that browsers know.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.measure.names import THIN

CATEGORICAL = (
    "#4c6ef5",  # blue
    "#e8590c",  # orange
    "#0a8f7d",  # teal
    "#c018a8",  # magenta
    "#c07860",  # clay
    "#9078d8",  # lilac
    "#f0568e",  # pink
    "#d80030",  # red
)
TRAIN, VALIDATION = CATEGORICAL[0], CATEGORICAL[2]
GOOD, WARN, BAD = "#2f9e44", CATEGORICAL[1], CATEGORICAL[7]
GUIDE = "gray"  # chance, ln V, the clipping threshold and their words: the theme's gray
CURSOR = "#7c5ce0"  # the step that is looked at
OUTSIDE = "#7f8796"  # tensors that belong to no layer: embeddings, final norm, unembedding

# A number on a cell has the ramps of .streamlit/config.toml: the browser takes those of the theme that the visitor has.
# They are the components' own, see ui/components/shared/palette.js: in light dark is more, in dark bright is more.
# Places follow the square root, so that 0.05 can still be seen beside 1.
STRONG = 0.4  # of the largest: from here on a word on its cell has the ink of the other end
LEVELS = ("#20359a", "#324dc2", "#4a68dc", "#6c86e8", "#8ea3ef", "#aebdf4", "#cbd5f8")  # of a loss, lowest first

EVENTS = {"diverged": BAD, "bookmark": GOOD, "finished": GOOD, "found": GOOD}  # the rest: WARN, somebody intervened


def probability() -> alt.Scale:
    """The colour of 0 to 1: that of the same number in a component."""
    return alt.Scale(type="sqrt", domain=[0, 1], range="ramp", interpolate="rgb", clamp=True)


def signed(limit: float) -> alt.Scale:
    """The colour of −limit to limit, zero in the middle."""
    return alt.Scale(type="sqrt", domain=[-limit, 0, limit], range="diverging", interpolate="rgb", clamp=True)


def layer(index: int) -> str:
    """The colour of a layer, counted from 0 in the order of the forward pass."""
    return _cycled(CATEGORICAL, index)


def head(index: int) -> str:
    """The colour of a head of its layer, counted from 0."""
    return _cycled(CATEGORICAL, index)


def run(index: int) -> str:
    """The colour of an earlier run, counted from 0 over a visit: never that of training or validation."""
    return _cycled([c for c in CATEGORICAL if c not in (TRAIN, VALIDATION)], index)


def _cycled(colors: Sequence[str], index: int) -> str:
    """Starts over after the last, a little less red each time: legends need each colour to be another."""
    rounds, place = divmod(index, len(colors))
    red = int(colors[place][1:3], 16)
    return f"#{abs(red - rounds):02x}{colors[place][3:]}"


def event(kind: str) -> str:
    """The colour of an event's mark."""
    return EVENTS.get(kind, WARN)


def config(projector: bool = False) -> dict[str, Any]:
    """The Vega config: transparent, the app's font, sizes in pixels; with `projector` larger and thicker."""
    scale = 1.45 if projector else 1.0
    size = {name: round(pixels * scale) for name, pixels in {"label": 12, "title": 12, "head": 15}.items()}
    y_extent = round(40 * scale)  # fixed, so that a new digit does not push the plot aside
    numbers = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": THIN + "%"}
    return {
        "locale": {"number": numbers},
        "background": "transparent",
        "font": '"Source Sans", "Source Sans 3", sans-serif',
        "view": {"strokeWidth": 0, "continuousWidth": 560},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "limit": 2000,  # else that of the axes, which larger type exceeds
            "fontSize": size["head"],
            "fontWeight": 600,
            "offset": 10,
        },
        "axis": {
            "labelFontSize": size["label"],
            "titleFontSize": size["title"],
            "titlePadding": 6,
            "labelPadding": 6,
            "labelOverlap": True,
            "labelLimit": 260,
            "ticks": False,
            "domain": False,
            "gridOpacity": 0.6,
        },
        "axisX": {"grid": False, "domain": True, "domainOpacity": 0.6, "titleAnchor": "end", "tickCount": 6},
        "axisY": {"minExtent": y_extent, "maxExtent": y_extent, "tickCount": 5},
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "labelFontSize": size["label"],
            "labelLimit": round(115 * scale),
            "layout": {"top": {"direction": "vertical", "anchor": "start", "margin": 4}},
            "symbolSize": 120,
            "columnPadding": 14,
            "padding": 0,
            "offset": 6,
        },
        "line": {"strokeWidth": 2 * scale, "strokeCap": "round", "strokeJoin": "round"},
        "rule": {"strokeWidth": 1.25 * scale},
        "text": {"fontSize": size["label"]},
        "bar": {"cornerRadiusEnd": 2},
    }


def finite(data: pd.DataFrame) -> pd.DataFrame:
    """The table as a browser can draw it: what is infinite is left out, as an axis that reaches there has no end."""
    return data.replace([np.inf, -np.inf], np.nan)


def spec(chart: alt.TopLevelMixin, projector: bool = False, check: bool = True) -> dict[str, Any]:
    """The chart without its data, as a Vega-Lite dict for `st.vega_lite_chart`.

    Make it once for each kind of chart and keep it. Then only the table travels, under the name "source",
    and Streamlit swaps it in place as long as the spec is the same, which it is for any data:

        FLOW = charts.spec(charts.gradients.flow(charts.gradients.flow_frame([], [])))
        st.vega_lite_chart(FLOW | {"datasets": {"source": frame}}, key="flow", width="stretch")

    As a named dataset the table is there when the view is made; as Streamlit's `data` argument it comes
    after, and Vega complains of empty axes. Width must be "stretch"; the height is the spec's own.
    check: against Vega-Lite's schema, which takes most of the time.
    """
    bare = copy.deepcopy(chart)
    bare.data = alt.NamedData(name="source")
    plain = bare.to_dict(validate=check)
    plain["config"] = config(projector)
    if projector and isinstance(plain.get("height"), int):  # rows have room for larger words, a tall chart as it is
        plain["height"] = max(plain["height"], min(300, round(1.4 * plain["height"])))
    plain["padding"] = {"left": 4, "right": 12, "top": 4, "bottom": 4}
    plain["autosize"] = {"type": "fit", "contains": "padding"}
    return plain
