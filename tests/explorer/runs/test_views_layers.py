"""Through the layers, as pages ask for it: what it says is what the run's own model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.runs.answer import pack, unpack
from explorer.runs.views import attention, layers, samples
from explorer.tasks.base import IGNORE
from explorer.trace import observe

CONFIGS = {
    "decoder": TINY,
    "encoder": TINY.replace({"model.kind": "encoder"}),
    "post-norm": TINY.replace({"model.norm": "post"}),
    "encoder-decoder": TINY.replace({"model.kind": "encoder-decoder", "model.layers": 1}),
}
STEP = 20


@pytest.fixture(scope="module", params=CONFIGS)
def run(request, tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / f"{request.param}.run", STEP, CONFIGS[request.param], every=10)


@pytest.fixture
def path(run) -> str:
    return str(run.path)


@pytest.fixture
def own(run) -> np.ndarray:
    """The logits of the run's own model on the probe, (T, V)."""
    probe = run.task.probe()
    with torch.no_grad():
        return run.model_at(STEP)(probe.tokens, probe.source)[0].numpy()


def test_the_last_junction_says_what_the_model_says(path):
    plain, arrays = layers.lens(path, STEP)
    (row,) = samples.answers(path, STEP, count=1)[0]["rows"]
    asked = [t for t, target in enumerate(plain["targets"]) if target]
    assert [plain["targets"][t] for t in asked] == row["expected"]
    assert [plain["top"][-1][t][0] for t in asked] == row["said"]
    assert (arrays["rank"][-1, asked] == 1).tolist() == row["right"]
    assert arrays["p"][-1, asked] == pytest.approx(row["p"], abs=1e-4)


def test_where_nothing_is_asked_there_is_no_target(run, path):
    plain, arrays = layers.lens(path, STEP)
    silent = run.task.probe().targets[0].numpy() == IGNORE
    assert [not target for target in plain["targets"]] == silent.tolist()
    assert np.isnan(arrays["p"][:, silent]).all()
    assert not arrays["rank"][:, silent].any()


def test_junctions_are_those_of_the_stack_that_reaches_the_logits(run, path):
    plain, arrays = layers.lens(path, STEP)
    two = run.config.model.kind == "encoder-decoder"
    assert plain["stack"] == ("decoder." if two else "")
    assert all(name.startswith(f"{plain['stack']}blocks.") for name in plain["junctions"])
    shape = len(plain["junctions"]), len(plain["tokens"])
    assert shape[0] == 1 + run.config.model.layers * (3 if two else 2)
    assert arrays["norms"].shape == arrays["p"].shape == arrays["rank"].shape == shape
    assert len(plain["top"]) == shape[0]
    trace = observe(run.model_at(STEP), run.task.probe(), gradients=False)
    x = trace.values[plain["junctions"][-1]][0]
    assert arrays["norms"][-1] == pytest.approx(np.sqrt((x**2).sum(-1)), rel=1e-5)


def test_components_sum_to_the_difference_of_the_models_own_logits(run, path, own):
    target = run.task.probe().targets[0].numpy()
    position = int((target != IGNORE).nonzero()[0][-1])
    symbols = run.task.vocabulary.symbols
    plain, arrays = layers.attribution(path, STEP, position)
    wrong = max((v for v in range(len(symbols)) if v != target[position]), key=lambda v: own[position, v])
    assert (plain["a"], plain["b"]) == (symbols[target[position]], symbols[wrong])
    difference = own[position, target[position]] - own[position, wrong]
    assert plain["own"] == pytest.approx(difference, abs=1e-5)
    assert arrays["parts"].sum() == pytest.approx(difference, abs=1e-5)
    assert len(plain["parts"]) == len(arrays["parts"])


def test_any_two_tokens_and_the_mean_of_all_can_be_compared(path, own):
    plain, arrays = layers.attribution(path, STEP, 2, a=3, b=1)
    assert not plain["guessed"]
    assert arrays["parts"].sum() == pytest.approx(own[2, 3] - own[2, 1], abs=1e-5)
    plain, arrays = layers.attribution(path, STEP, 2, a=3, b="mean")
    assert plain["b"] == ""
    assert arrays["parts"].sum() == pytest.approx(own[2, 3] - own[2].mean(), abs=1e-5)


@pytest.mark.parametrize("run", ["decoder"], indirect=True)
def test_without_a_target_the_most_likely_token_is_explained(run, path, own):
    assert run.task.probe().targets[0, 0] == IGNORE
    plain, arrays = layers.attribution(path, STEP, 0)
    first, second = np.argsort(-own[0])[:2]
    assert plain["guessed"]
    assert (plain["a"], plain["b"]) == tuple(run.task.vocabulary.symbols[i] for i in (first, second))
    assert arrays["parts"].sum() > 0


@pytest.mark.parametrize("given", [{}, {"sample": 3}, {"text": "a b c c b a"}], ids=["probe", "sample", "own text"])
@pytest.mark.parametrize("run", ["decoder", "encoder-decoder"], indirect=True)
def test_it_reads_the_input_that_the_maps_show(path, given):
    plain, _ = unpack(pack(*layers.lens(path, STEP, **given)))  # as it travels
    assert plain["tokens"] == attention.patterns(path, STEP, **given)[0]["tokens"]
    said, parts = layers.attribution(path, STEP, len(plain["tokens"]) - 1, **given)
    assert said["a"] == plain["targets"][-1]
    assert parts["parts"].sum() == pytest.approx(said["own"], abs=1e-5)


@pytest.mark.parametrize("run", ["decoder"], indirect=True)
def test_a_position_or_a_token_that_is_not_there_is_refused(path):
    with pytest.raises(ValueError, match="positions 0 to 11 and not 12"):
        layers.attribution(path, STEP, 12)
    with pytest.raises(ValueError, match="tokens 0 to 8 and not 9"):
        layers.attribution(path, STEP, 2, a=9)


def test_what_diverged_is_told_without_numbers(tmp_path: Path):
    run = recorded(tmp_path / "run.run", 0)
    training = layers.training_at(str(run.path), 0, None)
    with torch.no_grad():
        training.model.unembedding.bias.fill_(torch.nan)
    plain, arrays = unpack(pack(*layers.lens(str(run.path), 0)))
    assert np.isnan(arrays["top_p"]).all()
    assert not arrays["rank"].any()
    _, parts = unpack(pack(*layers.attribution(str(run.path), 0, len(plain["tokens"]) - 1)))
    assert np.isnan(parts["parts"].sum())
