"""What the Words page gets: neighbours, analogies, scores, one pair with the run's own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import problems, recorded

from explorer import Run, RunConfig, observe
from explorer.answers import embeddings, pair, words
from explorer.answers.maps import points
from explorer.answers.task import about
from explorer.measure import words as measure
from explorer.measure.text import association
from explorer.runs.restored import training_at
from explorer.runs.verification import stretches
from explorer.tasks.objective import IGNORE

OWN = " ".join(
    ["the king loves the queen and the queen loves the king", "a man sees a woman and the woman sees the man"] * 60
)
STEPS = 40
KINDS = ("skip-gram", "cbow", "glove")


def tiny(kind: str) -> RunConfig:
    changes = {"task.text": OWN, "task.subsample": 1.0, "task.window": 2, "task.negatives": 3, "model.width": 6}
    more = {"train.batch": 16, "train.steps": None, "optimizer.schedule": "constant"}
    return RunConfig.preset(f"words-{kind}").replace(changes | more)


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("words") / f"{request.param}.run", STEPS, tiny(request.param))


def path_of(run: Run) -> str:
    return str(run.path)


def test_a_run_replays_bit_for_bit(run: Run):
    assert len(stretches(run)) > 3
    assert not problems(run)


def test_neighbours_are_by_the_cosine_of_the_exact_weights(run: Run):
    vectors = run.model_at(20).embedding.weight.detach().numpy().astype(float)
    symbols = run.task.vocabulary.symbols
    answer = words.nearest(path_of(run), 20, " King ", count=4)
    king = symbols.index("king")
    cosines = {
        symbols[i]: vectors[i] @ vectors[king] / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[king])
        for i in range(len(symbols))
        if i != king
    }
    best = sorted(cosines, key=lambda word: -cosines[word])[:4]
    assert [row.word for row in answer.rows] == best
    assert [row.similar for row in answer.rows] == pytest.approx([cosines[word] for word in best])
    assert answer.count == OWN.split().count("king")


@pytest.mark.parametrize("table", words.TABLES)
def test_analogies_leave_out_what_was_asked(run: Run, table: str):
    answer = words.analogy(path_of(run), 20, "man", "woman", "king", table=table, count=50)
    assert {row.word for row in answer.rows} == set(run.task.vocabulary.symbols) - {"man", "woman", "king"}
    questions = words.questions(path_of(run), 20, table)
    assert [row.words for row in questions.rows] == [("man", "woman", "king", "queen")]
    assert questions.chance == pytest.approx(1 / (len(run.task.vocabulary) - 3))


@pytest.mark.parametrize("word", ["quen", "", "<b>x</b>", "ж" * 300])
def test_a_word_that_is_not_known_is_refused_in_a_sentence(run: Run, word: str):
    with pytest.raises(ValueError, match=r"\A[^\n]{5,200}\Z") as error:
        words.nearest(path_of(run), 3, word)
    assert word != "quen" or "it knows queen" in str(error.value)


def test_scores_are_the_models_and_the_texts(run: Run):
    answer = words.matrix(path_of(run), STEPS, chosen=("king", "queen", "man", "a"))
    numbers = [run.task.vocabulary.symbols.index(word) for word in answer.words]
    training = training_at(path_of(run), STEPS, None)
    n = len(numbers)
    with torch.no_grad():
        read = torch.tensor(numbers)[:, None]
        if answer.kind == "cbow":
            scores = training.model.embedding.weight[numbers] @ training.model.context.weight[numbers].T
        else:
            scores = training.model(read, torch.tensor(numbers).expand(n, n))
    shift = -answer.zero if answer.kind == "glove" else np.log(3)
    assert answer.model == pytest.approx(scores.numpy() + shift, abs=1e-5)
    assert answer.comparable == (answer.kind != "cbow")
    text = OWN.split()
    counted = sum(1 for i, w in enumerate(text) for j in range(max(0, i - 2), min(len(text), i + 3))
                  if i != j and (w, text[j]) == ("king", "queen"))  # fmt: skip
    assert answer.counts[0, 1] == counted
    assert words.matrix(path_of(run), 5, around="king", count=3).words[0] == "king"


def test_what_the_text_asks_for_is_where_a_long_training_ends(tmp_path: Path):
    config = tiny("skip-gram").replace({"model.width": 12, "train.batch": 512, "optimizer.lr": 0.05})
    run = recorded(tmp_path / "long.run", 250, config, every=250)
    answer = words.matrix(str(run.path), 250, count=10)
    assert answer.correlation > 0.85
    met = np.isfinite(answer.text) & (answer.counts > 50)
    assert np.abs(answer.text - answer.model)[met].mean() < 0.25


def test_a_pair_is_told_with_the_numbers_of_the_step_itself(run: Run):
    step, row = 20, 5
    answer = pair.pair(path_of(run), step, row)
    training = training_at(path_of(run), step, None)
    batch, objective = training.batch(step), training.task.objective
    trace = observe(training.model, batch, objective=objective)
    counted = batch.targets[row] != IGNORE
    assert [scored.loss for scored in answer.scored if scored.counts] == pytest.approx(
        trace.token_loss[row][counted.numpy()].tolist(), rel=1e-4, abs=1e-7
    )
    pulls = trace.grads["scores"][row] * answer.targets  # of the mean over all that is asked
    assert [scored.pull for scored in answer.scored] == pytest.approx(pulls.tolist(), rel=1e-4, abs=1e-7)
    on_u = np.linalg.norm(trace.grads["contexts"][row], axis=-1)
    assert [scored.gradient for scored in answer.scored] == pytest.approx(on_u.tolist(), rel=1e-4, abs=1e-9)
    assert answer.vectors[0] == pytest.approx(trace.values["vector"][row, 0], abs=1e-6)
    next_ = training_at(path_of(run), step + 1, None)
    with torch.no_grad():
        then = next_.model(batch.tokens, batch.source)[row]
    assert [scored.score_after for scored in answer.scored] == pytest.approx(then.tolist(), abs=1e-5)
    assert answer.taken == step


def test_smoothing_and_several_batches_a_step_count_in_a_pairs_pull(tmp_path: Path):
    config = tiny("skip-gram").replace({"train.label_smoothing": 0.2, "train.accumulate": 3})
    run = recorded(tmp_path / "smooth.run", 6, config)
    answer = pair.pair(str(run.path), 4, 1)
    training = training_at(str(run.path), 4, None)
    batch = training.batch(4)
    scores = training.model(batch.tokens, batch.source).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(training.task.objective.mean(scores, batch.targets, 0.2) / 3, scores)
    pulls = [scored.pull / answer.targets / 3 for scored in answer.scored]
    assert pulls == pytest.approx(gradient[1].tolist(), rel=1e-4, abs=1e-8)
    size = training.model.embedding.weight[batch.tokens[1, 0]].norm().item()
    assert [scored.gradient for scored in answer.scored] == pytest.approx([abs(p) * size for p in pulls], rel=1e-4)


def test_a_pair_stands_in_the_text_where_it_is_said_to(run: Run):
    answer = pair.pair(path_of(run), 7, 2)
    place = answer.place
    if answer.kind == "glove":
        assert place is None
        return
    assert place.words[place.true] == answer.scored[0].word
    assert [place.words[i] for i in place.read] == [read.word for read in answer.read]
    with pytest.raises(ValueError, match="examples 0 to 15 and not 16"):
        pair.pair(path_of(run), 7, 16)


def test_words_are_mapped_as_embeddings_are(run: Run):
    for what in ("input", "output"):
        answer = embeddings.frame(path_of(run), 8, what, method="pca")
        assert answer.labels == list(run.task.vocabulary.symbols)
        assert answer.frequency.sum() == pytest.approx(1, rel=1e-5)
    assert list(points.choices(training_at(path_of(run), 3, None))) == ["input", "output"]


def test_pages_are_told_what_knowing_nothing_is_worth(run: Run):
    task = about(path_of(run))
    assert task.guessing[0] == run.task.guessing[0]
    assert task.words[:3] == ["king", "man", "woman"]
    assert task.answer in ("answer", "pair")
    assert " → " in task.sample


def test_an_association_is_that_of_the_exact_vectors(run: Run):
    lists = {"first": "King, Queen zounds sees", "second": "man woman zounds", "one": "loves the", "other": "sees"}
    answer = words.association(path_of(run), 30, **lists)
    assert answer.missing == ["zounds"], "named once, however many lists have it"
    assert answer.lists["first"] == ["king", "queen"]
    assert answer.left_out == ["sees"]
    vectors = run.model_at(30).embedding.weight.detach().numpy().astype(float)
    numbers = {word: i for i, word in enumerate(run.task.vocabulary.symbols)}
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = {name: unit[[numbers[word] for word in chosen]] for name, chosen in answer.lists.items()}
    both = np.concatenate([rows["first"], rows["second"]])
    s = (both @ rows["one"].T).mean(1) - (both @ rows["other"].T).mean(1)
    assert answer.leaning == pytest.approx(s)
    assert answer.effect == pytest.approx((s[:2].mean() - s[2:].mean()) / s.std())
    assert answer.splits == 6
    sums = np.array([s[i] + s[j] for i in range(4) for j in range(i)])
    assert answer.p * 6 == pytest.approx((sums >= s[:2].sum() - 1e-9).sum())
    assert answer.p_exchanged * 6 == pytest.approx((sums <= s[:2].sum() + 1e-9).sum()), "of the second list nearer"


def test_random_lists_are_drawn_from_all_words_of_a_run(tmp_path: Path):
    text = OWN + " they walk along old roads by day or night" * 60  # eighteen words
    run = recorded(tmp_path / "more.run", 2, tiny("skip-gram").replace({"task.text": text}))
    answer = words.association(str(run.path), 2, "king queen", "man woman", "loves the", "sees")
    vectors = measure.unit(run.model_at(2).embedding.weight.detach().numpy().astype(float))
    one, other = ([run.task.vocabulary.symbols.index(word) for word in answer.lists[name]] for name in ("one", "other"))
    of_all = (vectors @ vectors[one].T).mean(1) - (vectors @ vectors[other].T).mean(1)
    assert len(of_all) == 18
    assert answer.null == pytest.approx(association.null(of_all, 2, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"first": "king zounds"}, "the first list needs two words that this run knows; it does not know zounds$"),
        ({"second": "man fie", "one": "zounds"}, "the second list needs two words .* does not know fie$"),
        ({"one": "zounds"}, "the first attributes need a word that this run knows; it does not know zounds$"),
        ({"other": " "}, "the second attributes need a word that this run knows; type more$"),
        ({"second": "king woman"}, "king stands in both lists;"),
        ({"other": "the"}, "the stands in both lists of attributes;"),
    ],
)
def test_lists_that_cannot_be_compared_are_refused(run: Run, changed, says):
    lists = {"first": "king queen", "second": "man woman", "one": "loves the", "other": "sees"}
    with pytest.raises(ValueError, match=says):
        words.association(path_of(run), 30, **lists | changed)


def test_a_transformers_run_has_no_word_vectors(tmp_path: Path):
    run = recorded(tmp_path / "reverse.run", 2)
    with pytest.raises(ValueError, match="learns no word vectors; start one"):
        words.samples(str(run.path), 1)
    with pytest.raises(ValueError, match=r"learns word vectors \(cbow\) and has no attention"):
        tiny("cbow").need("attention")


def test_samples_are_of_the_words_to_begin_with(run: Run):
    rows = words.samples(path_of(run), 9, count=2).rows
    assert [row.word for row in rows] == run.task.examples[:2] == ["king", "man"]
    assert all(len(row.rows) == 6 for row in rows)
    vectors = words.vectors_of(training_at(path_of(run), 9, None), "both")
    assert np.isfinite(measure.unit(vectors)).all()
