"""Shares of the gradient at forks and inside attentions."""

from dataclasses import replace

import numpy as np
import pytest

from explorer import charts
from explorer.charts import highways
from explorer.measure.highways import AttentionSplit, Fork, HeadPart, RolePart

FORK = Fork(at="blocks.0.norm_1", through="blocks.0.attention", whole=5.0, skip=3.0, block=4.0, cosine=0.0)
PART = RolePart(gradient=1.0, handed=1.0, share=0.25)
ATTENTION = AttentionSplit(
    at="decoder.blocks.1.cross",
    whole=2.0,
    memory=0.0,
    out=1.0,
    parts={"queries": replace(PART, share=0.5), "keys": PART, "values": PART},
    heads=[HeadPart(out=1.0, pattern=1.0, handed=1.0, share=share) for share in (1.25, -0.25)],
)


@pytest.mark.parametrize("cosine", [0.0, 0.3, -0.9])
def test_the_shares_of_a_fork_sum_to_the_whole_gradient(cosine):
    whole = np.sqrt(9 + 16 + 2 * 12 * cosine)
    table = highways.fork_frame([replace(FORK, cosine=cosine, whole=whole)])
    assert table["share"].sum() == pytest.approx(1)
    assert table["size"].tolist() == [3, 4]
    assert set(table["place"]) == {"attention 1"}


def test_an_attention_has_a_bar_for_its_roles_and_one_for_its_heads():
    table = highways.attention_frame([ATTENTION])
    assert table.groupby("place", sort=False)["share"].sum().to_dict() == {
        "decoder cross 2 · Q K V": 1.0,
        "decoder cross 2 · heads": 1.0,
    }


@pytest.mark.parametrize(
    ("chart", "frame", "row"),
    [(highways.forks, highways.fork_frame, FORK), (highways.inside, highways.attention_frame, ATTENTION)],
)
def test_a_spec_does_not_depend_on_the_data(chart, frame, row):
    empty, full = frame([]), frame([row])
    assert charts.spec(chart(empty, places=2)) == charts.spec(chart(full, places=2))
    chart(full).to_dict()
