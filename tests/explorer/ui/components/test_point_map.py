"""The point map's message: every number arrives, and what does not fit is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from messages import read_point_map

from explorer.ui.components.point_map import Frame, Neighbours, Shade, Trails, message

KIND = Shade("kind", np.array([0.0, 1, 0]), categories=[("vowel", "#000000"), ("digit", "#ffffff")])
FREQUENCY = Shade("frequency", np.array([0.1, 0.6, 0.3]), "share", "log")
NEAR = Neighbours(np.array([[1, 2], [2, 0], [1, 0]]), np.array([[0.1, 0.2], [0.1, 0.3], [0.2, 0.4]]), "cosine", 64)
FRAME = Frame(
    title="Tokens",
    subject="PCA",
    step=7,
    points=np.array([[0.0, 1], [2, 3], [4, 5]]),
    labels=["a", "1", "␣"],
    notes=["", "", "at 3"],
    shades=[KIND, FREQUENCY],
    neighbours=NEAR,
    quality=[("trustworthiness", "0.900")],
    trust="so far",
)


def test_every_number_arrives():
    paths = np.arange(8.0).reshape(2, 2, 2)
    also = NEAR.distances * 2
    near = replace(NEAR, also=also, second="Euclidean", moved=np.array([0, 0.5, 1]), since=3)
    data = message(replace(FRAME, neighbours=near, trails=Trails([2, 0], paths)), [1], 400)
    header, read = read_point_map(data)
    np.testing.assert_array_equal(read["points"], FRAME.points)
    np.testing.assert_array_equal(read["neighbours"], NEAR.points)
    np.testing.assert_allclose(read["distances"], NEAR.distances)
    np.testing.assert_allclose(read["also"], also)
    np.testing.assert_array_equal(read["moved"], [0, 0.5, 1])
    np.testing.assert_array_equal(read["kind"], KIND.values)
    np.testing.assert_allclose(read["frequency"], FREQUENCY.values)
    np.testing.assert_array_equal(read["paths"], paths)
    assert (header["labels"], header["step"], header["selected"]) == (["a", "1", "␣"], 7, [1])


def test_frequent_points_are_named_before_rare_ones():
    header, _ = read_point_map(message(FRAME, [], 400))
    assert header["order"] == [1, 2, 0]


def test_a_chosen_point_that_is_not_there_any_more_is_left_out():
    header, _ = read_point_map(message(FRAME, [0, 3], 400))
    assert header["selected"] == [0]


@pytest.mark.parametrize(
    ("values", "scale", "ends"),
    [
        ([1, np.nan, 3], "linear", (1, 3)),
        ([0, 0.1, 1], "log", (0.1, 1)),
        ([0.4, 0.5, 0.6], "share", (0, 1)),
        ([np.nan] * 3, "linear", (0, 1)),
    ],
)
def test_colours_reach_from_the_least_to_the_largest_known_number(values, scale, ends):
    assert Shade("loss", np.array(values, float), scale=scale).ends() == ends


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": ["a"]}, "1 labels and 3 notes for 3 points"),
        ({"contexts": ["a b"]}, "1 contexts for 3 points"),
        ({"points": np.zeros((3, 4))}, "two or three numbers a point"),
        ({"shades": [Shade("loss", np.zeros(2))]}, r"colour loss: values of shape \(2,\) for 3 points"),
        ({"shades": [Shade("loss", np.zeros(3), scale="cubic")]}, "scale='cubic' is not known"),
        ({"neighbours": replace(NEAR, second="Euclidean")}, "both its name and its numbers"),
        ({"neighbours": replace(NEAR, distances=np.zeros((3, 1)))}, "neighbours with"),
        ({"trails": Trails([0], np.zeros((5, 2, 2)))}, "for 1 points in 2 dimensions"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(change, said):
    with pytest.raises(ValueError, match=said):
        message(replace(FRAME, **change), [], 400)
