"""Charts are functions of data whose spec never depends on it."""

import itertools
import subprocess
import sys
from types import SimpleNamespace

import altair as alt
import numpy as np
import pytest

from explorer import charts
from explorer.charts import gradients, progress, theme, timeline

NAMES = [
    "embedding.weight",
    "blocks.0.attention.project.weight",
    "blocks.0.mlp.expand.bias",
    "blocks.1.mlp_norm.bias",
]
COLUMNS = ("loss", "lr", "grad_norm", "clipped_grad_norm", "metric", "seconds")
EVENTS = [
    SimpleNamespace(step=1, kind="diverged", label="diverged at step 1"),
    SimpleNamespace(step=0, kind="set", label="lr"),
]
KINDS = ["empty", "one", "normal", "nan", "infinite"]
SHORT = ("empty", "normal", "nan")  # the others are slow proofs


def values(kind: str) -> np.ndarray:
    return {
        "empty": np.empty(0),
        "one": np.array([0.5]),
        "normal": np.linspace(1, 0.1, 40),
        "nan": np.array([0.5, np.nan, 0.2]),
        "infinite": np.array([0.5, np.inf, 0.2]),
    }[kind]


def curve(kind: str) -> dict[str, np.ndarray]:
    y = values(kind)
    parts = {f"{c}_{part}": y for c in COLUMNS for part in ("min", "max", "mean")}
    return {"step": np.arange(len(y)), **parts}


def frames(kind: str):
    """Every chart with its table."""
    c, y = curve(kind), values(kind)
    rich = {
        "validation": {"step": c["step"], "loss": y, "metric": y},
        "earlier": [progress.Earlier("lr 0.1", 0, c)],
        "guide": progress.Guide(3.43, "guessing"),
        "events": EVENTS if len(y) > 1 else (),
        "cursor": 1 if len(y) > 1 else None,
    }
    grid = np.repeat(y[:, None], len(NAMES), 1)
    row = np.resize(y, len(NAMES)) if len(y) else np.empty(0)
    yield progress.losses, progress.frame(c, "loss", **rich)
    yield lambda d: progress.losses(d, log=True), progress.frame(c, "loss", **rich)
    yield progress.metric, progress.frame(c, "metric", **rich)
    yield progress.learning_rate, progress.frame(c, "lr")
    yield progress.gradient_norm, progress.gradient_norm_frame(c, clip=1.0)
    yield progress.throughput, progress.frame(c, "speed")
    yield gradients.norms, gradients.norm_frame(c["step"], grid, NAMES, events=rich["events"])
    yield gradients.norms, gradients.norm_frame(c["step"], grid, NAMES, grouped=False)
    yield gradients.update_ratios, gradients.ratio_frame(c["step"], grid, NAMES, cursor=rich["cursor"])
    yield gradients.by_depth, gradients.depth_frame(row, NAMES[: len(row)])
    yield gradients.flow, gradients.flow_frame(row, [f"blocks.{i}.residual_in" for i in range(len(row))])


@pytest.fixture(scope="module")
def specs():
    return [charts.spec(chart(table)) for chart, table in frames("empty")]


@pytest.mark.parametrize("kind", [k if k in SHORT else pytest.param(k, marks=pytest.mark.prove) for k in KINDS])
def test_every_chart_is_valid_and_its_spec_stays_the_same(kind, specs):
    for (chart, table), first in zip(frames(kind), specs, strict=True):
        picture = chart(table)
        assert isinstance(picture, alt.LayerChart)
        picture.to_dict()  # raises where it is not Vega-Lite
        spec = charts.spec(picture)
        assert spec == first
        assert spec["data"] == {"name": timeline.SOURCE}
        assert "datasets" not in spec


def test_every_chart_has_a_title_a_description_and_a_height(specs):
    for spec in specs:
        assert spec["title"]
        assert len(spec["description"]) > 10
        assert isinstance(spec["height"], int)


def test_the_metric_is_always_drawn_from_0_to_1():
    spec = charts.spec(progress.metric(progress.frame({}, "metric")))
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in spec["layer"]
        if "scale" in layer["encoding"].get("y", {})
    ]
    assert domains
    assert all(domain == [0, 1] for domain in domains)


def test_projector_mode_is_larger():
    plain, large = theme.config(), theme.config(projector=True)
    assert large["axis"]["labelFontSize"] > plain["axis"]["labelFontSize"]
    assert large["line"]["strokeWidth"] > plain["line"]["strokeWidth"]


def test_the_mean_is_drawn_with_the_extremes_around_it():
    c = curve("normal") | {"loss_min": values("normal") - 0.05, "loss_max": values("normal") + 0.05}
    table = progress.frame(c, "loss")
    assert (table.low < table.value).all()
    assert (table.high > table.value).all()


def test_an_infinite_value_gets_a_mark_and_no_point():
    table = progress.frame(curve("infinite"), "loss")
    assert table[table.kind == "nonfinite"].step.tolist() == [1]
    assert table[table.kind == "note"].label.tolist() == ["∞"]
    assert np.isnan(table[table.kind == "train"].value[1])


def test_speed_is_steps_per_second():
    c = curve("one") | {
        "seconds_mean": np.array([0.25]),
        "seconds_min": np.array([0.2]),
        "seconds_max": np.array([0.5]),
    }
    row = progress.frame(c, "speed").iloc[0]
    assert (row.value, row.low, row.high) == (4, 2, 5)


def test_a_group_is_the_norm_of_its_tensors_together():
    names = ["blocks.0.mlp.expand.weight", "blocks.0.mlp.contract.weight", "blocks.0.mlp_norm.weight"]
    table = gradients.norm_frame(np.array([0]), np.array([[3.0, 4.0, 7.0]]), names)
    assert dict(zip(table.tensor, table.value, strict=True)) == {"layer 1 · MLP": 5.0, "layer 1 · norm": 7.0}


def test_a_ratio_to_a_tensor_of_zeros_is_left_out():
    table = gradients.ratio_frame(np.array([0, 1]), np.array([[3e10], [0.5]]), ["embedding.weight"])
    assert table[table.kind == "train"].value.isna().tolist() == [True, False]


def test_a_vanished_gradient_says_0():
    table = gradients.depth_frame(np.array([0.0, np.nan, np.inf, 0.5]), NAMES)
    assert table.label.tolist() == ["0", "NaN", "infinite", "5.0e-01"]
    assert table.kind.tolist() == ["train", "nonfinite", "nonfinite", "train"]


def test_layers_are_counted_from_one():
    assert gradients.place("blocks.0.attention.project.weight") == ("layer 1", "attention")
    assert gradients.place("decoder.blocks.1.cross_norm.weight") == ("decoder 2", "norm")
    assert gradients.place("decoder.blocks.1.cross.output.weight") == ("decoder 2", "cross-attention")
    assert gradients.place("final_norm.weight") == ("final norm", "outside")


def test_colors_differ_however_many_layers_there_are():
    assert len({theme.layer(i) for i in range(24)}) == 24
    assert {theme.run(i) for i in range(12)}.isdisjoint({theme.TRAIN, theme.VALIDATION})


# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def linear(color: str) -> np.ndarray:
    c = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x = np.array(to_xyz) @ rgb.clip(0, 1) / [0.9505, 1, 1.089]
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("background", ["#ffffff", "#fbfaf8", "#181c25", "#11141b"])
def test_marks_stand_out_on_both_themes(background):
    for color in (*theme.CATEGORICAL, theme.GOOD, theme.CURSOR, theme.OUTSIDE):
        low, high = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (color, background))
        assert (high + 0.05) / (low + 0.05) >= 3, color


@pytest.mark.parametrize("sight", SIGHT)
def test_colors_stay_apart_for_the_color_blind(sight):
    for a, b in itertools.combinations(theme.CATEGORICAL, 2):
        seen = [lab(np.array(SIGHT[sight]) @ linear(c)) for c in (a, b)]
        assert np.linalg.norm(seen[0] - seen[1]) >= 12, (a, b)


def test_charts_load_neither_torch_nor_streamlit():
    unwanted = {"torch", "streamlit", "explorer.runs"}
    code = f"import sys, explorer.charts; sys.exit(bool({unwanted} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
