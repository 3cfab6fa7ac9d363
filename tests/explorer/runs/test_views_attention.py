"""What the attention page is told, against the model itself."""

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig, observe
from explorer.interventions import repeat_patterns
from explorer.measure import attention as measure
from explorer.measure.heads import SCORES
from explorer.runs.views import arithmetic, attention, heads, snapshots
from explorer.runs.views.restored import training_at

DATES = RunConfig.preset("dates-fr").replace({"model.width": 16, "model.heads": 2, "train.batch": 4})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 20, every=5)


def test_every_array_is_the_models_own(run):
    plain, arrays = attention.patterns(str(run.path), 7)
    model = run.model_at(7)
    trace = observe(model, run.task.probe())
    for path in plain["paths"]:
        np.testing.assert_array_equal(arrays[f"{path}.pattern"], trace.values[f"{path}.pattern"][0])
        np.testing.assert_array_equal(arrays[f"{path}.scores"], trace.values[f"{path}.scores"][0])
        np.testing.assert_array_equal(arrays[f"{path}.gradient"], trace.grads[f"{path}.pattern"][0])
        assert plain["scores"][path]["entropy"] == measure.entropy(trace.values[f"{path}.pattern"][0]).tolist()
    np.testing.assert_allclose(arrays["rollout."].sum(-1), 1)
    assert plain["step"] == 7


def test_relevance_explains_the_log_probability_of_what_is_asked(run):
    _, arrays = attention.patterns(str(run.path), 7)
    batch = run.task.probe()
    trace = observe(run.model_at(7), batch)
    names = [name for name in trace.values if name.endswith(".pattern")]
    raising = [-batch.asked * trace.grads[name][0] for name in names]
    expected = measure.relevance([trace.values[name][0] for name in names], raising)
    np.testing.assert_allclose(arrays["relevance."], np.stack(expected))


def test_another_sample_is_another_input_and_the_same_at_every_step(run):
    tokens = [attention.patterns(str(run.path), step, sample=n)[0]["tokens"] for step, n in ((0, 1), (20, 1), (0, 2))]
    assert tokens[0] == tokens[1] != tokens[2]


def test_the_history_holds_what_each_snapshot_scores(run):
    plain, arrays = heads.history(str(run.path), run.last)
    assert arrays["steps"].tolist() == run.snapshot_steps
    repeats = heads.Repeats.of(training_at(str(run.path), 0, None))
    for row, step in enumerate(arrays["steps"]):
        found = repeat_patterns(run.model_at(int(step)), repeats.tokens)
        for name, score in SCORES.items():
            expected = np.concatenate([score.measure(patterns, repeats.n) for patterns in found.values()])
            np.testing.assert_allclose(arrays[name][row], expected, atol=1e-6)
    assert plain["heads"] == [f"blocks.{layer}.attention.{h}" for layer in range(2) for h in range(2)]


def test_a_growing_run_is_scored_at_steps_that_later_looks_score_again():
    steps = list(range(0, 5000, 10))
    shorter, longer = snapshots.thinned(steps[:300]), snapshots.thinned(steps)
    assert len(longer) <= snapshots.MOST
    assert longer[-1] == steps[-1]
    assert set(longer[:-1]) & set(shorter) >= set(longer[:-1]) & set(range(0, 3000, 40))
    assert snapshots.thinned([]) == []
    assert snapshots.thinned(steps[:5]) == steps[:5]


def test_cross_attention_is_held_against_the_true_alignment(tmp_path):
    run = recorded(tmp_path / "dates.run", 2, DATES, every=1)
    plain, arrays = attention.patterns(str(run.path), 2)
    (cross,) = [path for path in plain["paths"] if path.endswith(".cross")]
    cells = np.array(plain["gold"][cross])
    alignment = run.task.probe().alignment[0].numpy()
    assert alignment.sum() == len(cells)
    assert alignment[cells[:, 0], cells[:, 1]].all()
    expected = measure.agreement(arrays[f"{cross}.pattern"], alignment)
    assert plain["scores"][cross]["agreement"] == expected.tolist()
    assert 0 < plain["chance"][cross]["agreement"] < 0.5
    assert "rollout.encoder." in arrays
    assert arrays["relevance.decoder."].shape[1] == len(plain["tokens"])


def test_a_task_too_short_to_repeat_has_no_such_scores(tmp_path):
    run = recorded(tmp_path / "sum.run", 1, RunConfig.preset("addition").replace({"model.width": 16}), every=1)
    plain, _ = attention.patterns(str(run.path), 1)
    assert "induction" not in plain["scores"][plain["paths"][0]]
    history, arrays = heads.history(str(run.path), 1)
    assert history["n"] == 0
    assert set(arrays) == {"steps", "line", "entropy"}


def test_the_arithmetic_and_its_proof_are_of_the_head_and_query_that_were_asked_for(run):
    plain, arrays = arithmetic.way(str(run.path), 7, "blocks.1.attention.1", 4)
    _, maps = attention.patterns(str(run.path), 7)
    np.testing.assert_allclose(arrays["pattern"], maps["blocks.1.attention.pattern"][1, 4], atol=1e-6)
    proof, _ = arithmetic.proved(str(run.path), 7, "blocks.1.attention.1", 4)
    assert proof["absolute"] < 1e-5
    assert (plain["step"], proof["step"]) == (7, 7)
    with pytest.raises(ValueError, match="query=99"):
        arithmetic.way(str(run.path), 7, "blocks.1.attention.1", 99)


def test_looking_changes_no_weight(run):
    before = {name: weight.clone() for name, weight in run.model_at(7).state_dict().items()}
    training = training_at(str(run.path), 7, None)
    attention.patterns(str(run.path), 7)
    arithmetic.proved(str(run.path), 7, "blocks.0.attention.0", 3)
    heads.history(str(run.path), run.last)
    assert all(torch.equal(before[name], weight) for name, weight in training.model.state_dict().items())
    assert run.config == TINY
