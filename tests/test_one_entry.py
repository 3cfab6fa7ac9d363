"""One record a variant: with its entry, and nothing else, an optimizer works everywhere, and no number is made up."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from streamlit.testing.v1 import AppTest
from tiny_runs import TINY, recorded

from explorer.analysis import curvature, toys
from explorer.analysis import weight as xray
from explorer.answers import instruments, optimizer_state
from explorer.answers import toys as toy_views
from explorer.answers import weight as xray_views
from explorer.answers.records.instruments import Curvature
from explorer.config.optimizers import OPTIMIZERS, Divisor, Kept, UpdateRule, averaged_edge, corrected, first_filled
from explorer.config.run import RunConfig
from explorer.measure import updates
from explorer.measure.updates import Strip, Weight, edge
from explorer.runs import race
from explorer.runs.replay import restore
from explorer.training.loop import Training
from explorer.training.optimizers import steppings
from explorer.ui.gradients.curvature import curvature_sentence, curvature_table
from explorer.ui.optimizers import contenders, inside, tuning
from explorer.ui.optimizers import toys as toys_page
from explorer.ui.parts import settings

ROOT = Path(__file__).parents[1]
GRAIN = 2.0**-23  # of a float32
MATRIX = "blocks.1.mlp.expand.weight"


def nadam(way: Strip, w: Weight, g: float) -> None:
    """Dozat 2016, algorithm 8, with torch's schedule of β₁ and decay in the gradient."""
    g, t, k = updates.joined_decay(way, w, g), w.count, w.knobs
    now, ahead = (k["beta1"] * (1 - 0.5 * 0.96 ** (at * k["momentum_decay"])) for at in (t, t + 1))
    product = w.kept.get("mu_product", 1.0) * now
    m = k["beta1"] * w.kept.get("exp_avg", 0.0) + (1 - k["beta1"]) * g
    v = k["beta2"] * w.kept.get("exp_avg_sq", 0.0) + (1 - k["beta2"]) * g * g
    average = (1 - now) / (1 - product) * g + ahead / (1 - product * ahead) * m
    way.step = -w.lr * average / (math.sqrt(v / (1 - k["beta2"] ** t)) + k["eps"])
    way.add("step", "−η m̄ / (√v̂ + ε)", "Adam, looked ahead", "", way.step)


def adamax(way: Strip, w: Weight, g: float) -> None:
    """Kingma & Ba 2015, algorithm 2, with decay in the gradient."""
    g, k = updates.joined_decay(way, w, g), w.knobs
    m = k["beta1"] * w.kept.get("exp_avg", 0.0) + (1 - k["beta1"]) * g
    u = max(k["beta2"] * w.kept.get("exp_inf", 0.0), abs(g) + k["eps"])
    way.step = -w.lr * m / (1 - k["beta1"] ** w.count) / u
    way.add("step", "−η m̂ / u", "by the largest gradient lately", "", way.step)


M = Kept("exp_avg", "m", "the running average of the gradient")
RECORDS = {
    "nadam": UpdateRule(
        title="NAdam",
        meaning="Adam whose average is looked ahead (Dozat 2016)",
        source="Dozat 2016",
        torch="NAdam",
        constants={},
        lr=5e-3,
        toy_lr=dict.fromkeys(toys.TOYS, 0.05),
        kept=(M, Kept("exp_avg_sq", "v", "that of its square")),
        step=nadam,
        divisor=Divisor("√v̂ + ε", corrected("exp_avg_sq")),
        edge=None,
    ),
    "adamax": UpdateRule(
        title="Adamax",
        meaning="Adam by the largest gradient lately (Kingma & Ba 2015)",
        source="Kingma & Ba 2015, algorithm 2",
        torch="Adamax",
        constants={},
        lr=5e-3,
        toy_lr=dict.fromkeys(toys.TOYS, 0.05),
        kept=(M, Kept("exp_inf", "u", "the largest gradient lately")),
        step=adamax,
        divisor=Divisor("u", lambda state, knobs: state["exp_inf"], first_filled),
        edge=averaged_edge,
    ),
}


@pytest.fixture(params=RECORDS)
def name(request, monkeypatch) -> str:
    """An optimizer that the house has only a record of."""
    monkeypatch.setitem(OPTIMIZERS, request.param, RECORDS[request.param])
    return request.param


def config_of(name: str) -> RunConfig:
    return TINY.replace({"optimizer.name": name, "optimizer.weight_decay": 0.1, "optimizer.lr": 0.01, "train.steps": 9})


def trained(name: str, steps: int = 4) -> Training:
    training = Training(config_of(name))
    for _ in range(steps):
        next(training)
    return training


def test_without_a_record_no_name_is_taken():
    with pytest.raises(ValueError, match=r"optimizer.name=nadam is no optimizer; use adamw, adam, sgd"):
        TINY.replace({"optimizer.name": "nadam"})
    with pytest.raises(ValueError, match="there is no optimizer nadam"):
        toy_views.walks("saddle", (1.0, 0.5), [("nadam", 0.1)], 5)


@pytest.mark.parametrize("clip", [None, 0.05])
def test_the_x_rays_step_plus_decay_is_what_torchs_own_update_did(name, clip):
    training = Training(config_of(name).replace({"train.clip": clip}))
    for _ in range(3):
        film = xray.film(training)
        for tensor in film.before:
            rows, columns = xray.as_matrix(film.before[tensor]).shape
            for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3)):
                answer = xray.xray(film, tensor, row, column)
                worked = answer["step_size"] + answer["decay"]
                allowed = GRAIN * max(abs(answer["before"]), abs(answer["after"])) + 2e-6 * abs(worked)
                assert abs(answer["observed"] - worked) <= allowed, (tensor, row, column)


def test_a_run_file_of_it_is_replayed_bit_for_bit_and_its_answers_are_its_own(name, tmp_path):
    run = recorded(tmp_path / "own.run", 9, config_of(name), every=3)
    straight = trained(name, 8)
    assert torch.equal(restore(run, 8).flat.values, straight.flat.values)
    kept = optimizer_state.spread(str(run.path), 9).kept
    assert [(one.key, one.symbol) for one in kept] == [(own.key, own.symbol) for own in RECORDS[name].kept]
    sizes = optimizer_state.effective(str(run.path), 8)
    assert sizes.names == run.tensors
    state, at = straight.state(), sizes.names.index(MATRIX)
    if name == "adamax":
        factor = sizes.lr / state[f"{MATRIX}/exp_inf"]
    else:
        factor = sizes.lr / ((state[f"{MATRIX}/exp_avg_sq"] / (1 - 0.999**8)).sqrt() + 1e-8)
    expected = np.quantile(factor.double().numpy(), optimizer_state.QUANTILES)
    np.testing.assert_allclose(sizes.sizes[at], expected, rtol=1e-5)
    weight = xray_views.weight(str(run.path), 6, MATRIX, 1, 1)
    assert weight.source == RECORDS[name].source
    assert instruments.measure(str(run.path), 6).numbers["quality"] is not None
    assert RECORDS[name].title in inside.computed(OPTIMIZERS[name])


def test_before_the_first_step_there_is_no_factor_and_the_page_says_so(name, tmp_path):
    run = recorded(tmp_path / "own.run", 2, config_of(name))
    answer = optimizer_state.effective(str(run.path), 0)
    assert answer.names == []
    assert "begins with its first step" in inside.effective_sentence(answer)


def test_curvature_is_held_against_its_own_edge_or_against_none(name):
    training = trained(name)
    found = curvature.curvature(training)
    numbers = {key: value for key, value in found.items() if key not in ("plain", "own")}
    answer = Curvature(step=4, seconds=0.1, optimizer=name, descent_edge=found["plain"], edge=found["own"], **numbers)
    assert found["plain"] == pytest.approx(200)
    if name == "nadam":
        assert found["own"] is found["divided"] is None
        assert curvature_sentence(answer).endswith("for NAdam no edge of stability is known.")
        assert "divided" not in curvature_table([answer])
    else:
        assert found["own"] == pytest.approx(edge(0.01, 0.9, averaged=True))
        assert "divided as Adamax does" in curvature_sentence(answer)
        before, step = training.flat.values.clone(), None
        training.config = training.config.replace({"optimizer.weight_decay": 0.0})
        step = next(training)
        state, places = training.state(), steppings(training.optimizer)
        for tensor, moved in training.flat.split(before - training.flat.values).items():
            divisor = places[tensor].preconditioner()
            torch.testing.assert_close(moved, step.lr * state[f"{tensor}/exp_avg"] / divisor, rtol=1e-3, atol=3e-7)


def test_it_races_and_walks_and_stands_in_the_forms(name):
    title = RECORDS[name].title
    named = race.named([config_of(name), TINY])
    assert next(iter(named)).startswith(title)
    table = pd.DataFrame([(name, None, "")], columns=contenders.COLUMNS)
    (raced,) = contenders.configured(TINY, 1, table.to_dict("records"))
    assert raced.optimizer.lr == RECORDS[name].lr
    (walk,) = toy_views.walks("ravine", (-3.5, 1.0), [(name, 0.05)], 20).walks
    at = [stage.name for stage in walk.stages].index("new place")
    np.testing.assert_allclose(walk.numbers[:, at], walk.places[1:], rtol=1e-9)
    assert name in toy_views.surfaces().optimizers

    def page() -> None:
        from tiny_runs import TINY

        from explorer.ui import restarting

        restarting.form(TINY)

    app = AppTest.from_function(page).run(timeout=240)
    assert not app.exception
    assert name in app.selectbox(key="restart:optimizer.name").options


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_record_is_whole(optimizer):
    rule = OPTIMIZERS[optimizer]
    assert all((rule.title, rule.meaning, rule.source))
    assert issubclass(getattr(torch.optim, rule.torch), torch.optim.Optimizer)
    training = trained(optimizer, 2)
    for stepping in steppings(training.optimizer).values():
        tensors = {key for key, value in stepping.kept.items() if value.ndim}
        assert tensors == {kept.key for kept in stepping.rule.kept}


def test_no_table_elsewhere_knows_an_optimizers_name():
    """Tables and comparisons alone: a preset, a sample or a page's first choice may name one, which is checked."""
    guilty = []
    for path in [*(ROOT / "explorer").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *(ROOT / "models").rglob("*.py")]:
        text = path.read_text("utf-8")
        if path == ROOT / "explorer/config/optimizers.py" or not any(f'"{name}"' in text for name in OPTIMIZERS):
            continue
        for node in ast.walk(ast.parse(text)):
            keys = node.keys if isinstance(node, ast.Dict) else []
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            words = {part.value for part in [*keys, *sides] if isinstance(part, ast.Constant)}
            guilty += [f"{path.relative_to(ROOT)}:{node.lineno}" for word in words if word in OPTIMIZERS]
    assert guilty == []


def test_what_pages_choose_at_first_has_a_record():
    usual = settings.SETTINGS["optimizer.name"].usual
    assert {*contenders.AT_FIRST, *tuning.USUAL, *toys_page.SHOWN, *usual} <= set(OPTIMIZERS)
