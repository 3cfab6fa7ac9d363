"""Finding a cell: a hand-made LSTM that follows brackets is found, a random one is not; figures are a plain loop's."""

import numpy as np
import pytest
import torch

from explorer.measure.following import (
    NAMED,
    Follower,
    best_f1,
    best_property,
    best_threshold,
    followed,
    followers,
    inside,
    least_figures,
    measured,
    properties,
)
from explorer.tasks import build as build_task
from explorer.tasks.fields import Brackets
from explorer.trace import observe
from models import recurrent
from models.config import RecurrentConfig

C = 3
CONFIG = RecurrentConfig(width=C, context=40)
TASK = build_task(Brackets(length=40, kinds=1, depth=1), CONFIG)
PROBE = TASK.probe(64)
SHOWN = [TASK.vocabulary.show(row) for row in PROBE.tokens]


def of_brackets(seed):
    """An LSTM whose cell 1 is filled by ( and emptied by ); at no seed one with random weights."""
    model = recurrent.build(CONFIG, len(TASK.vocabulary), torch.Generator().manual_seed(seed or 0))
    if seed is None:
        layer = model.layers[0]
        with torch.no_grad():
            for parameter in (model.embedding.weight, *layer.parameters()):
                parameter.zero_()
            model.embedding.weight[0, 0] = model.embedding.weight[1, 2] = 1  # ( and )
            gates = layer.input.weight.unflatten(0, (4, C))
            bias = layer.input.bias.unflatten(0, (4, C))
            gates[0, 1, 0], bias[0, 1] = 40, -20  # in at (
            gates[1, 1, 2], bias[1, 1] = -40, 20  # kept, but for )
            bias[2, 1] = 10
    return model


@pytest.mark.parametrize(("seed", "found"), [(None, [1]), (1, []), (2, []), (3, [])])
def test_a_hand_made_lstm_that_follows_brackets_is_found_and_a_random_one_is_not(seed, found):
    values = observe(of_brackets(seed), PROBE, gradients=False).values["layers.0.cell"]
    holds = properties(SHOWN, [[""] * 40] * 64)["inside ( … )"]
    best = followers(values, holds)
    assert [one.cell for one in best if one.named] == found
    lowest = least_figures(values, holds)
    assert {one.cell: one.least for one in best} == dict(enumerate(lowest))
    assert np.flatnonzero(lowest >= NAMED).tolist() == found
    if found:
        assert (best[0].precision, best[0].recall, best[0].quiet) == (1, 1, 1)


def test_of_all_that_holds_each_cell_is_said_to_follow_what_it_follows_best():
    holds = properties(SHOWN, [[""] * 40] * 64)
    values = observe(of_brackets(None), PROBE, gradients=False).values["layers.0.cell"]
    what, least = followed(values, holds)
    assert (what[1], least[1]) == ("inside ( … )", 1)
    values = np.random.default_rng(2).normal(size=(64, 40, 3)).round(1)
    what, least = followed(values, holds)
    assert (least < NAMED).all()
    for cell in range(3):
        one = values[:32, :, cell].ravel()
        plain = {words: best_threshold(one, where[:32].ravel())[0] for words, where in holds.items()}
        rows = np.array([where[:32].ravel() for where in holds.values()])
        np.testing.assert_allclose(best_f1(one, rows), list(plain.values()))
        assert what[cell] == max(plain, key=lambda words: plain[words])
        assert least[cell] == least_figures(values, holds[what[cell]])[cell]
    assert followed(values, {})[0] == [""] * 3


def test_what_tells_a_span_from_what_is_around_it():
    holds = properties([list("ab(cd)ef"), list("(abcdef)")], [[""] * 8, list("abcdabcd")])
    assert best_property(holds, 2, 4) == "inside ( … )"
    assert best_property(holds, 6, 6) == "the token is “e”"
    assert holds["inside ( … )"].astype(int).tolist() == [[0, 0, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 0]]
    assert inside(np.array([list("))((")], dtype=object), "(", ")").tolist() == [[False, False, True, True]]
    assert best_property({}, 0, 1) is None


def test_precision_and_recall_are_those_of_a_plain_loop():
    random = np.random.default_rng(0)
    value, holds = random.normal(size=(6, 9)).round(1), random.random((6, 9)) < 0.3
    found = measured(4, value, holds, True, 0.25)
    counts = {"hit": 0, "false": 0, "missed": 0, "quiet": 0}
    for x, true in zip(value.flat, holds.flat, strict=True):
        counts[{(1, 1): "hit", (1, 0): "false", (0, 1): "missed", (0, 0): "quiet"}[int(x > 0.25), int(true)]] += 1
    expected = (
        counts["hit"] / (counts["hit"] + counts["false"]),
        counts["hit"] / (counts["hit"] + counts["missed"]),
        counts["quiet"] / (counts["quiet"] + counts["false"]),
    )
    assert (found.precision, found.recall, found.quiet) == pytest.approx(expected)


def test_the_threshold_is_the_best_of_all():
    random = np.random.default_rng(1)
    value, holds = random.normal(size=60).round(1), random.random(60) < 0.4
    f1, above, threshold = best_threshold(value, holds)

    def score(on):
        return 2 * (on & holds).sum() / (on.sum() + holds.sum())

    tried = [score(on) for x in np.arange(-4, 4, 0.05) for on in (value > x, value < x)]
    assert f1 == pytest.approx(max(tried))
    assert score(value > threshold if above else value < threshold) == pytest.approx(f1)


def test_a_cell_that_is_always_on_is_not_named_where_almost_all_holds():
    assert not Follower(0, True, 0.0, precision=0.97, recall=1.0, quiet=0.0).named
