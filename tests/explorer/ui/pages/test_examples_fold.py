"""Train's fold without a browser: since when each example stays right, and the loss of each token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from messages import looked_for, panels, read_curves
from tiny_runs import TINY, recorded
from visits import look, settled, unfold

from explorer import RunConfig
from explorer.answers.learning import graduation
from explorer.measure.names import percent
from explorer.runs import catalogue
from explorer.ui.train import examples

STEPS = 8
CONFIGS = {
    "sums": RunConfig.preset("addition").replace({"model.width": 16, "model.heads": 2, "task.modulus": 5}),
    "letters": TINY,
    "words": RunConfig.preset("words-cbow").replace({"model.width": 8}),
}


@pytest.fixture(scope="module")
def runs(served) -> dict[str, str]:
    made = {}
    for name, config in CONFIGS.items():
        path = catalogue.new_path(name)
        recorded(path, STEPS, config, every=4).close()
        made[name] = path.stem
    return made


def unfolded(run: str):  # type: ignore[no-untyped-def]  # an AppTest
    app = look("train", {"run": run})
    return settled(unfold(app, "Train"))


@pytest.mark.parametrize("name", ["sums", "letters"])
def test_the_fold_shows_both_and_says_what_is_true(runs, name: str):
    app = unfolded(runs[name])
    path = str(catalogue.path_of(runs[name]))
    since, losses = graduation.since(path, STEPS), graduation.losses(path, STEPS)
    lines = "\n".join(looked_for(app))
    assert examples.hardest(losses).split("`")[0] in lines
    curves = [curve for panel in panels(app) for curve in read_curves(panel)[1]]
    stays = {curve["series"]: curve for curve in curves if curve["series"] in ("trained on", "held out", "answers")}
    assert set(stays) == ({"trained on", "held out"} if name == "sums" else {"answers"})
    for kind, curve in zip((1, 0) if name == "sums" else (0,), stays.values(), strict=True):
        own = [(since.since >= 0) & (since.since <= step) for step in since.steps]
        np.testing.assert_allclose(curve["value"], [one[since.trained == kind].mean() for one in own])


def test_a_run_of_word_vectors_says_why_there_is_nothing(runs):
    app = unfolded(runs["words"])
    assert any("gives no answers" in one.value for one in app.caption)


def test_sentences_count_what_stays_right(runs):
    answer = graduation.since(str(catalogue.path_of(runs["sums"])), STEPS)
    since = np.full(25, 4)
    since[3:] = -1
    some = replace(answer, since=since, trained=np.array([1] * 5 + [0] * 20), steps=np.array([0, 4, 8]))
    assert examples.sentence(some) == (
        f"at step 8 {percent(0.6)} of the pairs trained on and {percent(0.0)} of those held out are right. Squares are "
        "trained on, dots are held out, and an empty place is not right yet. The first to stay right, since step 4, is "
        "“0 + 0” → “0”, the last, since step 4, “0 + 0” → “0”."
    )
    none = replace(some, since=np.full(25, -1), modulus=0)
    assert examples.sentence(none) == "at step 8 0 of 25 answers are right."
