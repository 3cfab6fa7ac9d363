"""Backpropagation as the page asks for it: what it says is what the run's own model does."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers import backward
from explorer.answers.records.backward import Backpropagation, Split
from explorer.answers.records.record import pack, parts, unpack
from explorer.tasks.base import IGNORE
from explorer.trace import observe
from explorer.ui.gradients.backward import sentence

CONFIGS = {
    "decoder": TINY,
    "post-norm": TINY.replace({"model.norm": "post", "model.positions": "rotary"}),
    "bare": TINY.replace({"model.norm": "none", "model.residual": "none", "model.activation": "sigmoid"}),
    "encoder": TINY.replace({"model.kind": "encoder"}),
    "encoder-decoder": TINY.replace({"model.kind": "encoder-decoder", "model.layers": 1}),
}
STEP = 10


@pytest.fixture(scope="module", params=CONFIGS)
def run(request, tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / f"{request.param}.run", STEP, CONFIGS[request.param], every=10)


@pytest.fixture
def path(run) -> str:
    return str(run.path)


only_decoder = pytest.mark.parametrize("run", ["decoder"], indirect=True)


def test_it_tells_the_models_own_values_and_gradients(run, path):
    answer = unpack(pack(backward.walk(path, STEP)), Backpropagation)
    trace = observe(run.model_at(STEP), run.task.probe())
    assert answer.loss == pytest.approx(trace.loss)
    boxes = {box.id: box for box in answer.boxes}
    for id in trace.values.keys() & boxes.keys():
        value, g, box = trace.values[id][0], trace.grads[id][0], boxes[id]
        assert box.shape == list(value.shape)
        assert box.norm == pytest.approx(np.linalg.norm(g), rel=1e-5)
        at = (box.position,) if value.ndim == 2 else (box.head - 1, box.position)
        assert box.arrives == pytest.approx(g[at][: backward.FEW], rel=1e-5)
        assert np.linalg.norm(answer.arrays[f"{id}.gradient"]) == pytest.approx(box.norm, rel=1e-5)
        if np.isfinite(value).all():
            assert box.mean == pytest.approx(value.mean(), abs=1e-6)
            assert box.size == pytest.approx(np.sqrt((value**2).mean()), rel=1e-5)
            assert box.out == pytest.approx(value[at][: backward.FEW], rel=1e-5)
    for name, module in answer.gathered.items():
        assert module == 1
        np.testing.assert_array_equal(answer.arrays[f"{name}.A"], trace.values[f"{name}.pattern"][0])
        np.testing.assert_array_equal(answer.arrays[f"{name}.dA"], trace.grads[f"{name}.pattern"][0])


@pytest.mark.parametrize("alone", [False, True])
def test_every_rule_is_verified_and_every_entry_worked_out_is_autograds(run, path, alone):
    last = int((run.task.probe().targets[0] != IGNORE).nonzero()[-1])
    answer = backward.walk(path, STEP, target=last if alone else None)
    json.dumps(parts(answer)[0], allow_nan=False)
    for box in answer.boxes[1:]:
        if box.kind == "tokens":
            continue
        assert box.off < 1e-5, box.id
        assert (box.sources.off or 0) < 1e-5, box.id
        size = box.norm or 1
        for leaving in box.leaves:
            assert leaving.made == pytest.approx(leaving.autograd, rel=1e-4, abs=1e-5 * size)
            assert leaving.gradient[0] == leaving.autograd or leaving.entry > 0


def test_it_begins_at_p_minus_onehot_of_the_token_that_is_chosen(run, path):
    probe = run.task.probe()
    target = int((probe.targets[0] != IGNORE).nonzero()[-1])
    answer = backward.walk(path, STEP, target=target)
    tail = answer.tail
    with torch.no_grad():
        p = run.model_at(STEP)(probe.tokens, probe.source)[0, target].softmax(-1).numpy()
    right = int(probe.targets[0, target])
    assert (tail.position, tail.count) == (target, 1)
    assert tail.rows[0].right
    assert tail.rows[0].token == run.task.vocabulary.symbols[right]
    assert tail.rows[0].gradient == pytest.approx(p[right] - 1, rel=1e-4)
    for row in tail.rows[1:]:
        assert row.gradient == pytest.approx(p[run.task.vocabulary.symbols.index(row.token)], rel=1e-4)
    assert tail.off < 1e-6
    assert np.flatnonzero(answer.arrays["logits.gradient"]).tolist() == [target]


@only_decoder
def test_the_sentence_is_true_of_the_numbers(path):
    answer = backward.walk(path, STEP, target=7)
    right = answer.tail.rows[0]
    words = sentence(answer)
    assert f"“{right.token}” at position 7 has p = {right.p:.3f}" in words
    assert "The skip path counts most around" in words


@only_decoder
def test_a_position_of_which_nothing_is_asked_is_refused(path):
    with pytest.raises(ValueError, match="nothing is asked at position 0"):
        backward.walk(path, STEP, target=0)


def test_what_diverged_is_told_without_numbers(tmp_path):
    run = recorded(tmp_path / "run.run", 0)
    training = backward.training_at(str(run.path), 0, None)
    with torch.no_grad():
        training.model.unembedding.bias.fill_(torch.nan)
    answer = backward.walk(str(run.path), 0)
    json.dumps(parts(answer)[0], allow_nan=False)
    assert answer.loss is None
    assert "no longer finite" in sentence(answer)


def test_the_split_is_that_of_the_engine(path):
    split = unpack(pack(backward.split(path, STEP)), Split)
    assert split.forks
    assert [attention.at for attention in split.attentions] == list(backward.walk(path, STEP).gathered)


def test_a_large_map_keeps_the_largest_cell_of_each_square():
    maps = np.zeros((1, 5, 5))
    maps[0, 1, 0], maps[0, 0, 1], maps[0, 4, 4] = -3, 2, 1
    np.testing.assert_array_equal(backward.largest_of(maps, 2)[0], [[-3, 0, 0], [0, 0, 0], [0, 0, 1]])
