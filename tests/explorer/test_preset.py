"""Presets: each trains, travels whole, and learns what its card says, or fails as it says."""

from __future__ import annotations

import math

import pytest

from explorer import RunConfig, observe, presets, train
from explorer.config import LIVE
from explorer.measure import diagnosis
from explorer.preset import BROKEN, ORDINARY, PRESETS, WORDS


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path_factory.getbasetemp() / "preset-home"))


@pytest.mark.parametrize("name", [*ORDINARY, *BROKEN])
def test_a_preset_trains(name):
    training = train(RunConfig.preset(name))
    steps = [next(training) for _ in range(3)]
    assert all(math.isfinite(step.loss) and math.isfinite(step.grad_norm) for step in steps)
    surprise = 1.35 if name == "large-init" else 1
    assert steps[0].loss == pytest.approx(surprise * math.log(len(training.task.vocabulary)), rel=0.1)
    assert training.task.length <= training.config.model.context


@pytest.mark.parametrize("name", WORDS)
def test_word_vectors_train_and_fall_below_who_knows_nothing(name):
    training = train(RunConfig.preset(name))
    losses = [next(training).loss for _ in range(300)]
    assert losses[0] == pytest.approx(math.log(2), abs=1e-4) or name == "words-glove"
    assert sum(losses[-20:]) / 20 < training.task.guessing[0]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_travels_whole(name):
    config = RunConfig.preset(name)
    assert RunConfig.from_json(config.to_json()) == config
    assert config.to_query() == {"v": "1", "preset": name}
    assert RunConfig.from_query(config.to_query()) == config
    changed = config.replace({"optimizer.lr": 0.001234, "train.seed": 7})
    assert RunConfig.from_query(changed.to_query()) == changed


def test_seven_learn_and_reverse_comes_first_and_nine_fail():
    assert list(presets()) == [*ORDINARY, *WORDS, *BROKEN]
    assert len(BROKEN) == 9
    assert list(ORDINARY) == [
        "reverse",
        "sort",
        "induction",
        "addition",
        "shakespeare",
        "python",
        "dates-fr",
    ]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_card_says_what_to_see_and_how_long_it_takes(preset):
    assert preset.title
    assert preset.description.endswith(".")
    assert preset.wait.startswith("≈ ")


@pytest.mark.parametrize("name", BROKEN)
def test_one_that_fails_names_its_symptom_where_to_look_its_rule_and_a_cure_that_is_no_longer_it(name):
    preset = BROKEN[name]
    assert preset.look_at
    assert preset.rule in diagnosis.RULES
    changed = {path: value for path, value in preset.cure.items() if preset.config.get(path) != value}
    assert changed == preset.cure
    assert preset.config.replace(preset.cure) != preset.config
    assert preset.anew is not None or set(preset.cure) <= LIVE
    shapes = [
        {n: p.shape for n, p in train(c).model.named_parameters()}
        for c in (preset.config, preset.config.replace(preset.cure))
    ]
    assert preset.anew is not None or shapes[0] == shapes[1]


def test_the_reverse_preset_learns_and_its_anti_diagonal_is_there():
    training = train(RunConfig.preset("reverse"))
    recent = [0.0]
    while sum(recent[-5:]) / 5 < 0.99:
        recent.append(next(training).metric)
        assert training.step < 300
    n = training.task.n
    trace = observe(training.model, training.task.probe(4), gradients=False)
    patterns = [v for name, v in trace.values.items() if name.endswith(".attention.pattern")]
    on_it = [p[:, :, range(n, 2 * n), range(n)[::-1]] for p in patterns]  # queries | y…, keys xₙ…x₁
    assert max(p.mean((0, 2)).max() for p in on_it) > 0.5
