"""Through the layers: what the residual stream says, how long it is, and who said it.

J junctions of the stream, from the input to the output, T positions. The names are those of measure/lens.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from explorer.charts import theme, timeline
from explorer.charts.timeline import only
from explorer.measure.names import BLOCK, fixed, head_name, module_name, signed

SUM = "sum = logit difference"
BAR, ROW = 17, 22  # pixels that a bar and a row of the lens take
WORDS = ["word", "after", "where", "target", "probability", "rank", "most likely"]  # of a cell, as text
CUT = 24  # pixels: in a narrower column a word that does not fit is left out
DIGITS = 3  # of the number that a key begins with: it keeps the order and tells equal tokens apart


def junction(name: str) -> str:
    """What the stream has just passed: `blocks.0.residual_mid` -> "attention 1"."""
    block, _, place = name.removeprefix("decoder.").rpartition(".residual_")
    return "input" if place == "in" else sublayer(block, {"mid": "attention", "cross": "cross", "out": "mlp"}[place])


def sublayer(block: str, module: str) -> str:
    """A sublayer of the decoder, where there is no other stack to tell it from: "MLP 1", "cross-attention 2"."""
    return re.sub(r"^cross\b", "cross-attention", module_name(f"{block}.{module}"))


def component(name: str) -> tuple[str, int | None]:
    """A component in words with its layer, from 0: `blocks.0.attention.1` -> ("head 1.2", 0)."""
    name = name.removeprefix("decoder.")
    met = BLOCK.match(name)
    if met is None:
        return name.replace("_", " ").replace(".", " "), None
    index, rest = int(met[2]), name[met.end() :]
    if rest.rpartition(".")[2].isdecimal():
        return head_name(name), index
    words = {
        "attention.output.bias": "attention {} bias",
        "cross.output.bias": "cross-attention {} bias",
        "attention_norm.bias": "attention norm {} bias",
        "cross_norm.bias": "cross-attention norm {} bias",
        "mlp_norm.bias": "MLP norm {} bias",
        "mlp": "MLP {}",
    }
    return words[rest].format(index + 1), index


def _keys(labels: Sequence[str]) -> list[str]:
    """Labels that sort in their order and repeat nowhere; `_label` takes the number off again."""
    return [f"{i:0{DIGITS}d}{label}" for i, label in enumerate(labels)]


def _label(value: str = "datum.label") -> str:
    return f"slice({value}, {DIGITS})"


def _visible(tokens: Sequence[str]) -> list[str]:
    """Tokens with something to see where they are a space."""
    return ["␣" if token and token.isspace() else token for token in tokens]


def lens_frame(
    junctions: Sequence[str],
    tokens: Sequence[str],
    targets: Sequence[str],
    top: Sequence[Sequence[Sequence[str]]],
    top_p: np.ndarray,
    p: np.ndarray,
    rank: np.ndarray,
) -> pd.DataFrame:
    """The table of `lens_chart`.

    tokens, targets (T): as text, "" where no token is predicted.   top (J, T, ≤3): the most likely tokens as text;
    top_p, p, rank: as in measure.lens.Reading.
    """
    tokens, targets, top = _visible(tokens), _visible(targets), [[_visible(t) for t in row] for row in top]
    columns, rows = _keys(tokens), _keys([junction(name) for name in junctions])
    table = pd.DataFrame(
        [
            {
                "row": rows[j],
                "column": columns[t],
                "kind": "idle" if not targets[t] else "cell" if np.isfinite(p[j, t]) else "nonfinite",
                "p": float(p[j, t]),
                "word": top[j][t][0] if np.isfinite(top_p[j, t, 0]) else "NaN",
                "after": rows[j][DIGITS:],
                "where": f"{t}: {tokens[t]}",
                "target": targets[t] or "nothing is asked here",
                "probability": _probability(p[j, t]) if targets[t] else "",
                "rank": str(rank[j, t]) if rank[j, t] else "",
                "most likely": "   ".join(
                    f"{word} {_probability(q)}" for word, q in zip(top[j][t], top_p[j, t], strict=True)
                ),
            }
            for j in range(len(rows))
            for t in range(len(columns))
        ],
        columns=["row", "column", "kind", "p", *WORDS],
    )
    return table.astype({"p": np.float64}).reindex(range(max(1, len(table))))  # Vega asks for an extent


def _probability(p: float) -> str:
    return fixed(p, 4)


def lens_chart(data: pd.DataFrame, *, junctions: int = 5) -> alt.LayerChart:
    """Logit lens: the most likely token after each sublayer, coloured by the target's probability.

    junctions: how many, for the height. Words shrink with the columns and go where they do not fit.
    """
    fits = "max(1, bandwidth('x'))"
    # labels stand upright where their usual length, without the key's number, is wider than a column
    usual = f"(length(join(domain('x'), '')) / max(1, length(domain('x'))) - {DIGITS})"
    long = f"{usual} > 1.5 && {usual} * 7 > bandwidth('x')"
    small = f"max(6, min(12, 1.15 * {fits}))"
    x = alt.X(
        "column:O",
        title=None,
        axis=alt.Axis(
            labelExpr=_label(),
            labelAngle=alt.ExprRef(f"{long} ? -90 : 0"),
            labelAlign=alt.ExprRef(f"{long} ? 'right' : 'center'"),
            labelBaseline=alt.ExprRef(f"{long} ? 'middle' : 'top'"),
            labelFontSize=alt.ExprRef(small),
            labelLimit=alt.ExprRef(f"{long} ? 70 : max({CUT}, {fits})"),
            labelOverlap=False,
            minExtent=alt.ExprRef(f"{long} ? 76 : 20"),
            maxExtent=alt.ExprRef(f"{long} ? 76 : 20"),
        ),
    )
    axis = alt.Axis(labelExpr=_label(), labelOverlap=False, labelFlush=False, minExtent=105, maxExtent=105)
    y = alt.Y("row:O", sort="descending", title=None, axis=axis)
    scale = theme.probability()
    legend = alt.Legend(
        title="probability of the target",
        titleLimit=200,
        format=".0%",
        values=[0, 0.5, 1],
        gradientLength=alt.ExprRef(f"max(60, min(180, {timeline.WIDTH} - 150))"),
    )
    tooltip = [
        alt.Tooltip("after:N"),
        alt.Tooltip("where:N", title="position"),
        alt.Tooltip("target:N"),
        alt.Tooltip("probability:N", title="its probability"),
        alt.Tooltip("rank:N", title="its rank"),
        alt.Tooltip("most likely:N"),
    ]
    base = alt.Chart().encode(x=x, y=y, tooltip=tooltip)
    size = f"min(12, 1.3 * {fits})"
    width = f"0.55 * {size} * length(datum.word || '')"

    def words(kind: str, color: Any, weight: Any = "normal") -> alt.Chart:
        """The most likely tokens: whole where they fit, cut where a column is wide enough for a beginning."""
        shown = alt.ExprRef(f"{fits} > 5 && {width} < {fits} || {fits} > {CUT} ? 1 : 0")
        limit = alt.ExprRef(f"{fits} > {CUT} ? {fits} - 1 : 0")  # 0: none
        mark = base.transform_filter(only(kind)).mark_text(
            fontSize=alt.ExprRef(size), limit=limit, opacity=shown, fontWeight=weight
        )
        return mark.encode(text="word:N", color=color)

    ink = alt.Color("ink:Q", scale=scale, legend=legend)
    layers = [
        base.transform_filter(only("cell")).mark_rect().encode(color=alt.Color("p:Q", scale=scale, legend=legend)),
        base.transform_filter(only("idle")).mark_rect(opacity=0.15).encode(color=alt.value(theme.GUIDE)),
        base.transform_filter(only("nonfinite")).mark_rect(opacity=0.15).encode(color=alt.value(theme.BAD)),
        words("cell", ink).transform_calculate(ink=f"datum.p > {theme.STRONG} ? 0 : 1"),
        words("idle", alt.value(theme.GUIDE)),
        words("nonfinite", alt.value(theme.BAD), "bold"),
    ]
    title = "Likeliest token after each sublayer"
    text = "Most likely token at each position after each sublayer, coloured by the probability of the target"
    return timeline.picture(layers, data, title, text, ROW * junctions + 120)


def attribution_frame(parts: Mapping[str, float], difference: float) -> pd.DataFrame:
    """The table of `attribution_chart`, from measure.lens.Attribution."""
    named = [component(name) for name in parts]
    values = np.array([*parts.values(), difference], dtype=np.float64)
    good = np.isfinite(values)
    shades = [theme.OUTSIDE if index is None else theme.layer(index) for _, index in named]
    kinds = [*("part" for _ in named), "sum"]
    series = ["outside" if index is None else f"layer {index + 1}" for _, index in named]
    return pd.DataFrame(
        {
            "depth": np.arange(len(values), dtype=np.float64),
            "value": np.where(good, values, np.nan),
            "component": [*(words for words, _ in named), SUM],
            "series": [*series, "sum"],
            "color": [*shades, theme.GUIDE],
            "label": [signed(v) for v in values],
            "kind": [kind if ok else "nonfinite" for kind, ok in zip(kinds, good, strict=True)],
        }
    )


def attribution_chart(data: pd.DataFrame, *, components: int = 20) -> alt.LayerChart:
    """What each component adds to a logit difference, input at the top, and their sum.

    The side of zero tells the sign, so that colour is free to be the layer, as on every page.
    components: how many, for the height.
    """
    axis = alt.Axis(
        minExtent=155,
        maxExtent=155,
        labelLimit=155,
        labelOverlap=False,
        labelFlush=False,
        labelFontWeight=alt.condition(f"datum.value === '{SUM}'", alt.value("bold"), alt.value("normal")),
    )
    y = alt.Y("component:N", sort=alt.EncodingSortField("depth", op="min"), title=None, axis=axis)
    x = partial(alt.X, title="added to the logit difference", axis=alt.Axis(format="+~g", grid=True))
    tooltip = [alt.Tooltip("component:N"), alt.Tooltip("value:Q", title="adds", format="+.5~g")]
    base = alt.Chart().encode(y=y, tooltip=tooltip)
    reach = (  # as far to the left as to the right; it alone says how far the axis goes
        alt.Chart()
        .transform_calculate(size="isValid(datum.value) ? abs(datum.value) : 0")
        .transform_aggregate(most="max(size)")
        .transform_calculate(least="-datum.most")
        .transform_fold(["least", "most"], as_=["end", "reach"])
        .mark_point(opacity=0)
        .encode(x=x("reach:Q", scale=alt.Scale(domain=alt.DomainUnionWith(unionWith=[-0.01, 0.01]), nice=True)))
    )
    words = base.mark_text(align="left", dx=6).encode(x=alt.value("width"), text="label:N")
    layers = [
        reach,
        base.transform_filter(only("part"))
        .mark_bar()
        .encode(x=x("value:Q").stack(None), color=timeline.series_color(symbol="square", each=90)),
        base.transform_filter(only("sum")).mark_bar().encode(x=x("value:Q").stack(None), color=alt.value(theme.GUIDE)),
        alt.Chart().mark_rule().encode(x=x(datum=0), color=alt.value(theme.GUIDE)),
        words.transform_filter(only("part", "sum")).encode(color=alt.value(theme.GUIDE)),
        words.transform_filter(only("nonfinite")).encode(color=alt.value(theme.BAD)),
    ]
    title, text = "Direct logit attribution", "What each component adds to a logit difference"
    return timeline.picture(layers, data, title, text, BAR * (components + 1) + 90)


def norms_frame(junctions: Sequence[str], tokens: Sequence[str], norms: np.ndarray) -> pd.DataFrame:
    """The table of `norms_chart`, from the tokens (T) as text and ‖x‖, (J, T)."""
    norms = np.asarray(norms, dtype=np.float64)
    tokens, rows = _visible(tokens), _keys([junction(name) for name in junctions])
    good = np.where(np.isfinite(norms), norms, np.nan)
    parts = [
        {"row": row, "after": row[DIGITS:], "kind": kind, "where": where, "value": value}
        for row, values in zip(rows, good, strict=True)
        for kind, where, value in [
            *(("position", f"{t}: {token}", v) for t, (token, v) in enumerate(zip(tokens, values, strict=True))),
            ("mean", "mean of all", values.mean()),
        ]
    ]
    table = pd.DataFrame(parts, columns=["row", "after", "kind", "where", "value"]).astype({"value": np.float64})
    return table.reindex(range(max(1, len(table))))


def norms_chart(data: pd.DataFrame, *, height: int = 300) -> alt.LayerChart:
    """‖x‖ of the residual stream from the input to the output: a line for each position, and their mean."""
    axis = alt.Axis(labelExpr=_label(), labelAngle=-40, labelOverlap=False)
    x = alt.X("row:O", title=None, axis=axis, scale=alt.Scale(type="point", padding=0.3))
    y = alt.Y("value:Q", title="‖x‖", scale=alt.Scale(nice=True))
    base = alt.Chart().encode(x=x, y=y, detail="where:N")
    nearest = alt.selection_point(
        name="hover", fields=["where"], nearest=True, on="pointermove", clear="pointerout", empty=False
    )
    tooltip = [
        alt.Tooltip("where:N", title="position"),
        alt.Tooltip("after:N"),
        alt.Tooltip("value:Q", title="‖x‖", format=".4~f"),
    ]
    each, mean = base.transform_filter(only("position")), base.transform_filter(only("mean"))
    faint = base.transform_filter(only("position", "mean")).mark_point(filled=True, size=60, opacity=0)
    layers = [
        timeline.spanning(y, (0, 0.1), "value"),
        each.mark_line(strokeWidth=1, opacity=0.45).encode(color=alt.value(theme.OUTSIDE)),
        mean.mark_line(strokeWidth=3).encode(color=alt.value(theme.TRAIN)),
        base.transform_filter(nearest).mark_line(strokeWidth=2.5).encode(color=alt.value(theme.CURSOR)),
        faint.encode(tooltip=tooltip).add_params(nearest),
    ]
    title = "Length of the residual stream"
    text = "Norm of the residual stream at each position after each sublayer, on a linear scale"
    return timeline.picture(layers, data, title, text, height)
