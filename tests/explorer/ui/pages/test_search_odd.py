"""A search of none, one, two, equal and not finite trials: its best, its sentences and its pictures."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import SMALL, trial

from explorer.charts import search as charts
from explorer.charts import trials as over_steps
from explorer.charts import tuning
from explorer.runs.events import Event
from explorer.search import ledger
from explorer.search import search as file
from explorer.ui.optimizers.sweeping import Sweep, point
from explorer.ui.optimizers.tuning import sentence as tuned
from explorer.ui.parts.searching import Standing
from explorer.ui.search import overview, pictures, sentences

ODD = {  # losses and states of a search's trials
    "none": [],
    "one, not measured": [([], "training")],
    "one": [([2.0, 1.5], "complete")],
    "two, one of them training": [([2.0], "complete"), ([0.5], "training")],
    "equal": [([1.0], "complete")] * 6,
    "zero": [([0.0], "complete")] * 5,
    "all diverged": [([], "diverged"), ([math.inf], "diverged"), ([math.inf], "diverged")],
    "the best diverged later": [([9.0], "diverged"), ([], "diverged"), ([9.5], "complete")],
    "not finite at all": [([math.inf, math.inf], "complete")] * 4,
    "some not finite": [([1.0, math.inf], "complete"), ([math.inf], "pruned"), ([0.7], "complete")],
    "refused": [([], "refused")] * 2,
}


def odd(name: str) -> Standing:
    base = {"optimizer.lr": 0.01, "optimizer.name": "sgd", "model.layers": 1}
    trials = [trial(n, base, own, state) for n, (own, state) in enumerate(ODD[name])]
    return Standing(Path("x.search"), SMALL, file.Status("finished"), trials, 0, False)


@pytest.mark.parametrize("name", ODD)
def test_few_equal_and_not_finite_trials_have_sentences_and_pictures(name):
    now = odd(name)
    best = ledger.best_seen(now.trials)
    dots = [pictures.dot(t, best) for t in now.trials]
    said = [
        overview.sentence(now),
        *overview.numbers(now).values(),
        sentences.parallel(now),
        sentences.courses(now),
        sentences.history(now),
    ]
    assert not any(re.search(r"\b(nan|inf)\b", words) for words in said), said
    if best is None:
        assert overview.numbers(now)["Best loss"] == "–"
    axis = pictures.loss_axis(now.trials)
    assert all(math.isnan(place) or 0 <= place <= 1 for place in axis.places)
    if not any(t.value is not None and math.isfinite(t.value) for t in now.trials):
        assert [words for _, words in axis.ticks] in ([], ["∞"]), "no loss is known, so the axis has no numbers"
    low, high, log = pictures.spread(now.trials)
    specs = [
        charts.parallel(charts.parallel_frame(dots, pictures.axes(now))).to_dict(),
        charts.history(charts.history_frame(dots), ends=(low, high), log=log).to_dict(),
    ]
    assert all("NaN" not in json.dumps(spec["layer"]) for spec in specs)
    over_steps.courses([(d, t.steps, t.losses) for d, t in zip(dots, now.trials, strict=True)])


def test_where_all_diverged_the_search_says_so_and_saves_nothing():
    now = odd("all diverged")
    assert "all 3 trials so far diverged" in overview.sentence(now)
    assert "3 of 3 trials that are over diverged" in sentences.courses(now)
    assert "saved" not in sentences.courses(now)
    assert "none has one that is finite" in sentences.history(now)


def test_a_best_that_diverged_later_is_shown_and_the_search_says_so():
    now = odd("the best diverged later")
    assert "trial 0: held-out loss 9.0000 at step 5" in overview.sentence(now)
    assert "it diverged later" in overview.sentence(now)
    assert overview.numbers(now)["Best loss"] == "9.0000"
    assert pictures.dot(now.trials[0], ledger.best_seen(now.trials)).value == 9.0


@pytest.mark.parametrize(("goal", "said"), [("best", "loss 0.3000 at step 5"), ("last", "loss 0.5000 at step 10")])
def test_the_best_trial_is_told_with_the_step_at_which_it_had_the_loss_that_counts(goal, said):
    now = odd("none")
    now.trials.append(replace(trial(0, odd("one").trials[0].params, [0.3, 0.5]), goal=goal))
    assert said in overview.sentence(now)


SIDE_BY_SIDE = [(100.0, 110.0), (100.0, 112.0), (111.0, 120.0), (112.5, 120.0)]


@pytest.mark.parametrize(
    ("spells", "seconds"),
    [
        ([], 0),
        ([(100.0, 110.0)], 10),
        (SIDE_BY_SIDE, 20),
        ([*SIDE_BY_SIDE, (5000.0, 5010.0)], 30),
        ([*SIDE_BY_SIDE, (5000.0, None)], 100),
    ],
)
def test_trials_side_by_side_count_once_by_the_clock_and_a_stop_between_them_does_not(spells, seconds):
    trials = [replace(trial(n, {}, []), spells=(spell,)) for n, spell in enumerate(spells)]
    assert ledger.clock_seconds(trials, 5080.0) == seconds


def test_the_time_left_is_told_by_the_clock_however_many_trials_go_on_at_once(monkeypatch):
    monkeypatch.setattr(overview.time, "time", lambda: 120.0)
    over = [replace(trial(n, {}, [1.0]), spells=(spell,)) for n, spell in enumerate(SIDE_BY_SIDE)]
    now = replace(odd("none"), status=file.Status("searching"), trials=over)
    assert overview.left(now) == "20 s", "4 of 8 trials took 20 seconds"
    now.trials.append(trial(4, {}, [1.0], "training"))
    assert overview.left(now) == "12 s", "the fifth is as far as the others came"


def test_a_trial_was_trained_from_each_beginning_to_the_next_end():
    times = [("started", 1.0), ("paused", 3.0), ("resumed", 5.0), ("resumed", 8.0), ("bookmark", 9.0), ("pruned", 11.0)]
    events = [Event(n, 0, time, kind, {}) for n, (kind, time) in enumerate(times)]
    assert ledger.spells(events, training=False) == ((1.0, 3.0), (8.0, 11.0))
    assert ledger.spells(events[:3], training=True) == ((1.0, 3.0), (5.0, None))
    assert ledger.spells(events[:3], training=False) == ((1.0, 3.0),), "its process was killed"


def test_a_small_loss_is_not_written_as_0():
    now = odd("none")
    now.trials.append(trial(0, odd("one").trials[0].params, [2.0, 3e-5]))
    for said in (overview.sentence(now), overview.numbers(now)["Best loss"], charts.words_of(3e-5)):
        assert "3 × 10⁻⁵" in said.replace("\N{NO-BREAK SPACE}", " "), said


@pytest.mark.parametrize("goal", ["best", "last"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_best_loss_never_rises_while_a_search_goes_on(goal, data):
    """Whatever is measured next, and whichever trial ends next, and however."""
    params = {"optimizer.lr": 0.1, "optimizer.name": "sgd", "model.layers": 1}
    ends = ("complete", "pruned", "diverged")
    losses: dict[int, list[float]] = {}
    states: dict[int, str] = {}
    before = math.inf
    for number, loss, end in data.draw(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 9), st.sampled_from(ends)))):
        if states.get(number, "training") == "training":
            losses.setdefault(number, []).append(loss)
            states[number] = "training" if loss > 3 else end
        trials = [replace(trial(n, params, losses[n], states[n]), goal=goal) for n in sorted(losses)]
        best = ledger.best_seen(trials)
        now = math.inf if best is None or best.best_seen is None else best.best_seen
        assert now <= before
        before = now


@pytest.mark.parametrize("name", ODD)
def test_a_sweep_of_such_trainings_has_a_sentence_and_a_picture(name):
    now = odd(name)
    points = [point(t) for t in now.over]
    sweep = Sweep("sgd", points, 9, None, ledger.best(now.trials))
    said = tuned([sweep])
    assert not re.search(r"\b(nan|inf)\b", said)
    if points and sweep.best is None:
        assert said.startswith(f"none of the {len(points)} trainings that are over has a loss")
    frame = tuning.frame({"sgd": points}, {"sgd": None}, 3.0)
    assert frame["loss"].map(math.isfinite).all()
    tuning.sweep(frame, ends=(1e-4, 1.0)).to_dict()
