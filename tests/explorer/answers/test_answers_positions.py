"""What the positions page gets of a run: its encoding, its turns, its reach, a shuffle that leaves no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.analysis.positions import shuffled
from explorer.answers import positions, reach
from explorer.answers.records import record
from explorer.measure.attention import moved
from explorer.tasks.base import IGNORE
from explorer.trace import observe
from models.layers import INIT_STD
from models.positions import sinusoid, slopes

STEPS = 12
LEARNING = TINY.replace({"optimizer.lr": 5e-3, "train.batch": 16})
KINDS = ("none", "learned", "sinusoidal", "rotary", "alibi")


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    """A run of each encoding; its context is twice its sequences, the learned one's too."""
    folder = tmp_path_factory.mktemp("positions")
    changes = {"model.context": 24}
    return {
        kind: recorded(folder / f"{kind}.run", STEPS, LEARNING.replace(changes | {"model.positions": kind}), every=6)
        for kind in KINDS
    }


def answered(view, run: Run, **arguments: object) -> Any:
    """An answer as it travels between processes."""
    answer = view(str(run.path), STEPS, **arguments)
    return record.unpack(record.pack(answer), type(answer))


def test_the_table_shown_is_the_one_that_is_added(runs):
    answer = answered(positions.of_run, runs["learned"])
    model = runs["learned"].model_at(STEPS)
    np.testing.assert_array_equal(answer.table, model.positions.table.detach().numpy())
    np.testing.assert_array_equal(answer.first, runs["learned"].model_at(0).positions.table.detach().numpy())
    assert answer.trained == 12
    assert not np.array_equal(answer.table[:12], answer.first[:12])
    decay = (1 - LEARNING.optimizer.lr * LEARNING.optimizer.weight_decay) ** STEPS
    np.testing.assert_allclose(answer.table[12:], answer.first[12:] * decay, rtol=1e-4)  # no gradient ever
    assert answer.products.shape == (24, 24)
    assert answer.mean.shape == (1, 12), "rows that are never trained do not count"
    answer = answered(positions.of_run, runs["sinusoidal"])
    np.testing.assert_allclose(answer.table, sinusoid(24, 16).numpy() * INIT_STD * 2**0.5, rtol=1e-6)


def test_bias_and_turns_are_those_of_the_model(runs):
    answer = answered(positions.of_run, runs["alibi"])
    bias = runs["alibi"].model_at(STEPS).positions.bias(24)
    np.testing.assert_array_equal(answer.bias, bias.numpy())
    assert answer.slopes == slopes(2).tolist()
    np.testing.assert_allclose(answer.mean[0], np.exp(bias[0, :, 0].numpy()), rtol=1e-6)
    answer = answered(positions.of_run, runs["rotary"])
    np.testing.assert_allclose(np.cos(answer.angles), runs["rotary"].model_at(STEPS).positions.cos.numpy(), atol=1e-6)
    assert record.parts(answered(positions.of_run, runs["none"]))[1] == {}


@pytest.mark.parametrize("kind", ["none", "sinusoidal", "rotary", "alibi"])
def test_a_lecture_is_what_a_run_of_its_size_shows(runs, kind):
    lecture = positions.lecture(kind, 24, 16 if kind == "sinusoidal" else 8, 2)
    of_run = answered(positions.of_run, runs[kind])
    scale = INIT_STD * 2**0.5 if kind == "sinusoidal" else 1
    for name, values in record.parts(lecture)[1].items():
        of_a_run = getattr(of_run, name) / (scale if name == "table" else scale**2 if name == "products" else 1)
        np.testing.assert_allclose(values, of_a_run, atol=2e-6)
    assert (lecture.kind, lecture.step) == (kind, None)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [(("learned", 8, 8, 1), "learned in a run"), (("rotary", 8, 7, 1), "7 is odd"), (("alibi", 1, 8, 1), "cannot be")],
)
def test_a_lecture_that_cannot_be_is_refused_in_words(arguments, refusal):
    with pytest.raises(ValueError, match=refusal):
        positions.lecture(*arguments)


def test_query_and_key_turned_to_their_places_make_the_models_own_score(runs):
    run = runs["rotary"]
    trace = observe(run.model_at(STEPS), run.task.probe(), gradients=False)
    for head, query, key in (("blocks.0.attention.1", 9, 2), ("blocks.1.attention.0", 11, 11)):
        answer = answered(positions.rotation, run, head=head, query=query, key=key)
        assert (answer.head, answer.query, answer.key) == (head, query, key)
        q, k = (part[:, 0] + 1j * part[:, 1] for part in (answer.q, answer.k))
        turned_q, turned_k = q * np.exp(1j * query * answer.theta), k * np.exp(1j * key * answer.theta)
        score = (turned_q * turned_k.conj()).real.sum() / 8**0.5
        path, _, number = head.rpartition(".")
        assert score == pytest.approx(float(trace.values[f"{path}.scores"][0, int(number), query, key]), abs=1e-5)


def test_where_nothing_turns_that_is_said(runs):
    with pytest.raises(ValueError, match="this run's positions are ALiBi: nothing is turned"):
        positions.rotation(str(runs["alibi"].path), STEPS)


@pytest.mark.parametrize("kind", KINDS)
def test_right_answers_at_the_trained_length_are_the_models(runs, kind):
    answer = answered(reach.lengths, runs[kind])
    row = answer.stretches[0]
    batch = runs[kind].task.probe(reach.EXAMPLES)
    trace = observe(runs[kind].model_at(STEPS), batch, gradients=False)
    counted = trace.targets != IGNORE
    right = (trace.values["logits"].argmax(-1) == trace.targets) & counted
    assert row.right == pytest.approx(right.sum() / counted.sum())
    assert row.loss == pytest.approx(trace.loss)
    assert (row.tokens, row.examples, row.chance) == (12, reach.EXAMPLES, 1 / 8)
    np.testing.assert_allclose(row.right_by_position[6:], right[:, 6:].mean(0))
    assert np.isnan(row.right_by_position[:6]).all()


def test_all_but_a_learned_table_are_asked_at_four_times_the_length(runs):
    for kind in KINDS:
        answer = answered(reach.lengths, runs[kind])
        rows = answer.stretches
        assert [row.times for row in rows] == [1, 2, 4]
        if kind == "learned":
            assert rows[1].tokens == 24
            assert rows[2].refused == "a learned table of 24 rows has none for positions 24 to 47"
            assert answer.untrained == (12, 23)
        else:
            assert rows[2].tokens == len(rows[2].right_by_position) == 48
            assert np.isfinite(rows[2].loss)
            assert answer.untrained is None


def test_attention_by_distance_is_all_the_attention_there_is(runs):
    for kind in KINDS:
        answer = answered(reach.distances, runs[kind])
        assert answer.heads == [f"blocks.{layer}.attention.{h}" for layer in range(2) for h in range(2)]
        np.testing.assert_allclose((answer.mean * answer.pairs).sum(-1), 12, rtol=1e-5)
        assert answer.even[-1] == pytest.approx(1 / 12)


def test_a_shuffle_tells_before_and_after_and_leaves_the_run_as_it_was(runs):
    for kind in KINDS:
        run = runs[kind]
        data = Path(run.path).read_bytes()
        answer = answered(reach.shuffle, run, share=1.0, seed=3)
        batch = run.task.probe(reach.OWN)
        model = run.model_at(STEPS)
        confused, orders = shuffled(model, batch, 1.0, 3)
        losses = [observe(m, batch, gradients=False).loss for m in (model, confused)]
        assert answer.loss == pytest.approx(losses)
        assert answer.order == orders[""].tolist()
        unchanged = answer.loss[0] == answer.loss[1] and not answer.moved.any()
        assert unchanged == (kind == "none")
        assert answer.output[6:] == [run.task.vocabulary.symbols[t] for t in said(model, batch)]
        assert Path(run.path).read_bytes() == data
        again = observe(run.model_at(STEPS), batch, gradients=False).loss
        assert again == losses[0], "the model that is kept is not the one that was shuffled"


@torch.no_grad()
def said(model: torch.nn.Module, batch) -> list[int]:
    return model(batch.tokens).argmax(-1)[0, 6:].tolist()


def test_an_encoder_and_a_decoder_each_have_positions(tmp_path):
    config = LEARNING.replace({"model.kind": "encoder-decoder", "model.positions": "learned"})
    run = recorded(tmp_path / "both.run", 2, config)
    model = run.model_at(2)
    for stack in ("encoder", "decoder"):
        answer = positions.of_run(str(run.path), 2, stack=stack)
        assert answer.stacks == ["encoder", "decoder"]
        np.testing.assert_array_equal(answer.table, getattr(model, stack).positions.table.detach().numpy())
    answer = reach.shuffle(str(run.path), 2)
    assert answer.heads[0].startswith("decoder.")
    assert answer.head == answer.heads[int(answer.moved.argmax())], "the one that moved most"
    chosen = answer.heads[-1]
    answer = reach.shuffle(str(run.path), 2, head=chosen)
    path, _, number = chosen.rpartition(".")
    pattern = observe(model, run.task.probe()).values[f"{path}.pattern"][0, int(number)]
    np.testing.assert_allclose(answer.before, pattern, atol=1e-6)
    assert moved(answer.before[None], answer.after[None]) == pytest.approx(answer.moved[-1:])
    assert reach.distances(str(run.path), 2).causal
