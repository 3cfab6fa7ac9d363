"""What the positions page is told of a run: its encoding, its turns, its reach, a shuffle that leaves no trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.repositioning import shuffled
from explorer.runs import answer
from explorer.runs.views import positions, reach
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


def told(view, run: Run, **arguments: object) -> answer.Answer:
    """An answer as it travels between processes."""
    return answer.unpack(answer.pack(*view(str(run.path), STEPS, **arguments)))


def test_the_table_shown_is_the_one_that_is_added(runs):
    plain, arrays = told(positions.own, runs["learned"])
    model = runs["learned"].model_at(STEPS)
    np.testing.assert_array_equal(arrays["table"], model.positions.table.detach().numpy())
    np.testing.assert_array_equal(arrays["first"], runs["learned"].model_at(0).positions.table.detach().numpy())
    assert plain["trained"] == 12
    assert not np.array_equal(arrays["table"][:12], arrays["first"][:12])
    decay = (1 - LEARNING.optimizer.lr * LEARNING.optimizer.weight_decay) ** STEPS
    np.testing.assert_allclose(arrays["table"][12:], arrays["first"][12:] * decay, rtol=1e-4)  # no gradient ever
    assert arrays["products"].shape == (24, 24)
    assert arrays["mean"].shape == (1, 12), "rows that are never trained do not count"
    plain, arrays = told(positions.own, runs["sinusoidal"])
    np.testing.assert_allclose(arrays["table"], sinusoid(24, 16).numpy() * INIT_STD * 2**0.5, rtol=1e-6)


def test_bias_and_turns_are_those_of_the_model(runs):
    plain, arrays = told(positions.own, runs["alibi"])
    bias = runs["alibi"].model_at(STEPS).positions.bias(24)
    np.testing.assert_array_equal(arrays["bias"], bias.numpy())
    assert plain["slopes"] == slopes(2).tolist()
    np.testing.assert_allclose(arrays["mean"][0], np.exp(bias[0, :, 0].numpy()), rtol=1e-6)
    _, arrays = told(positions.own, runs["rotary"])
    np.testing.assert_allclose(
        np.cos(arrays["angles"]), runs["rotary"].model_at(STEPS).positions.cos.numpy(), atol=1e-6
    )
    assert told(positions.own, runs["none"])[1] == {}


@pytest.mark.parametrize("kind", ["none", "sinusoidal", "rotary", "alibi"])
def test_a_lecture_is_what_a_run_of_its_size_shows(runs, kind):
    plain, arrays = positions.lecture(kind, 24, 16 if kind == "sinusoidal" else 8, 2)
    _, owns = told(positions.own, runs[kind])
    scale = INIT_STD * 2**0.5 if kind == "sinusoidal" else 1
    for name, values in arrays.items():
        of_a_run = owns[name] / (scale if name == "table" else scale**2 if name == "products" else 1)
        np.testing.assert_allclose(values, of_a_run, atol=2e-6)
    assert (plain["kind"], plain["step"]) == (kind, None)


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
        plain, arrays = told(positions.rotation, run, head=head, query=query, key=key)
        assert (plain["head"], plain["query"], plain["key"]) == (head, query, key)
        q, k = (part[:, 0] + 1j * part[:, 1] for part in (arrays["q"], arrays["k"]))
        turned_q, turned_k = q * np.exp(1j * query * arrays["theta"]), k * np.exp(1j * key * arrays["theta"])
        score = (turned_q * turned_k.conj()).real.sum() / 8**0.5
        path, _, number = head.rpartition(".")
        assert score == pytest.approx(float(trace.values[f"{path}.scores"][0, int(number), query, key]), abs=1e-5)


def test_where_nothing_turns_that_is_said(runs):
    with pytest.raises(ValueError, match="this run's positions are alibi: nothing is turned"):
        positions.rotation(str(runs["alibi"].path), STEPS)


@pytest.mark.parametrize("kind", KINDS)
def test_right_answers_at_the_trained_length_are_the_models(runs, kind):
    plain, arrays = told(reach.lengths, runs[kind])
    row = plain["rows"][0]
    batch = runs[kind].task.probe(reach.EXAMPLES)
    trace = observe(runs[kind].model_at(STEPS), batch, gradients=False)
    asked = trace.targets != IGNORE
    right = (trace.values["logits"].argmax(-1) == trace.targets) & asked
    assert row["right"] == pytest.approx(right.sum() / asked.sum())
    assert row["loss"] == pytest.approx(trace.loss)
    assert (row["tokens"], row["examples"], row["chance"]) == (12, reach.EXAMPLES, 1 / 8)
    np.testing.assert_allclose(arrays["right.1"][6:], right[:, 6:].mean(0))
    assert np.isnan(arrays["right.1"][:6]).all()


def test_all_but_a_learned_table_are_asked_at_four_times_the_length(runs):
    for kind in KINDS:
        plain, arrays = told(reach.lengths, runs[kind])
        rows = plain["rows"]
        assert [row["times"] for row in rows] == [1, 2, 4]
        if kind == "learned":
            assert rows[1]["tokens"] == 24
            assert rows[2] == {"times": 4, "refused": "a learned table of 24 rows has none for positions 24 to 47"}
            assert plain["untrained"] == [12, 23]
        else:
            assert rows[2]["tokens"] == len(arrays["right.4"]) == 48
            assert np.isfinite(rows[2]["loss"])
            assert plain["untrained"] is None


def test_attention_by_distance_is_all_the_attention_there_is(runs):
    for kind in KINDS:
        plain, arrays = told(reach.distances, runs[kind])
        assert plain["heads"] == [f"blocks.{layer}.attention.{h}" for layer in range(2) for h in range(2)]
        np.testing.assert_allclose((arrays["mean"] * arrays["pairs"]).sum(-1), 12, rtol=1e-5)
        assert arrays["even"][-1] == pytest.approx(1 / 12)


def test_a_shuffle_tells_before_and_after_and_leaves_the_run_as_it_was(runs):
    for kind in KINDS:
        run = runs[kind]
        data = Path(run.path).read_bytes()
        plain, arrays = told(reach.shuffle, run, share=1.0, seed=3)
        batch = run.task.probe(reach.OWN)
        model = run.model_at(STEPS)
        confused, orders = shuffled(model, batch, 1.0, 3)
        losses = [observe(m, batch, gradients=False).loss for m in (model, confused)]
        assert plain["loss"] == pytest.approx(losses)
        assert plain["order"] == orders[""].tolist()
        unchanged = plain["loss"][0] == plain["loss"][1] and not arrays["moved"].any()
        assert unchanged == (kind == "none")
        assert plain["said"][6:] == [run.task.vocabulary.symbols[t] for t in said(model, batch)]
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
        plain, arrays = positions.own(str(run.path), 2, stack=stack)
        assert plain["stacks"] == ["encoder", "decoder"]
        np.testing.assert_array_equal(arrays["table"], getattr(model, stack).positions.table.detach().numpy())
    plain, arrays = reach.shuffle(str(run.path), 2)
    assert plain["heads"][0].startswith("decoder.")
    assert reach.distances(str(run.path), 2)[0]["causal"]
