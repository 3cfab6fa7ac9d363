"""What Optuna gets of a search, what it proposes, and where it gives up. Optuna 5.0.0."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import optuna
import pytest
from searches import SMALL, SPACE, trial
from tiny_runs import TINY

from explorer.search import study
from explorer.search.ledger import best, best_seen
from explorer.search.search import Search
from explorer.search.space import ChoiceKnob, FloatKnob, VariantKnob

NUMBERS = Search(
    config=TINY,
    knobs=(SPACE[0], FloatKnob(path="model.dropout", low=0, high=0.5), ChoiceKnob(path="train.batch", choices=(4, 8))),
    trials=60,
    steps=30,
    every=5,
)


def frozen_trials(count: int) -> list:
    """Made-up trials: the learning rate decides nearly all, dropout a little, the batch nothing."""
    random = np.random.default_rng(0)
    found = []
    for number in range(count):
        lr, dropout, batch = 10 ** random.uniform(-4, 0), random.uniform(0, 0.5), int(random.choice([4, 8]))
        loss = (math.log10(lr) + 2) ** 2 + 0.3 * dropout
        state = "pruned" if number % 5 == 4 else "complete"
        params = {"optimizer.lr": lr, "model.dropout": dropout, "train.batch": batch}
        found.append(trial(number, params, [loss + 1, loss], state))
    return found


def test_importance_is_optunas_own_on_a_frozen_study():
    trials = frozen_trials(40)
    importance = study.importance(NUMBERS, trials)
    own = optuna.create_study()
    space = {
        "optimizer.lr": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
        "model.dropout": optuna.distributions.FloatDistribution(0, 0.5),
        "train.batch": optuna.distributions.CategoricalDistribution(["4", "8"]),
    }
    for t in trials:
        if t.state == "complete":
            params = t.params | {"train.batch": str(t.params["train.batch"])}
            own.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=t.losses.min()))
    assert importance == pytest.approx(optuna.importance.get_param_importances(own))
    assert next(iter(importance)) == "optimizer.lr"
    assert sum(importance.values()) == pytest.approx(1)


def test_importance_waits_for_two_trials():
    assert study.importance(NUMBERS, frozen_trials(1)) == {}


def test_a_proposal_depends_on_what_may_be_known_alone():
    trials = frozen_trials(20)
    search = NUMBERS.model_copy(update={"together": 2})  # trial 20 knows trials 0 to 16
    proposal = study.propose(search, trials, 20)
    changed = trials[:17] + [trial(t.number, t.params, [9.0, 9.0]) for t in trials[17:]]
    assert study.propose(search, changed, 20) == proposal, "what is known of later ones does not count"
    unlike = [trial(t.number, t.params, [-10.0 * t.number]) for t in trials[:17]] + trials[17:]
    assert study.propose(search, unlike, 20) != proposal
    assert study.propose(search, trials, 20) == proposal


def test_proposals_lie_in_the_space_and_differ_from_trial_to_trial():
    proposed = [study.propose(NUMBERS, [], number) for number in range(6)]
    assert len({repr(p) for p in proposed}) == 6
    for params in proposed:
        assert params is not None
        assert 1e-4 <= params["optimizer.lr"] <= 1
        assert params["train.batch"] in (4, 8)
        assert type(params["train.batch"]) is int
        NUMBERS.config_of(params)


def test_a_grid_goes_from_coarse_to_fine_with_the_contenders_side_by_side():
    knobs = (VariantKnob(variants={"a": {}, "b": {"optimizer.name": "sgd"}}), SPACE[0])
    search = Search(config=TINY, knobs=knobs, steps=30, every=5, sampler="grid", points=5, trials=10)
    points = study.grid(search)
    assert [p["optimizer.lr"] for p in points[::2]] == [0.01, 1e-4, 1.0, 0.001, 0.1]
    assert [p["contender"] for p in points[:4]] == ["a", "b", "a", "b"]
    assert study.propose(search, [], 9) == points[9]
    assert study.propose(search, [], 10) is None
    assert sorted(study.coarse_to_fine(8)) == list(range(8))


def test_the_median_rule_gives_up_where_it_should():
    """By hand: at step 10 the rivals have 1, 2, 3, so the median is 2."""
    params = {"optimizer.lr": 0.1, "model.dropout": 0.0, "train.batch": 4}
    rivals = [trial(n, params, [5.0, loss]) for n, loss in enumerate((1.0, 2.0, 3.0))]
    search = NUMBERS.model_copy(update={"startup": 3, "grace": 10})
    assert study.hopeless(search, rivals, [5, 10], [4.0, 2.5])
    assert not study.hopeless(search, rivals, [5, 10], [4.0, 1.9])
    assert not study.hopeless(search, rivals, [5, 10], [1.5, 9.0]), "its best so far counts"
    assert not study.hopeless(search, rivals, [5], [9.0]), "not before the grace is over"
    assert not study.hopeless(search, rivals[:2], [5, 10], [4.0, 9.0]), "not beside too few"
    assert not study.hopeless(search.model_copy(update={"prune": False}), rivals, [5, 10], [4.0, 9.0])


def test_only_trials_of_the_same_contender_compete():
    search = Search(config=TINY, knobs=(VariantKnob(variants={"a": {}, "b": {}}), SPACE[0]), steps=30, every=5)
    trials = [trial(n, {"contender": "ab"[n % 2], "optimizer.lr": 0.1}, [1.0]) for n in range(6)]
    assert [t.number for t in study.rivals(search, trials, 5, {"contender": "b"})] == [1, 3]
    assert [t.number for t in study.rivals(search, trials, 6, {"contender": "a"})] == [0, 2, 4]


def test_a_trial_that_diverged_is_worse_than_any_other_and_is_no_best():
    done = trial(0, {"optimizer.lr": 0.1, "optimizer.name": "sgd", "model.layers": 1}, [3.0])
    broken = trial(1, done.params, [1.0], "diverged")
    assert broken.value == math.inf
    assert best([broken, done]) is done
    assert best_seen([broken, done]) is broken, "its best weights are there"
    assert best_seen([replace(broken, goal="last"), done]) is done
    frozen = study.frozen(SMALL, broken)
    assert frozen.state == optuna.trial.TrialState.PRUNED
    assert frozen.intermediate_values[5] == math.inf
