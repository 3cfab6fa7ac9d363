"""Why a chart is empty: where no value is above 0, a log scale has no place for any, and the chart says so."""

from __future__ import annotations

import altair as alt

from explorer.charts import theme

WORDS = "No value here is above 0, where a log scale begins."
HAS_A_PLACE = "datum.value > 0 || datum.kind === 'nonfinite'"


def note(present: str, placed: str = HAS_A_PLACE) -> alt.Chart:
    """The layer that has these words in the middle of the plot where rows have values and none of them is drawn.

    present: whether a row has a value, placed: whether it has a place on the scale or is marked; both for Vega.
    """
    counted = alt.Chart().transform_calculate(present=f"({present}) ? 1 : 0", placed=f"({placed}) ? 1 : 0")
    counted = counted.transform_aggregate(present="max(present)", placed="max(placed)")
    middle = {"x": alt.value(alt.ExprRef("width / 2")), "y": alt.value(alt.ExprRef("height / 2"))}
    words = counted.transform_filter("datum.present && !datum.placed").mark_text(fontSize=13)
    return words.encode(text=alt.value(WORDS), color=alt.value(theme.GUIDE), **middle)
