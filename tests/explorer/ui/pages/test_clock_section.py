"""Addition on a clock, on the page Embeddings without a browser: bars and curves, true sentences, and why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from messages import looked_for, panels, read_curves
from tiny_runs import TINY, recorded
from visits import look

from explorer import RunConfig
from explorer.answers.learning import clock as answers
from explorer.answers.records.learning.clock import EMBEDDING, LOGITS
from explorer.measure.names import percent
from explorer.runs import catalogue
from explorer.ui.embeddings import clock

STEPS = 6
SMALL = RunConfig.preset("addition").replace(
    {"model.width": 16, "model.heads": 2, "train.batch": 32, "task.modulus": 11}
)


@pytest.fixture(scope="module")
def runs(served) -> dict[str, str]:
    made = {}
    for name, config in {"sums": SMALL, "letters": TINY}.items():
        path = catalogue.new_path(name)
        recorded(path, STEPS, config, every=3).close()
        made[name] = path.stem
    return made


def test_it_shows_the_waves_of_each_part_and_their_way_over_training(runs):
    app = look("embeddings", {"run": runs["sums"]}, **{"map-closer": "On a clock"})
    assert len(app.get("vega_lite_chart")) == 3
    assert clock.sentence(answers.clock(str(catalogue.path_of(runs["sums"])), STEPS)) in looked_for(app)[0]
    _, curves = read_curves(panels(app)[-1])
    (others,) = [one for one in curves if one["series"] == "all others"]
    np.testing.assert_array_equal(others["step"], [0, 3, 6])


def test_the_losses_with_and_without_the_key_frequencies_are_drawn_where_they_are_chosen(runs):
    app = look("embeddings", {"run": runs["sums"]}, **{"map-closer": "On a clock", "clock-part": clock.LOSS})
    answer = answers.losses(str(catalogue.path_of(runs["sums"])), STEPS)
    assert clock.losses_in_words(answer) in looked_for(app)[0]
    _, curves = read_curves(panels(app)[-1])
    by_name = {one["series"]: one for one in curves}
    np.testing.assert_allclose(by_name["trained on"]["value"], answer.trained, rtol=1e-6)
    np.testing.assert_allclose(by_name["held out"]["value"], answer.held_out, rtol=1e-6)


def test_what_the_key_frequencies_do_is_said(runs):
    answer = answers.losses(str(catalogue.path_of(runs["sums"])), STEPS)
    four = {"trained": 0.1, "held_out": 0.2, "restricted": 0.05, "excluded": 4.5}
    clear = replace(answer, keys=[5, 2], **{name: np.full(3, value) for name, value in four.items()})
    assert clock.losses_in_words(clear) == (
        "with frequencies 2 and 5 of the logits alone the loss of all pairs is 0.05 nats at step 6; without "
        "these waves that of the pairs trained on is 4.5, instead of 0.1."
    )
    assert "so there is none to keep or to leave out" in clock.losses_in_words(replace(clear, keys=[]))
    assert "not finite any more" in clock.losses_in_words(replace(clear, excluded=np.full(3, np.nan)))


def test_a_run_that_adds_nothing_says_why_there_is_no_clock(runs):
    app = look("embeddings", {"run": runs["letters"]}, **{"map-closer": "On a clock"})
    assert [one.value for one in app.info] == [clock.NOT_A_CLOCK]
    assert not looked_for(app)


def test_sentences_say_what_stands_out(runs):
    answer = answers.clock(str(catalogue.path_of(runs["sums"])), STEPS)
    part = replace(answer.parts[EMBEDDING], shares=np.array([0.05, 0.4, 0.05, 0.05, 0.45]), bound=0.2, keys=[5, 2])
    logits = replace(answer.parts[LOGITS], shares=np.full(5, 0.15))
    clear = replace(answer, parts=answer.parts | {EMBEDDING: part, LOGITS: logits}, right=0.5, step=40)
    assert clock.sentence(clear) == (
        f"frequencies 2 and 5 of the embedding hold {percent(0.85)} of its variance, where shuffled numbers reach "
        f"{percent(0.2, 1)} in one. {percent(0.75)} of the logits’ variance depends on a + b alone. "
        f"{percent(0.5)} of all 121 sums are right at step 40."
    )
    none = replace(part, shares=np.full(5, 0.2), keys=[])
    assert f"no frequency of the embedding stands out: the strongest holds {percent(0.2, 1)}" in clock.sentence(
        replace(clear, parts=clear.parts | {EMBEDDING: none})
    )
