"""Presets: each trains, travels whole, and learns what its card says, or fails as it says."""

from __future__ import annotations

import math

import optional_packages
import pytest

from explorer import RunConfig, observe, presets, train
from explorer.config.presets import ANSWERING, BROKEN, ORDINARY, PRESETS, READING, RECURRENT, WORDS, broken_of
from explorer.config.run import LIVE
from explorer.measure import diagnosis


@pytest.mark.parametrize("name", [*ORDINARY, *READING, *ANSWERING, *RECURRENT, *BROKEN])
def test_a_preset_trains(name):
    if optional_packages.lacks(RunConfig.preset(name)):
        pytest.skip("the optional package that it is made of is not installed")
    training = train(RunConfig.preset(name))
    steps = [next(training) for _ in range(2)]
    assert all(math.isfinite(step.loss) and math.isfinite(step.grad_norm) for step in steps)
    surprise = 1.35 if name == "large-init" else 1
    assert steps[0].loss == pytest.approx(surprise * math.log(len(training.task.vocabulary)), rel=0.1)
    assert training.task.length <= training.config.model.context


@pytest.mark.parametrize("steps", [160, pytest.param(300, marks=pytest.mark.prove)])
@pytest.mark.parametrize(
    "name",  # CBOW draws its words as skip-gram does
    [pytest.param(name, marks=[pytest.mark.prove] * (name == "words-skip-gram")) for name in WORDS],
)
def test_word_vectors_train_and_fall_below_who_knows_nothing(name, steps):
    training = train(RunConfig.preset(name))
    losses = [next(training).loss for _ in range(steps)]
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


def test_eight_learn_and_reverse_comes_first_and_twelve_fail():
    assert list(presets()) == [*ORDINARY, *READING, *ANSWERING, *RECURRENT, *WORDS, *BROKEN]
    assert len(BROKEN) == 12
    assert list(ORDINARY) == [
        "reverse",
        "sort",
        "induction",
        "addition",
        "shakespeare",
        "python",
        "tunes",
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


@pytest.mark.parametrize("name", BROKEN)
def test_a_cured_one_goes_by_the_name_of_one_that_learns(name):
    cured = BROKEN[name].config.replace(BROKEN[name].cure)
    nearest, changes = cured.nearest_preset()
    assert nearest not in BROKEN
    assert RunConfig.preset(nearest).replace(changes) == cured
    assert RunConfig.from_query(cured.to_query()) == cured
    assert broken_of(cured) is None


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


@pytest.mark.parametrize("name", BROKEN)
def test_what_fails_on_purpose_is_known_by_its_fault_and_when_cured_by_its_preset(name):
    assert broken_of(BROKEN[name].config) is BROKEN[name]
    assert broken_of(BROKEN[name].config.replace({"train.seed": 3})) is BROKEN[name]


@pytest.mark.parametrize("name", [*ORDINARY, *READING, *ANSWERING, *RECURRENT, *WORDS])
def test_no_sound_preset_fails_on_purpose(name):
    assert broken_of(PRESETS[name].config) is None


@pytest.mark.parametrize(
    ("preset", "changes", "name"),
    [
        ("delay-lstm", {"model.forget_bias": 0.0}, "forgetful-lstm"),  # as near to one as to the other
        ("forgetful-lstm", {"model.kind": "rnn"}, "delay-rnn"),  # an RNN has no gate to bias
        ("delay-lstm", {"model.kind": "rnn", "task.delay": 10}, "delay-rnn"),
        ("brackets-gru", {"model.kind": "rnn", "model.gain": 6.0}, "exploding-rnn"),
        ("brackets-gru", {"model.kind": "rnn"}, None),
        ("reverse", {"model.norm": "none"}, None),  # two layers without a norm learn
    ],
)
def test_the_cure_is_named_by_what_is_broken(preset, changes, name):
    assert broken_of(PRESETS[preset].config.replace(changes)) is (BROKEN[name] if name else None)
