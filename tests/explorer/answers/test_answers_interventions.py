"""What if, as views answer it: of a run at a step, without leaving a trace in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.analysis.interventions import ABLATIONS
from explorer.answers.interventions import EXAMPLES, LIKELIEST, ablations, divergence, experiment, likeliest
from explorer.answers.records.interventions import Ablations, Experiment
from explorer.answers.records.record import pack, unpack
from explorer.runs.recorder import Recorder
from explorer.tasks.base import IGNORE
from explorer.trace import observe

HEAD, QUERY = "blocks.0.attention.1", 8
LEARNED = TINY.replace({"optimizer.lr": 5e-3, "train.batch": 32})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """A run that needs its heads by now."""
    return recorded(tmp_path_factory.mktemp("whatif") / "learned.run", 120, LEARNED, every=20)


def tried(run: Run, **changes: object) -> Experiment:
    """An experiment, as it travels between processes."""
    arguments = {"head": HEAD, "query": QUERY} | changes
    return unpack(pack(experiment(str(run.path), 120, **arguments)), Experiment)


def test_every_head_is_judged_on_the_same_examples_before_and_after(run: Run):
    batch = run.task.probe(EXAMPLES)
    trace = observe(run.model_at(120), batch, gradients=False)
    for kind in ABLATIONS:
        answer = unpack(pack(ablations(str(run.path), 120, kind)), Ablations)
        assert (answer.step, answer.kind, answer.examples) == (120, kind, EXAMPLES)
        assert answer.targets == batch.predicted
        assert answer.loss == pytest.approx(trace.loss, abs=1e-6)
        right = trace.values["logits"].argmax(-1) == batch.targets.numpy()
        assert answer.right == pytest.approx(right.sum() / batch.predicted)
        assert len(answer.heads) == len(answer.losses) == len(answer.rights) == 4
        assert answer.losses.max() > 0.05


def test_a_head_started_afresh_loses_what_the_event_would_cost(run: Run, tmp_path: Path):
    answer = ablations(str(run.path), 120, "afresh")
    copy = tmp_path / "copy.run"
    recorded(copy, 120, LEARNED, every=20).close()
    with Recorder(copy) as recorder:
        recorder.event(120, "reset", {"head": HEAD})
    after = observe(Run.open(copy).model_at(120), run.task.probe(EXAMPLES), gradients=False).loss
    assert answer.losses[answer.heads.index(HEAD)] == pytest.approx(after - answer.loss, abs=1e-6)


def test_asking_leaves_the_run_as_it_was(run: Run):
    first = ablations(str(run.path), 120)
    for kind in ABLATIONS:
        ablations(str(run.path), 120, kind)
    tried(run, temperature=10.0)
    again = ablations(str(run.path), 120)
    assert (again.loss, again.right, again.off) == (first.loss, first.right, first.off)
    assert np.array_equal(again.losses, first.losses)


def test_heads_that_are_off_already_are_named_and_cost_nothing(tmp_path: Path):
    path = tmp_path / "off.run"
    recorded(path, 20, LEARNED, every=20).close()
    with Recorder(path) as recorder:
        recorder.event(20, "ablate", {"head": HEAD})
    answer = ablations(str(path), 20)
    assert answer.off == [HEAD]
    assert answer.losses[answer.heads.index(HEAD)] == 0
    turned = experiment(str(path), 20, HEAD, QUERY, temperature=10.0)
    assert turned.off
    assert not turned.kl.any()


def test_nothing_turned_is_nothing_moved(run: Run):
    answer = tried(run)
    assert np.array_equal(answer.row_before, answer.row_after)
    assert np.array_equal(answer.before, answer.after)
    assert not answer.kl.any()
    assert answer.loss[0] == answer.loss[1]


def test_before_is_the_models_own_answer(run: Run):
    answer = tried(run, temperature=5.0)
    trace = observe(run.model_at(120), run.task.probe(), gradients=False)
    p = torch.from_numpy(trace.values["logits"][0, QUERY].copy()).softmax(-1).numpy()
    symbols = run.task.vocabulary.symbols
    assert answer.before == pytest.approx([p[symbols.index(token)] for token in answer.tokens], abs=1e-6)
    assert answer.target == symbols[trace.targets[0, QUERY]]
    assert answer.loss[0] == pytest.approx(trace.token_loss[0, QUERY], abs=1e-5)
    assert answer.row_before == pytest.approx(trace.values["blocks.0.attention.pattern"][0, 1, QUERY])


def test_a_temperature_flattens_the_row_and_moves_the_answer(run: Run):
    answer = tried(run, temperature=10.0)
    scores = observe(run.model_at(120), run.task.probe(), gradients=False).values["blocks.0.attention.scores"]
    expected = torch.from_numpy(scores[0, 1, QUERY].copy()).div(10).softmax(-1)
    assert answer.row_after == pytest.approx(expected.numpy(), abs=1e-6)
    assert answer.kl[QUERY] > 0.01
    assert answer.loss[1] > answer.loss[0]


def test_an_edited_row_is_imposed_and_reaches_no_earlier_position(run: Run):
    weights = tuple(1.0 if key == 2 else 0.0 for key in range(12))
    answer = tried(run, weights=weights)
    assert answer.row_after == pytest.approx(weights)
    assert answer.kl[QUERY] > 0.01
    assert not answer.kl[:QUERY].any()


def test_where_nothing_is_asked_there_is_no_right_token(run: Run):
    answer = tried(run, query=1)
    assert (answer.position, answer.target, answer.loss) == (1, "", [])


def test_an_encoders_head_is_read_where_it_moves_the_answer_most(tmp_path: Path):
    config = LEARNED.replace({"model.kind": "encoder-decoder", "model.layers": 1})
    path = tmp_path / "translate.run"
    recorded(path, 30, config, every=30).close()
    answer = experiment(str(path), 30, "encoder.blocks.0.attention.0", 2, temperature=0.1)
    assert answer.position == answer.kl.argmax()
    answer = experiment(str(path), 30, "decoder.blocks.0.cross.0", 2, temperature=0.1)
    assert answer.position == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"query": 12}, "this head has queries 0 to 11 and not 12; choose one of them"),
        ({"head": "blocks.9.attention.0"}, "there is no head blocks.9.attention.0"),
        ({"temperature": 0.0}, "temperature=0.0 is out of range"),
        ({"weights": (1.0,)}, "1 weights do not fit"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_words(run: Run, changes: dict, says: str):
    with pytest.raises(ValueError, match=says):
        tried(run, **changes)


def test_divergence_is_the_plain_sum():
    p, q = np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([[0.25, 0.75], [0.9, 0.1]])
    loop = [sum(a * np.log(a / b) for a, b in zip(*rows, strict=True)) for rows in zip(p, q, strict=True)]
    assert divergence(np.log(p), np.log(q)) == pytest.approx(loop)
    assert divergence(np.log(p), np.log(p)).tolist() == [0, 0]


def test_the_likeliest_of_either_are_told_and_always_the_target():
    before, after = np.linspace(0.1, 0, 20), np.zeros(20)
    after[15] = 1
    tokens = likeliest(before, after, target=19)
    assert len(tokens) == LIKELIEST
    assert {0, 15, 19} <= set(tokens)
    assert tokens == sorted(tokens)  # as likely as they were before
    assert 19 not in likeliest(before, after, IGNORE)
