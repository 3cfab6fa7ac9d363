"""Charts are functions of data. That each is whole, whatever its data, is tested for the whole gallery."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from gallery import KINDS, NAMES, curve, values

from explorer import charts
from explorer.charts import gradients, progress, theme
from explorer.charts import optimizer_state as inside


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_optimizer_keeps_is_drawn_whatever_its_sizes(kind):
    sizes = values(kind)
    quantiles = np.repeat(sizes[:, None], 5, 1)
    table = inside.steps_frame([f"tensor {i}" for i in range(len(sizes))], quantiles)
    shares = {"m": sizes} if len(sizes) else {}
    counted = inside.histogram_frame(np.linspace(-16, 4, len(sizes) + 1), shares or {"m": np.empty(0)})
    for picture in (inside.steps(table, tensors=len(sizes)), inside.histogram(counted)):
        assert "NaN" not in repr(charts.spec(picture)), "the spec holds no data"
        picture.to_dict()
    assert inside.parts(np.arange(len(sizes)), quantiles)


def test_projector_mode_is_larger():
    plain, large = theme.config(), theme.config(projector=True)
    assert large["axis"]["labelFontSize"] > plain["axis"]["labelFontSize"]
    assert large["line"]["strokeWidth"] > plain["line"]["strokeWidth"]


def test_the_mean_is_drawn_with_the_extremes_around_it():
    c = curve("normal") | {"loss_min": values("normal") - 0.05, "loss_max": values("normal") + 0.05}
    (part,) = progress.parts(c, "loss")
    assert (part["low"] < part["value"]).all()
    assert (part["high"] > part["value"]).all()


def test_speed_is_steps_per_second():
    c = curve("one") | {
        "seconds_mean": np.array([0.25]),
        "seconds_min": np.array([0.2]),
        "seconds_max": np.array([0.5]),
    }
    (part,) = progress.parts(c, "speed")
    assert (part["value"], part["low"], part["high"]) == (4, 2, 5)


def test_a_ratio_to_a_tensor_of_zeros_and_a_ratio_of_zero_are_left_out():
    ratios = np.array([[3e10], [0.0], [0.5]])
    part, *_ = gradients.ratio_parts(np.arange(3), ratios, ["embedding.weight"])
    assert np.isnan(part["value"]).tolist() == [True, True, False]


def test_a_vanished_gradient_says_0():
    table = gradients.flow_frame(np.array([0.0, np.nan, np.inf, 0.5]), NAMES)
    assert table.label.tolist() == ["0", "NaN", "+∞", "0.5"]
    assert table.kind.tolist() == ["train", "nonfinite", "nonfinite", "train"]


def test_layers_are_counted_from_one():
    assert gradients.place("blocks.0.attention.project.weight") == ("layer 1", "attention")
    assert gradients.place("decoder.blocks.1.cross_norm.weight") == ("decoder layer 2", "norm")
    assert gradients.place("decoder.blocks.1.cross.output.weight") == ("decoder layer 2", "cross-attention")
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
