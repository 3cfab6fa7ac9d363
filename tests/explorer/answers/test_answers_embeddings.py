"""What the embeddings page gets, against the model itself."""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded
from waiting import until

from explorer import Run, RunConfig, observe
from explorer.answers import embeddings
from explorer.answers.maps import frames, points, token_facts
from explorer.answers.maps.points import Subject
from explorer.measure import layouts, projection
from explorer.runs import kept
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.restored import training_at
from explorer.tasks.base import IGNORE
from explorer.ui.parts import map_captions as captions
from explorer.ui.parts.map_choice import Choice

DATES = RunConfig.preset("dates-fr").replace({"model.width": 16, "model.heads": 2, "train.batch": 4})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 20, every=5)


@pytest.fixture(scope="module")
def dates(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "dates.run", 2, DATES, every=1)


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    kept.forget()


def shown(run: Run, step: int, what: str, **more):
    """A frame of principal components."""
    return embeddings.frame(str(run.path), step, what, method="pca", **more)


def vectors(run: Run, step: int, what: str, **more) -> np.ndarray:
    return points.taken(training_at(str(run.path), step, None), Subject(str(run.path), what, **more)).vectors


def test_the_points_are_the_models_own_tables(run, dates):
    model = run.model_at(7)
    tables = {"input": model.embedding.weight, "output": model.unembedding.weight, "positions": model.positions.table}
    for what, table in tables.items():
        np.testing.assert_array_equal(vectors(run, 7, what), table.detach().numpy())
    translator = dates.model_at(2)
    for stack in ("encoder", "decoder"):
        part = translator.get_submodule(stack)
        np.testing.assert_array_equal(vectors(dates, 2, f"{stack}.input"), part.embedding.weight.detach().numpy())
        np.testing.assert_array_equal(vectors(dates, 2, f"{stack}.positions"), part.positions.table.detach().numpy())


def test_contextual_states_are_the_residual_streams_of_the_probe_in_reading_order(run, dates):
    size = -(-points.LIVE // run.task.length)
    batch = run.task.probe(size)
    trace = observe(run.model_at(7), batch, gradients=False)
    answer = shown(run, 7, "states", layer=2)
    stream = trace.values["blocks.1.residual_out"].reshape(-1, TINY.model.width)[: points.LIVE]
    np.testing.assert_array_equal(vectors(run, 7, "states", layer=2), stream)
    np.testing.assert_array_equal(
        vectors(run, 7, "states", layer=0)[:3], trace.values["blocks.0.residual_in"].reshape(-1, 16)[:3]
    )
    for i in (0, 17, 99):
        row, position = answer.row[i], answer.position[i]
        assert answer.sequences[row][position] == answer.labels[i]
        np.testing.assert_array_equal(answer.loss[i], trace.token_loss[row, position])
    assert len(answer.labels) == points.LIVE
    answer = shown(dates, 2, "encoder.states", layer=1)
    assert len(answer.labels) == points.LIVE
    assert "∅" not in answer.labels
    assert np.isnan(answer.loss).all()


def test_queries_and_keys_of_a_head_attend_as_the_head_does(run, dates):
    head = "blocks.1.attention.1"
    answer = shown(run, 7, "queries-keys", head=head)
    assert answer.kinds == ["query"] * 50 + ["key"] * 50
    cloud = vectors(run, 7, "queries-keys", head=head)
    trace = observe(run.model_at(7), run.task.probe(5), gradients=False)
    T = run.task.length
    scores = torch.from_numpy(cloud[:T] @ cloud[50 : 50 + T].T / (TINY.model.head_width) ** 0.5)
    hidden = torch.ones(T, T).triu(1).bool()
    pattern = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    np.testing.assert_allclose(pattern, trace.values["blocks.1.attention.pattern"][0, 1], atol=1e-5)
    answer = shown(dates, 2, "queries-keys", head="decoder.blocks.0.cross.0")
    for i in (3, 77):
        assert answer.sequences[answer.row[i]][answer.position[i]] == answer.labels[i]


def test_a_token_is_told_with_its_frequency_and_its_loss(run, dates):
    answer = shown(run, 7, "output")
    assert answer.labels == list(run.task.vocabulary.symbols)
    assert answer.frequency.sum() == pytest.approx(1)
    batch = run.task.probe(token_facts.LOSS_EXAMPLES)
    trace = observe(run.model_at(7), batch, gradients=False)
    for token in (0, 3):
        losses = [trace.token_loss[b, t] for b, t in np.argwhere(batch.targets.numpy() == token)]
        assert answer.loss[token] == pytest.approx(np.mean(losses), rel=1e-5)
    assert np.isnan(answer.loss[run.task.separator])
    read = token_facts.frequencies(str(run.path))["input"]
    assert read[run.task.separator] == pytest.approx(1 / run.task.length)
    counted = (run.task.probe(token_facts.LOSS_EXAMPLES).targets != IGNORE).any(0).numpy()
    answer = shown(run, 7, "positions")
    assert (~np.isnan(answer.loss[: len(counted)]) == counted).all()
    shares = token_facts.frequencies(str(dates.path))
    assert shares["source"].sum() == pytest.approx(1)
    assert shares["source"][0] == 0  # filler is not read


def test_a_texts_tokens_are_counted_in_the_text_and_the_rarest_left_out(tmp_path, monkeypatch):
    text = "abracadabra, " * 60
    config = TINY.replace({"task.name": "text", "task.text": text})
    run = recorded(tmp_path / "text.run", 1, config, every=1)
    trained = text[: len(text) - len(text) // 10]
    answer = shown(run, 1, "input")
    for symbol, share in zip(answer.labels, answer.frequency, strict=True):
        assert share == pytest.approx(trained.count(symbol.replace("␣", " ")) / len(trained))
    monkeypatch.setattr(points, "TOKENS", 3)
    kept.forget()
    answer = shown(run, 1, "input")
    assert (set(answer.labels), answer.left_out) == ({"a", "b", "r"}, 4)


def test_neighbours_and_what_changed_among_them_are_the_original_spaces(run):
    answer = shown(run, 20, "input", metric="euclidean", since=5)
    near, far = projection.nearest(vectors(run, 20, "input"), 8, "euclidean")
    before, _ = projection.nearest(vectors(run, 5, "input"), 8, "euclidean")
    np.testing.assert_array_equal(answer.neighbours, near)
    np.testing.assert_array_equal(answer.distances, far)
    np.testing.assert_array_equal(answer.moved, projection.changed(before, near))
    assert shown(run, 20, "input", since=20).moved.sum() == 0


def test_the_chain_follows_from_the_step_alone_and_stays_short():
    assert frames.chain(0) == []
    assert frames.chain(40) == [0, 32]
    assert frames.chain(321) == [*range(0, 257, 32), 320]
    for step in (33, 700, 5000, 123_456):
        chain = frames.chain(step)
        assert all(frames.chain(s) == chain[:i] for i, s in enumerate(chain))
        assert step - chain[-1] <= max(frames.FINEST, step / frames.PER_OCTAVE)
    assert len(frames.chain(10**6)) < 60


def test_frames_do_not_depend_on_the_order_they_are_asked_for(run, monkeypatch):
    monkeypatch.setattr(frames, "FINEST", 4)

    def maps(order):
        kept.forget()
        return [shown(run, step, "states", layer=1).points for step in order]

    for one, other in zip(maps([3, 9, 20]), maps([20, 9, 3])[::-1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_that_grew_has_the_same_maps(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "FINEST", 4)
    run = recorded(tmp_path / "tiny.run", 10, every=3)
    before = shown(run, 9, "input").points
    with Recorder(run.path) as recorder:
        training = restore(run, run.last)
        for step in islice(training, 15):
            recorder.add(step, training)
    kept.forget()
    assert run.last == 25
    np.testing.assert_array_equal(shown(run, 9, "input").points, before)


def test_a_map_of_principal_components_is_turned_towards_the_one_before(run, monkeypatch):
    monkeypatch.setattr(frames, "FINEST", 10)
    answer = shown(run, 20, "input")
    before = projection.aligned(
        projection.principal(vectors(run, 10, "input")).points, projection.principal(vectors(run, 0, "input")).points
    )
    own = projection.principal(vectors(run, 20, "input"))
    np.testing.assert_allclose(answer.points, projection.aligned(own.points, before), atol=1e-5)
    assert sum(answer.explained) == pytest.approx(own.explained.sum())


def test_trails_go_through_the_frames_of_the_chain_and_end_where_the_map_is(run, monkeypatch):
    monkeypatch.setattr(frames, "FINEST", 4)
    trails = embeddings.trails(str(run.path), 18, "input", [2, 5], method="pca")
    assert trails.steps.tolist() == [0, 4, 8, 12, 16, 18]
    for step, places in zip(trails.steps, trails.paths, strict=True):
        np.testing.assert_array_equal(places, shown(run, int(step), "input").points[[2, 5]])


def test_an_axis_is_that_of_the_original_space(run):
    answer = embeddings.axis(str(run.path), 20, "input", 1, 4)
    expected, share = projection.along(vectors(run, 20, "input"), 1, 4)
    np.testing.assert_allclose(answer.along, expected, rtol=1e-5, atol=1e-6)
    assert answer.share == share


def test_a_large_map_holds_more_states_and_principal_components_have_no_noise(run, monkeypatch):
    monkeypatch.setattr(embeddings, "LARGE", 150)
    answer = embeddings.big(str(run.path), 20, layer=1, method="pca")
    assert answer.points.shape == (150, 2)
    assert len(answer.labels) == 150
    with pytest.raises(ValueError, match="PCA has no seed, and so no layout noise"):
        embeddings.noise(str(run.path), 20, "input", method="pca")


def test_principal_components_stand_in_until_umap_is_there(run, monkeypatch):
    monkeypatch.setattr(layouts, "ready", lambda: False)
    monkeypatch.setattr(embeddings, "prepare", lambda: None)
    answer = embeddings.frame(str(run.path), 20, "input")
    assert (answer.standing_in, answer.method) == (True, "pca")
    np.testing.assert_array_equal(answer.points, shown(run, 20, "input").points)
    assert not shown(run, 20, "input").standing_in
    monkeypatch.setattr(embeddings, "_failures", ["UMAP could not be loaded"])
    with pytest.raises(ValueError, match="could not be loaded"):
        embeddings.frame(str(run.path), 20, "input")
    monkeypatch.undo()
    until(lambda: embeddings.load().ready, "what is asked for beforehand is loaded")
    assert not embeddings.frame(str(run.path), 20, "input").standing_in


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"what": "meaning"}, "no 'meaning' to map; choose one of input, output, positions, states, queries-keys"),
        ({"what": "states", "layer": 3}, "layers 0 to 2 and not 3"),
        ({"what": "queries-keys", "head": "7"}, "no head '7'"),
        ({"what": "input", "neighbours": 1}, "neighbours=1 is out of range; use 2 to 200"),
        ({"what": "input", "metric": "taxi"}, "metric='taxi' is none of cosine, euclidean"),
        ({"what": "input", "method": "som"}, "method='som' is none of pca, umap, tsne"),
        ({"what": "states", "text": "zz", "layer": 0}, "does not know z"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_a_way_out(run, arguments, words):
    with pytest.raises(ValueError, match=words):
        embeddings.frame(str(run.path), 20, **({"method": "pca"} | arguments))


def test_vectors_that_are_not_finite_are_no_map(run, monkeypatch):
    training = restore(run, 15)
    monkeypatch.setattr(embeddings, "glance", lambda *_: training)
    with torch.no_grad():
        training.model.embedding.weight[2, 3] = float("nan")
    with pytest.raises(ValueError, match="at step 15 these vectors are not finite any more; choose an earlier step"):
        shown(run, 15, "input")


def test_points_that_are_not_there_are_refused(run):
    with pytest.raises(ValueError, match="points 0 to 8 and not 9"):
        embeddings.axis(str(run.path), 20, "input", 1, 9)
    with pytest.raises(ValueError, match="points 0 to 8 and not 9"):
        embeddings.trails(str(run.path), 20, "input", [9], method="pca")


def test_a_text_of_ones_own_is_mapped_in_the_probes_place(run):
    answer = shown(run, 20, "states", text="abcabc", layer=1)
    assert "".join(answer.labels[:7]) == "abcabc|"


def test_looking_changes_neither_the_file_nor_a_weight(run):
    before = sha256(Path(run.path).read_bytes()).hexdigest()
    weights = {name: weight.clone() for name, weight in run.model_at(7).state_dict().items()}
    training = training_at(str(run.path), 7, None)
    shown(run, 7, "input", since=5)
    shown(run, 7, "states", layer=1)
    shown(run, 7, "queries-keys", head="blocks.0.attention.0")
    embeddings.axis(str(run.path), 7, "input", 0, 1)
    assert all(torch.equal(weights[name], weight) for name, weight in training.model.state_dict().items())
    assert sha256(Path(run.path).read_bytes()).hexdigest() == before


@pytest.mark.parametrize("text", ["01" * 80, "ab " * 60])
def test_a_vocabulary_of_a_few_characters_has_a_map_by_every_method(tmp_path, monkeypatch, text):
    monkeypatch.setattr(layouts, "ready", lambda: True)
    small = {"task.name": "text", "task.text": text, "train.batch": 4, "model.context": 8}
    run = recorded(tmp_path / "few.run", 3, TINY.replace(small), every=1)
    size = len(run.task.vocabulary.symbols)
    for method in layouts.METHODS:
        for dims in (2, 3):
            answer = embeddings.frame(str(run.path), 3, "input", method=method, dims=dims)
            assert answer.method == "pca", "of so few the principal components are the map"
            assert answer.points.shape == (size, dims)
            assert np.isfinite(answer.points).all()
            assert (answer.trustworthiness is None) == (size < 3)
            choice = Choice("input", method, dims, 0, "", 15, 0.1, "cosine", 0, 0, False)
            quality = [word for pair in captions.quality(answer, None) for word in pair]
            said = [captions.sentence(choice, answer), *quality]
            assert not any(re.search(r"\b(nan|inf)\b", words) for words in said), said
