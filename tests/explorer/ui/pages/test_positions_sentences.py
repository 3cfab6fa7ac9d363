"""Sentences of the positions page are true of the numbers under them; its benches have room for longer inputs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.analysis.positions import longer
from explorer.answers.records.reach import Reach, Stretch
from explorer.measure import positions as measure
from explorer.ui.components.rotation import Turning
from explorer.ui.positions import bench_runs, evaluation, rotating, waves


def reached(name: str, right: list[float], untrained: tuple[int, int] | None = None) -> tuple[str, str, Reach]:
    stretches = [
        Stretch(t, tokens=40, answers=900, right=r, chance=0.1, right_by_position=np.full(10 * t, r))
        for t, r in zip(evaluation.TIMES, right, strict=True)
    ]
    return name, "#111111", Reach(300, "learned", 10, untrained, stretches)


def test_sentences_on_the_bench_hold():
    far = evaluation.reach_sentence(
        [reached("ALiBi", [0.97, 0.98, 0.99]), reached("Learned", [0.4, 0.1, 0.1], (10, 39))]
    )
    assert far == (
        "at step 300 ALiBi is best at the trained length, with 97 % right; at 4 × ALiBi is best, with 99 % where "
        "chance is 10 %. The learned table’s rows 10 to 39 were never trained."
    )
    near = evaluation.reach_sentence([reached("A", [1, 0.2, 0.1]), reached("B", [0.99, 0.1, 0.11])])
    assert near == (
        "at step 300 A and B are best at the trained length, with 100 % right; at 4 × none does better than chance "
        "(10 %)."
    )
    alone = evaluation.reach_sentence([reached("A", [0.5, 0.2, 0.1], (3, 3))])
    assert alone == (
        "at step 300 it has 50 % right at the trained length and 10 % at 4 × (chance: 10 % and 10 %). The learned "
        "table’s row 3 was never trained."
    )


@pytest.mark.parametrize(
    ("hashes", "same", "sentence"),
    [
        ({"a": "1", "b": "1"}, True, "all 2 began from the same weights; the batches are the same for all."),
        ({"a": "1", "b": "2"}, False, "no two began from the same weights; not all see the same batches."),
        ({"a": None, "b": "2"}, True, "the initial weights are being drawn; the batches are the same for all."),
        ({"a": "1"}, True, "a single run: train five encodings on the same batches to compare it with others."),
        (
            {"a": "1", "b": "1", "L": "2"},
            True,
            "a and b began from the same weights, L from others (a table of positions is drawn before the blocks); "
            "the batches are the same for all.",
        ),
    ],
)
def test_who_began_alike_is_told(hashes, same, sentence):
    assert evaluation.start_sentence(hashes, {"L"}, same) == sentence


def test_a_wave_and_their_sum_are_told_as_they_are():
    turns = measure.turns(64, 64, 10_000)
    assert waves.wave_sentence(0, 1.0, 64).startswith("wave 0 comes round 10 times here. Positions 6.28 apart")
    assert "never takes two positions for the same" in waves.wave_sentence(20, 0.003, 64)
    at, cosine = waves.echo(measure.along(measure.waves(turns[:, :1]))["mean"])
    assert (at, cosine) == (44, pytest.approx(math.cos(44)))
    assert waves.echo(np.array([1, 0.5, 0.2])) == (0, 0.2)
    lines = waves.together(turns, 31)
    assert [row["value"] for row in lines[0]] == [row["value"] for row in lines[1]], "with all waves, all"


def test_a_product_over_distance_is_a_librarys():
    """Frozen from rotary-embedding-torch 0.9.1: RotaryEmbedding(dim=8).rotate_queries_or_keys of q and k, times."""
    q = np.array([0.5, -1.0, 2.0, 0.25, -0.75, 1.5, 1.0, -0.5]).reshape(4, 2)
    k = np.array([1.0, 0.5, -0.25, 1.5, 2.0, -1.0, 0.75, 0.25]).reshape(4, 2)
    theta = 10_000.0 ** (-np.arange(0, 8, 2) / 8)
    shown = Turning(q, k, theta, 3, 0, 11, "")
    frozen = {0: -2.5, 3: -1.47725, 5: -2.3207, -5: -2.64121, 1: -1.16352, 11: -1.1744}
    found = rotating.over(shown, np.array(list(frozen)))
    np.testing.assert_allclose(found, list(frozen.values()), atol=2e-5)
    assert "Where they stand, 3 apart, all pairs make −1.48" in rotating.sentence(shown)


def test_the_benches_give_everyone_room_for_four_times_the_length():
    for bench in bench_runs.BENCHES.values():
        assert longer(bench.config, 4).model.context == bench.config.model.context
