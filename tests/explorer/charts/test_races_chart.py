"""A race's curves as the canvas and Altair get them."""

from __future__ import annotations

import numpy as np
from messages import read_curves

from explorer.charts import optimizer_state as inside
from explorer.charts import races
from explorer.charts.races import Lane
from explorer.charts.theme import spec
from explorer.ui.components.curves import message


def curve(values: list[float], first: int = 0) -> dict[str, np.ndarray]:
    return {"step": np.arange(first, first + len(values)), "loss_mean": np.array(values)}


def test_a_single_seed_is_a_line_and_several_are_their_mean_in_a_band():
    one, two = Lane("a", "#111111", [curve([3, 2])]), Lane("b", "#222222", [curve([3, 1, 1]), curve([3, 2])])
    _, (first, second) = read_curves(message(races.LOSS, races.parts([one, two], "loss")))
    assert not first["band"]
    assert second["value"].tolist() == [3, 1.5]
    assert (second["low"].tolist(), second["high"].tolist()) == ([3, 1], [3, 2])
    assert [c["color"] for c in (first, second)] == ["#111111", "#222222"]


def test_over_another_axis_each_point_still_knows_its_step():
    lane = Lane("a", "#111111", [curve([3, 2, 1])], [np.array([0.0, 50.0, 100.0])])
    panel = races.over(races.LOSS, "tokens")
    header, (drawn,) = read_curves(message(panel, races.parts([lane], "loss", 75.0)))
    assert drawn["step"].tolist() == [0, 50, 100]
    assert drawn["go"].tolist() == [0, 1, 2]
    assert (header["look"]["across"], header["cursor"]) == ("tokens", 75.0)


def test_who_diverged_is_marked_where_and_in_words():
    lane = Lane("wild", "#111111", [curve([3, 9])], None, [(2.0, 2, "the loss is not finite")])
    header, _ = read_curves(message(races.LOSS, races.parts([lane], "loss")))
    (mark,) = header["nonfinite"]
    assert (mark["step"], mark["go"], mark["short"]) == (2, 2, "wild diverged")
    assert mark["label"] == "wild diverged at step 2: the loss is not finite"


def test_a_lane_without_steps_keeps_its_legend():
    _, (drawn,) = read_curves(message(races.LOSS, races.parts([Lane("a", "#111111", [curve([])])], "loss")))
    assert (drawn["series"], drawn["n"]) == ("a", 0)


def test_the_charts_of_what_is_inside_are_whole():
    steps = inside.steps_frame(["a", "b"], np.array([[1, 2, 3, 4, 5], [2, 3, 4, 5, 6.0]]))
    assert spec(inside.steps(steps, 2))["layer"]
    assert steps["middle"].tolist() == [3, 4]
    frame = inside.histogram_frame(np.array([-2.0, -1, 0]), {"m": np.array([0.25, 0.75])})
    assert spec(inside.histogram(frame))["layer"][0]["mark"]
    assert frame["share"].sum() == 1


def decimated(last: int, points: int = 30) -> dict[str, np.ndarray]:
    """A long curve in buckets that lie elsewhere for every length, as live runs are read."""
    edges = np.unique(np.linspace(0, last, points + 1).astype(int))[:-1]
    return {"step": edges, "loss_mean": edges.astype(float)}


def test_seeds_whose_buckets_differ_are_one_curve_up_to_the_one_that_lags():
    one, two = decimated(997), decimated(1003)
    _, (drawn,) = read_curves(message(races.LOSS, races.parts([Lane("a", "#111111", [one, two])], "loss")))
    assert drawn["n"] >= 29, "not only the steps at which both happen to have a bucket"
    assert drawn["step"][-1] <= one["step"][-1]
    assert np.all(drawn["low"] <= drawn["value"])
    assert np.abs(drawn["value"] - drawn["step"]).max() <= 1003 / 30


def test_a_seed_that_ended_early_leaves_the_mean_to_the_others():
    short, long = curve([5.0] * 10), curve([3.0] * 100)
    _, (drawn,) = read_curves(message(races.LOSS, races.parts([Lane("a", "#111111", [short, long])], "loss")))
    assert drawn["value"].tolist() == [4] * 10 + [3] * 90
    assert drawn["high"].tolist() == [5] * 10 + [3] * 90


def test_spikes_of_a_single_seed_survive_as_its_band():
    spiky = curve([3, 2, 1]) | {"loss_min": np.array([3, 1, 1.0]), "loss_max": np.array([3, 9, 1.0])}
    _, (drawn,) = read_curves(message(races.LOSS, races.parts([Lane("a", "#111111", [spiky])], "loss")))
    assert (drawn["low"].tolist(), drawn["high"].tolist()) == ([3, 1, 1], [3, 9, 1])
    many = [Lane(name, "#111111", [spiky]) for name in "abcd"]
    _, found = read_curves(message(races.LOSS, races.parts(many, "loss")))
    assert not any(drawn["band"] for drawn in found), "they would hide one another"


def test_one_that_diverges_does_not_squeeze_the_others():
    calm, wild = Lane("calm", "#111111", [curve([3, 2])]), Lane("wild", "#222222", [curve([3, 4e10])])
    panel = races.loss_panel("nats", "token", [calm, wild])
    header, drawn = read_curves(message(panel, races.parts([calm, wild], "loss")))
    assert header["look"]["roof"] == 4.5
    assert drawn[1]["value"][1] == 4e10, "the number is told as it is"
    none = races.loss_panel("bits", "pair", [Lane("none", "#111111", [curve([])])])
    assert (none.roof, none.unit) == (None, "bits per pair")
