"""What the Memory page gets of a run: gradients through time and what stands in cells, against the model's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.analysis.cells import WORKED
from explorer.analysis.curvature import Hessian
from explorer.answers import following, recurrence
from explorer.answers.records import record
from explorer.config.states import states_of
from explorer.measure.following import least_figures, properties
from explorer.measure.recurrence import Line
from explorer.runs import footprint
from explorer.runs.replay import restore
from explorer.tasks.base import IGNORE
from explorer.trace import observe
from explorer.training.randomness import stream
from models.families import build
from models.recurrent import CELLS

STEPS = 6
LEARNING = TINY.replace({"optimizer.lr": 5e-3})
KINDS = {
    "decoder": {},
    "encoder-decoder": {},
    **{kind: {"model.kind": kind, "model.width": 8, "model.layers": 2} for kind in ("rnn", "lstm", "gru")},
    **{kind: {"model.kind": kind, "model.width": 8} for kind in ("gru-encoder-decoder", "gru-attention")},
}
FROM_SOURCE = ("encoder-decoder", "gru-encoder-decoder", "gru-attention")


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("memory")
    return {
        kind: recorded(folder / f"{kind}.run", STEPS, of_kind(kind, changes), every=3)
        for kind, changes in KINDS.items()
    }


def of_kind(kind: str, changes: dict[str, Any]) -> RunConfig:
    if kind not in FROM_SOURCE:
        return LEARNING.replace(changes)
    if kind == "encoder-decoder":
        changes = {"model.width": 16, "model.heads": 2}
    return RunConfig.preset("dates-fr").replace(changes | {"train.batch": 4})


def answered(view: Any, run: Run, **arguments: object) -> Any:
    """An answer as it travels between processes."""
    answer = view(str(run.path), STEPS, **arguments)
    return record.unpack(record.pack(answer), type(answer))


@pytest.mark.parametrize("kind", KINDS)
def test_the_sizes_are_those_of_the_models_own_gradients(runs, kind):
    answer = answered(recurrence.through_time, runs[kind])
    training_batch = runs[kind].task.probe()
    model = runs[kind].model_at(STEPS)
    positions = [t for t in range(training_batch.targets.shape[1]) if training_batch.targets[0, t] != IGNORE]
    assert answer.places == positions
    assert answer.sizes.shape == (len(positions), training_batch.tokens.shape[1])
    alone = torch.full_like(training_batch.targets, IGNORE)
    alone[0, positions[-1]] = training_batch.targets[0, positions[-1]]
    seen = observe(model, type(training_batch)(training_batch.tokens, alone, training_batch.source))
    expected = np.linalg.norm(seen.grads[answer.tap][0].astype(np.float64), axis=1)
    np.testing.assert_allclose(answer.sizes[-1], expected, rtol=1e-4, atol=1e-12)
    assert answer.reach.distance[0] == 0
    assert [bool(word) for word in answer.targets] == [t in positions for t in range(len(answer.tokens))]


@pytest.mark.parametrize("kind", KINDS)
def test_in_every_layer_the_last_prediction_has_a_gradient_in_earlier_states(runs, kind):
    for layer in range(runs[kind].config.model.layers):
        answer = answered(recurrence.through_time, runs[kind], layer=layer)
        assert answer.sizes[-1, : answer.places[-1]].all()
        assert np.isfinite(answer.reach.mean).all()


@pytest.mark.parametrize("kind", FROM_SOURCE)
def test_every_prediction_has_a_gradient_in_each_state_of_the_encoder(runs, kind):
    task, names = runs[kind].task, list(states_of(runs[kind].config))
    source = task.probe().source[0]
    length = int((source != task.vocabulary.pad).sum())
    for name in names[:-1]:
        answer = answered(recurrence.through_time, runs[kind], states=name)
        assert answer.tokens == task.vocabulary.show(source[:length])
        assert answer.sizes.shape == (len(answer.places), length)
        assert (answer.sizes > 0).all()
        assert answer.order == ("right to left" if name.endswith("right to left") else "left to right")
        assert answer.reach.distance.tolist() == list(range(length))
        far, near = (0, -1) if answer.order == "left to right" else (-1, 0)
        powers = np.log10(answer.sizes)
        assert answer.reach.mean[-1] == pytest.approx(powers[:, far].mean())
        assert answer.reach.mean[0] == pytest.approx(powers[:, near].mean())
        if kind == "encoder-decoder":
            assert answer.direct is None
        else:
            assert bool(answer.direct.any()) == (answer.directly.gone[0] == 0) == (kind == "gru-attention")
    with pytest.raises(ValueError, match=f"has no states “there”; choose {names[0]}"):
        recurrence.through_time(str(runs[kind].path), STEPS, states="there")


@pytest.mark.parametrize("kind", KINDS)
def test_the_proof_of_a_row_is_of_what_is_shown(runs, kind):
    for name in states_of(runs[kind].config):
        answer = answered(recurrence.through_time, runs[kind], states=name)
        row = answered(recurrence.proved, runs[kind], position=answer.places[-1], states=name)
        seen = len(row.shown)
        np.testing.assert_allclose(row.shown, answer.sizes[-1, :seen], rtol=1e-6)
        np.testing.assert_allclose(row.along, row.exact, rtol=1e-5, atol=100 * row.grain.max())
        assert not answer.sizes[-1, seen:].any()
    with pytest.raises(ValueError, match="nothing is asked at token 500; choose a row of the triangle"):
        recurrence.proved(str(runs[kind].path), STEPS, position=500)


@pytest.mark.parametrize(("kind", "keeps"), [("rnn", None), ("lstm", "forget_gate"), ("gru", "update_gate")])
def test_what_stands_in_the_cells_is_what_the_model_computed(runs, kind, keeps):
    answer = answered(recurrence.cells, runs[kind], layer=1)
    values = observe(runs[kind].model_at(STEPS), runs[kind].task.probe(), gradients=False).values
    assert answer.keeps == keeps
    for name, value in zip(answer.names, answer.values, strict=True):
        np.testing.assert_allclose(value, values[f"layers.1.{name}"][0], rtol=1e-5, atol=1e-6)
    if keeps:
        kept = values[f"layers.1.{keeps}"][0].astype(np.float64).mean(0)
        np.testing.assert_allclose(answer.memory, 1 / (1 - kept), rtol=1e-5)
    else:
        assert answer.memory is None


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize(("layer", "at"), [(0, 0), (1, 0), (0, 5), (1, 11)])
def test_the_arithmetic_of_a_cell_is_the_models_own(runs, kind, layer, at):
    for cell in (0, 5):
        answer = answered(recurrence.one_cell, runs[kind], layer=layer, cell=cell, at=at)
        cells = answered(recurrence.cells, runs[kind], layer=layer)
        for line, own in zip(answer.lines, answer.own, strict=True):
            assert own == pytest.approx(cells.values[cells.names.index(line.tap), at, cell], abs=1e-6)
            assert line.value == pytest.approx(own, abs=1e-6)
        assert {line.tap for line in answer.lines} == set(cells.names)
        assert cells.tokens[at] == answer.token
    assert set(WORKED) == set(CELLS.values())
    with pytest.raises(ValueError, match="there is no cell 8 here; choose one from 0 to 7"):
        recurrence.one_cell(str(runs[kind].path), STEPS, cell=8)


def test_a_formula_is_written_with_its_numbers():
    line = Line("cell", "f · c′ + i · g", {"f": 0.5, "c′": -1.0, "i": 0.25, "g": 0.75}, -0.3125)
    assert line.filled == "0.5 · −1 + 0.25 · 0.75"
    assert Line("cell", "tanh(x + u)", {"x": 0.5, "u": -2.0}, 0.0).filled == "tanh(0.5 − 2)"
    assert Line("hidden", "(1 − z) · tanh(n)", {"z": 0.5, "n": 2.0}, 0.482).filled == "(1 − 0.5) · tanh(2)"


def test_what_is_not_there_is_refused_in_a_sentence(runs):
    path = {kind: str(run.path) for kind, run in runs.items()}
    with pytest.raises(ValueError, match="has layers 1 to 2 and not 3; choose one of them"):
        recurrence.through_time(path["lstm"], STEPS, layer=2)
    with pytest.raises(ValueError, match=r"is a Transformer \(decoder\) and has no recurrent state"):
        recurrence.cells(path["decoder"], STEPS)
    with pytest.raises(ValueError, match="the input has 10; type 6"):
        recurrence.through_time(path["lstm"], STEPS, text="a b c d e f g h a b")


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_product_with_the_hessian_is_the_change_of_the_gradient(runs, kind):
    training = restore(runs[kind], STEPS)
    model = training.model.double()
    parameters, batches = list(model.parameters()), training.batches(STEPS)
    hessian = Hessian(model, batches, training.criterion)
    vector = torch.randn(hessian.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    product, gradients = hessian.times(vector), []
    start = torch.nn.utils.parameters_to_vector(parameters).detach()
    for size in (1e-5, -1e-5):
        torch.nn.utils.vector_to_parameters(start + size * vector, parameters)
        gradients.append(Hessian(model, batches, training.criterion).gradient.detach())
    torch.testing.assert_close(product, (gradients[0] - gradients[1]) / 2e-5, rtol=1e-4, atol=1e-6)


def test_right_after_a_delay_is_counted_as_a_plain_loop_does(tmp_path):
    changes = {"task.name": "delay", "task.delay": 12, "task.delays": "mixed", "task.length": 2, "model.context": 16}
    config = RunConfig.preset("delay-lstm").replace(changes | {"model.width": 12, "train.steps": None})
    run = recorded(tmp_path / "a.run", 60, config, every=20)
    answer = recurrence.by_delay(str(run.path), 60)
    assert answer.delays == [4, 8, 12]
    model, right = run.model_at(60), []
    symbols = torch.randint(8, (128, 2), generator=stream(0, "delays")).tolist()
    for delay in answer.delays:
        hits = 0
        for a, b in symbols:
            read = [*[8] * (12 - delay), a, b, *[8] * delay, 9, a]
            said = model(torch.tensor([read])).argmax(-1)[0].tolist()
            hits += (said[-2] == a) + (said[-1] == b)
        right.append(hits / 256)
    assert answer.right == pytest.approx(right, abs=0.005)
    assert answer.parameters == sum(p.numel() for p in model.parameters())
    with pytest.raises(ValueError, match="is not asked after a delay"):
        recurrence.by_delay(str(recorded(tmp_path / "b.run", 1, LEARNING).path), 1)


def test_cells_are_found_by_what_holds_in_a_span(runs):
    answer = answered(following.find, runs["lstm"], start=2, end=2)
    assert answer.state == "cell"
    assert answer.what == f"the token is “{answer.tokens[2]}”" or answer.what.startswith("the answer is")
    assert 0 < answer.share < 1
    assert 1 <= len(answer.followers) <= 5
    assert answered(following.find, runs["gru"], start=0, end=1).state == "hidden"
    with pytest.raises(ValueError, match="there is no span from 3 to 1 here; choose two tokens from 0 to 11"):
        following.find(str(runs["lstm"].path), STEPS, start=3, end=1)


def test_since_which_step_a_cell_follows_is_counted_at_every_snapshot(runs):
    run, what = runs["lstm"], "the token is “a”"
    answer = answered(following.since, run, layer=1, what=what)
    assert answer.steps.tolist() == run.snapshot_steps
    assert answer.what == what
    probe = run.task.probe(64)
    tokens = [run.task.vocabulary.show(row) for row in probe.tokens]
    holds = np.array([[token == "a" for token in row] for row in tokens])
    for step, least in zip(answer.steps, answer.least, strict=True):
        values = observe(run.model_at(int(step)), probe, gradients=False).values["layers.1.cell"]
        np.testing.assert_allclose(least, least_figures(values, holds), atol=1e-6)
    with pytest.raises(ValueError, match="“nothing” tells no tokens of the probe from others; choose another span"):
        following.since(str(run.path), STEPS, what="nothing")


def test_what_each_cell_follows_has_the_figures_of_that_property_alone(runs):
    answer, run = answered(following.followed, runs["gru"], layer=1), runs["gru"]
    holds = properties(*following.in_words(run.task.vocabulary, run.task.probe(64)))
    values = observe(run.model_at(STEPS), run.task.probe(64), gradients=False).values["layers.1.hidden"]
    for cell, (what, least) in enumerate(zip(answer.what, answer.least, strict=True)):
        assert least == pytest.approx(least_figures(values, holds[what])[cell], abs=1e-6)


ONE_CELL = {"model.width": 1, "train.batch": 4, "model.layers": 2}


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_one_cell_and_one_token_are_answered_right(kind, tmp_path):
    config = RunConfig.preset("brackets-gru").replace(ONE_CELL | {"model.kind": kind})
    run = recorded(tmp_path / "one.run", 3, config, every=3)
    path = str(run.path)
    triangle = recurrence.through_time(path, 3, layer=0, text="a")
    assert triangle.sizes.shape == (1, 1)
    batch = run.task.encode("a")
    seen = observe(run.model_at(3), batch)
    np.testing.assert_allclose(triangle.sizes[0, 0], abs(seen.grads["layers.0.hidden"][0, 0, 0]), rtol=1e-5)
    inside = recurrence.cells(path, 3, layer=1, text="a")
    assert inside.values.shape == (len(inside.names), 1, 1)
    np.testing.assert_array_equal(inside.values[inside.names.index("hidden")], seen.values["layers.1.hidden"][0])
    one = recurrence.one_cell(path, 3, layer=1, text="a")
    assert one.lines[-1].value == pytest.approx(one.own[-1], abs=1e-6)
    found = following.find(path, 3, text="a")
    assert found.tokens == ["a"]
    assert len(found.followers) <= 1
    assert following.find(path, 3).state == ("cell" if kind == "lstm" else "hidden")
    assert following.since(path, 3, what="the token is “a”").least.shape == (2, 1)


def test_a_delay_that_the_context_does_not_hold_is_refused_with_a_way_out(tmp_path):
    config = RunConfig.preset("delay-lstm").replace({"task.delay": 30})
    with pytest.raises(ValueError, match=r"model.context=24 is shorter than this task's sequences of 34 tokens"):
        footprint.admit(config, tmp_path)
    with pytest.raises(ValueError, match="the input has 3; type 2"):
        recurrence.cells(str(recorded(tmp_path / "a.run", 1, RunConfig.preset("delay-lstm")).path), 1, text="abc")


def test_states_are_as_wide_as_the_embedding_and_another_width_is_refused():
    with pytest.raises(ValueError, match=r"there is no setting model.hidden"):
        RunConfig.preset("delay-lstm").replace({"model.hidden": 32})
    model = build(RunConfig.preset("delay-lstm").replace({"model.width": 5}).model, 11, stream(0, "x"))
    assert model.embedding.weight.shape == (11, 5)
    assert model.layers[0].recurrent.weight.shape == (20, 5)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_where_else_the_best_cell_is_on_is_where_its_value_passes_its_threshold(runs, kind):
    answer = answered(following.find, runs[kind], layer=1, start=0, end=2)
    task, best, half = runs[kind].task, answer.followers[0], following.OF_PROBE // 2
    probe = task.probe(following.OF_PROBE)
    values = observe(runs[kind].model_at(STEPS), probe, gradients=False).values[f"layers.1.{answer.state}"]
    assert answer.elsewhere == [task.vocabulary.show(row) for row in probe.tokens[half : half + len(answer.on)]]
    for row, on in enumerate(answer.on):
        value = values[half + row, :, best.cell]
        assert on.tolist() == [(v > best.threshold) if best.above else (v < best.threshold) for v in value]
    assert answer.holds.shape == answer.on.shape == (following.ELSEWHERE, probe.tokens.shape[1])
