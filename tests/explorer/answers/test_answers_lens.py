"""Through the layers, as pages ask for it: what it says is what the run's own model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers import attention, samples
from explorer.answers import lens as layers
from explorer.answers.records.lens import Attribution, Lens
from explorer.answers.records.record import pack, unpack
from explorer.tasks.base import IGNORE
from explorer.trace import observe
from explorer.ui.train import samples as samples_page

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
    answer = layers.lens(path, STEP)
    (row,) = samples.answers(path, STEP, count=1).rows
    positions = [t for t, target in enumerate(answer.targets) if target]
    assert [answer.targets[t] for t in positions] == row.expected
    assert [answer.top[-1][t][0] for t in positions] == row.predicted
    assert (answer.rank[-1, positions] == 1).tolist() == row.right
    assert answer.p[-1, positions] == pytest.approx(row.p, abs=1e-4)


def test_what_it_says_is_said_to_all_that_it_read_and_teacher_forcing_is_named(run, path):
    answer = samples.answers(path, STEP, count=3)
    probe, show = run.task.probe(3), run.task.readable
    for b, row in enumerate(answer.rows):
        if run.config.model.kind == "encoder-decoder":
            assert row.read == show(probe.source[b])
        elif run.config.model.kind == "encoder":
            assert row.read == show(probe.tokens[b]), "an encoder reads the whole input, what is asked included"
        else:
            position = int((probe.targets[b] != IGNORE).nonzero()[0])
            assert row.read == show(probe.tokens[b][: position + 1])
    assert answer.forced == (run.config.model.kind != "encoder")
    note = samples_page.says(answer, False).note
    assert ("teacher forcing" in note) == answer.forced


def test_where_nothing_is_asked_there_is_no_target(run, path):
    answer = layers.lens(path, STEP)
    silent = run.task.probe().targets[0].numpy() == IGNORE
    assert [not target for target in answer.targets] == silent.tolist()
    assert np.isnan(answer.p[:, silent]).all()
    assert not answer.rank[:, silent].any()


def test_junctions_are_those_of_the_stack_that_reaches_the_logits(run, path):
    answer = layers.lens(path, STEP)
    two = run.config.model.kind == "encoder-decoder"
    assert answer.stack == ("decoder." if two else "")
    assert all(name.startswith(f"{answer.stack}blocks.") for name in answer.junctions)
    shape = len(answer.junctions), len(answer.tokens)
    assert shape[0] == 1 + run.config.model.layers * (3 if two else 2)
    assert answer.norms.shape == answer.p.shape == answer.rank.shape == shape
    assert len(answer.top) == shape[0]
    trace = observe(run.model_at(STEP), run.task.probe(), gradients=False)
    x = trace.values[answer.junctions[-1]][0]
    assert answer.norms[-1] == pytest.approx(np.sqrt((x**2).sum(-1)), rel=1e-5)


def test_components_sum_to_the_difference_of_the_models_own_logits(run, path, own):
    target = run.task.probe().targets[0].numpy()
    position = int((target != IGNORE).nonzero()[0][-1])
    symbols = run.task.vocabulary.symbols
    answer = layers.attribution(path, STEP, position)
    wrong = max((v for v in range(len(symbols)) if v != target[position]), key=lambda v: own[position, v])
    assert (answer.a, answer.b) == (symbols[target[position]], symbols[wrong])
    difference = own[position, target[position]] - own[position, wrong]
    assert answer.difference == pytest.approx(difference, abs=1e-5)
    assert answer.parts.sum() == pytest.approx(difference, abs=1e-5)
    assert len(answer.names) == len(answer.parts)


def test_any_two_tokens_and_the_mean_of_all_can_be_compared(path, own):
    answer = layers.attribution(path, STEP, 2, a=3, b=1)
    assert not answer.guessed
    assert answer.parts.sum() == pytest.approx(own[2, 3] - own[2, 1], abs=1e-5)
    answer = layers.attribution(path, STEP, 2, a=3, b="mean")
    assert answer.b == ""
    assert answer.parts.sum() == pytest.approx(own[2, 3] - own[2].mean(), abs=1e-5)


@pytest.mark.parametrize("run", ["decoder"], indirect=True)
def test_without_a_target_the_most_likely_token_is_explained(run, path, own):
    assert run.task.probe().targets[0, 0] == IGNORE
    answer = layers.attribution(path, STEP, 0)
    first, second = np.argsort(-own[0])[:2]
    assert answer.guessed
    assert (answer.a, answer.b) == tuple(run.task.vocabulary.symbols[i] for i in (first, second))
    assert answer.parts.sum() > 0


@pytest.mark.parametrize("given", [{}, {"sample": 3}, {"text": "a b c c b a"}], ids=["probe", "sample", "own text"])
@pytest.mark.parametrize("run", ["decoder", "encoder-decoder"], indirect=True)
def test_it_reads_the_input_that_the_maps_show(path, given):
    answer = unpack(pack(layers.lens(path, STEP, **given)), Lens)  # as it travels
    assert answer.tokens == attention.patterns(path, STEP, **given).tokens
    said = layers.attribution(path, STEP, len(answer.tokens) - 1, **given)
    assert said.a == answer.targets[-1]
    assert said.parts.sum() == pytest.approx(said.difference, abs=1e-5)


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
    answer = unpack(pack(layers.lens(str(run.path), 0)), Lens)
    assert np.isnan(answer.top_p).all()
    assert not answer.rank.any()
    last = layers.attribution(str(run.path), 0, len(answer.tokens) - 1)
    assert np.isnan(unpack(pack(last), Attribution).parts.sum())
