"""The speed of writing: every point lies between the ends of both axes, however short the text and fast the model."""

from __future__ import annotations

import pytest

from explorer.charts import writing


@pytest.mark.parametrize(
    ("lengths", "rates", "across", "up"),
    [
        ([16, 32, 64], [900.0, 800.0, 700.0], (14.08, 580), (10, 10_000)),
        ([8], [1200.0], (7.04, 580), (10, 10_000)),
        ([4], [12_000.0], (3.52, 580), (10, 100_000)),
        ([512], [0.5], (14.08, 580), (0.1, 10_000)),
        ([16], [float("nan")], (14.08, 580), (10, 10_000)),
    ],
)
def test_all_points_lie_within_both_axes(lengths, rates, across, up):
    table = writing.frame(lengths, {"without": rates})
    chart = writing.speed(table, *writing.ends(table)).to_dict()
    encoding = chart["layer"][0]["encoding"]
    ends, reach = encoding["x"]["scale"]["domain"], encoding["y"]["scale"]["domain"]
    assert ends == pytest.approx(across)
    assert reach == pytest.approx(up)
    assert all(ends[0] <= length <= ends[1] for length in lengths)
    assert all(reach[0] <= rate <= reach[1] for rate in rates if rate == rate)
    assert all(ends[0] <= tick <= ends[1] for tick in encoding["x"]["axis"]["values"])
    assert all(reach[0] <= tick <= reach[1] for tick in encoding["y"]["axis"]["values"])
