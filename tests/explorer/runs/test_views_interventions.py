"""What if, as views answer it: of a run at a step, without leaving a trace in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.interventions import ABLATIONS
from explorer.runs import answer
from explorer.runs.recorder import Recorder
from explorer.runs.views.interventions import EXAMPLES, LIKELIEST, ablations, divergence, experiment, likeliest
from explorer.tasks.base import IGNORE
from explorer.trace import observe

HEAD, QUERY = "blocks.0.attention.1", 8
LEARNED = TINY.replace({"optimizer.lr": 5e-3, "train.batch": 32})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """A run that needs its heads by now."""
    return recorded(tmp_path_factory.mktemp("whatif") / "learned.run", 120, LEARNED, every=20)


def tried(run: Run, **changes: object) -> answer.Answer:
    """An experiment, as it travels between processes."""
    asked = {"head": HEAD, "query": QUERY} | changes
    return answer.unpack(answer.pack(*experiment(str(run.path), 120, **asked)))


def test_every_head_is_judged_on_the_same_examples_before_and_after(run: Run):
    batch = run.task.probe(EXAMPLES)
    trace = observe(run.model_at(120), batch, gradients=False)
    for kind in ABLATIONS:
        plain, arrays = answer.unpack(answer.pack(*ablations(str(run.path), 120, kind)))
        assert (plain["step"], plain["kind"], plain["examples"]) == (120, kind, EXAMPLES)
        assert plain["asked"] == batch.asked
        assert plain["loss"] == pytest.approx(trace.loss, abs=1e-6)
        right = trace.values["logits"].argmax(-1) == batch.targets.numpy()
        assert plain["right"] == pytest.approx(right.sum() / batch.asked)
        assert len(plain["heads"]) == len(arrays["losses"]) == len(arrays["rights"]) == 4
        assert arrays["losses"].max() > 0.05


def test_a_head_started_afresh_loses_what_the_event_would_cost(run: Run, tmp_path: Path):
    plain, arrays = ablations(str(run.path), 120, "afresh")
    copy = tmp_path / "copy.run"
    recorded(copy, 120, LEARNED, every=20).close()
    with Recorder(copy) as recorder:
        recorder.event(120, "reset", {"head": HEAD})
    after = observe(Run.open(copy).model_at(120), run.task.probe(EXAMPLES), gradients=False).loss
    assert arrays["losses"][plain["heads"].index(HEAD)] == pytest.approx(after - plain["loss"], abs=1e-6)


def test_asking_leaves_the_run_as_it_was(run: Run):
    first = ablations(str(run.path), 120)
    for kind in ABLATIONS:
        ablations(str(run.path), 120, kind)
    tried(run, temperature=10.0)
    again = ablations(str(run.path), 120)
    assert again[0] == first[0]
    assert np.array_equal(again[1]["losses"], first[1]["losses"])


def test_heads_that_are_off_already_are_named_and_cost_nothing(tmp_path: Path):
    path = tmp_path / "off.run"
    recorded(path, 20, LEARNED, every=20).close()
    with Recorder(path) as recorder:
        recorder.event(20, "ablate", {"head": HEAD})
    plain, arrays = ablations(str(path), 20)
    assert plain["off"] == [HEAD]
    assert arrays["losses"][plain["heads"].index(HEAD)] == 0
    told, moved = experiment(str(path), 20, HEAD, QUERY, temperature=10.0)
    assert told["off"]
    assert not moved["kl"].any()


def test_nothing_turned_is_nothing_moved(run: Run):
    plain, arrays = tried(run)
    assert np.array_equal(arrays["row_before"], arrays["row_after"])
    assert np.array_equal(arrays["before"], arrays["after"])
    assert not arrays["kl"].any()
    assert plain["loss"][0] == plain["loss"][1]


def test_before_is_the_models_own_answer(run: Run):
    plain, arrays = tried(run, temperature=5.0)
    trace = observe(run.model_at(120), run.task.probe(), gradients=False)
    p = torch.from_numpy(trace.values["logits"][0, QUERY].copy()).softmax(-1).numpy()
    symbols = run.task.vocabulary.symbols
    assert arrays["before"] == pytest.approx([p[symbols.index(token)] for token in plain["tokens"]], abs=1e-6)
    assert plain["target"] == symbols[trace.targets[0, QUERY]]
    assert plain["loss"][0] == pytest.approx(trace.token_loss[0, QUERY], abs=1e-5)
    assert arrays["row_before"] == pytest.approx(trace.values["blocks.0.attention.pattern"][0, 1, QUERY])


def test_a_temperature_flattens_the_row_and_moves_the_answer(run: Run):
    plain, arrays = tried(run, temperature=10.0)
    scores = observe(run.model_at(120), run.task.probe(), gradients=False).values["blocks.0.attention.scores"]
    expected = torch.from_numpy(scores[0, 1, QUERY].copy()).div(10).softmax(-1)
    assert arrays["row_after"] == pytest.approx(expected.numpy(), abs=1e-6)
    assert arrays["kl"][QUERY] > 0.01
    assert plain["loss"][1] > plain["loss"][0]


def test_an_edited_row_is_imposed_and_reaches_no_earlier_position(run: Run):
    weights = tuple(1.0 if key == 2 else 0.0 for key in range(12))
    _, arrays = tried(run, weights=weights)
    assert arrays["row_after"] == pytest.approx(weights)
    assert arrays["kl"][QUERY] > 0.01
    assert not arrays["kl"][:QUERY].any()


def test_where_nothing_is_asked_there_is_no_right_token(run: Run):
    plain, _ = tried(run, query=1)
    assert (plain["position"], plain["target"], plain["loss"]) == (1, "", [])


def test_an_encoders_head_is_read_where_it_moves_the_answer_most(tmp_path: Path):
    config = LEARNED.replace({"model.kind": "encoder-decoder", "model.layers": 1})
    path = tmp_path / "translate.run"
    recorded(path, 30, config, every=30).close()
    plain, arrays = experiment(str(path), 30, "encoder.blocks.0.attention.0", 2, temperature=0.1)
    assert plain["position"] == arrays["kl"].argmax()
    plain, _ = experiment(str(path), 30, "decoder.blocks.0.cross.0", 2, temperature=0.1)
    assert plain["position"] == 2


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
    told = likeliest(before, after, target=19)
    assert len(told) == LIKELIEST
    assert {0, 15, 19} <= set(told)
    assert told == sorted(told)  # as likely as they were before
    assert 19 not in likeliest(before, after, IGNORE)
