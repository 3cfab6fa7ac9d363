"""Train's fold without a browser: since when each example stays right, and the loss of each token."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from messages import looked_for, panels, read_curves
from tiny_runs import TINY, recorded
from visits import look, settled, unfold, visit_of

from explorer import Run, RunConfig
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


def test_a_column_of_the_losses_leads_to_the_batch_with_the_highest_loss_before_it(runs):
    app = unfolded(runs["letters"])
    path = catalogue.path_of(runs["letters"])
    losses = graduation.losses(str(path), STEPS)
    with closing(Run.open(path)) as run:
        rise = examples.rise_of(losses, None, run.steps["loss"])
        of_batches = run.steps["loss"].tolist()
    means = losses.losses.mean(1)
    assert rise.column == 1 + int(np.diff(means).argmax())
    first, end = losses.steps[rise.column - 1], losses.steps[rise.column]
    worst = max(range(first, end), key=lambda step: of_batches[step])
    assert rise.batch == (worst, of_batches[worst])
    assert any(examples.rise_in_words(losses, rise) in one.value for one in app.caption)
    app.button(key="which-batch").click()
    app.run()
    assert app.segmented_control(key="inside").value == "Which batch"
    assert visit_of(app).step == worst


def test_the_map_of_losses_is_strong_where_a_token_is_not_known(runs):
    """Colours from 0 to twice the loss of guessing: what is learned has next to none, and a spike stands out."""
    app = unfolded(runs["letters"])
    path = catalogue.path_of(runs["letters"])
    (message,) = [c.proto.bytes for c in app.get("bidi_component") if c.proto.component_name == "explorer_heat_map"]
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    with closing(Run.open(path)) as run:
        guessing = run.task.guessing[0]
    assert (header["kind"], header["ends"]) == ("size", [0, pytest.approx(2 * guessing)])
    losses = np.frombuffer(message, "<f4", offset=4 + size).reshape(len(header["rows"]["labels"]), -1)
    np.testing.assert_allclose(losses, graduation.losses(str(path), STEPS).losses.T, rtol=1e-6)


def test_what_rose_up_to_a_column_is_said_and_odd_columns_too(runs):
    some = replace(
        graduation.losses(str(catalogue.path_of(runs["letters"])), STEPS),
        steps=np.array([0, 4, 8]),
        tokens=["a", "b"],
        losses=np.array([[3.0, 3.0], [2.0, 4.0], [1.0, np.nan]]),
    )
    of_batches = np.array([3.1, 3.0, np.nan, 2.5, 2.4, 2.9, 2.2, 2.1])
    rise = examples.rise_of(some, None, of_batches)
    assert rise == examples.Rise(1, 1, (2, pytest.approx(np.nan, nan_ok=True)))
    assert examples.rise_in_words(some, rise) == (
        "From step 0 to 4 the loss of “b” in row 2 rose most, from 3 to 4. Of the batches in between that of step 2 "
        "had the highest loss, NaN. Click on another column."
    )
    whole = replace(some, losses=np.array([[3.0, 3.0], [2.0, 4.0], [1.0, 2.5]]))
    assert examples.hardest(whole).endswith("“b” in row 2 with 2.5 nats; “a” in row 1 came down most, from 3 to 1.")
    last = examples.rise_of(some, 7, of_batches)
    assert (last.column, last.batch) == (2, (5, 2.9))
    assert "no token’s loss rose" in examples.rise_in_words(some, last)
    assert "Step 0 is the first snapshot" in examples.rise_in_words(some, examples.rise_of(some, 0, of_batches))
    assert examples.rise_of(replace(some, steps=np.array([0]), losses=some.losses[:1]), None, of_batches) is None
    assert examples.rise_of(some, 4, np.empty(0)).batch is None


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
