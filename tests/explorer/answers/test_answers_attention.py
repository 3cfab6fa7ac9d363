"""What the attention page gets, against the model itself."""

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig, observe
from explorer.analysis.interventions import repeat_patterns
from explorer.answers import arithmetic, attention, heads
from explorer.measure import attention as measure
from explorer.measure.heads import SCORES
from explorer.runs import snapshots
from explorer.runs.restored import training_at

DATES = RunConfig.preset("dates-fr").replace({"model.width": 16, "model.heads": 2, "train.batch": 4})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return recorded(tmp_path_factory.mktemp("runs") / "tiny.run", 20, every=5)


def test_every_array_is_the_models_own(run):
    maps = attention.patterns(str(run.path), 7)
    model = run.model_at(7)
    trace = observe(model, run.task.probe())
    for path, one in maps.attentions.items():
        np.testing.assert_array_equal(one.pattern, trace.values[f"{path}.pattern"][0])
        np.testing.assert_array_equal(one.logits, trace.values[f"{path}.scores"][0])
        np.testing.assert_array_equal(one.gradient, trace.grads[f"{path}.pattern"][0])
        assert one.scores["entropy"] == measure.entropy(trace.values[f"{path}.pattern"][0]).tolist()
    np.testing.assert_allclose(maps.flows[""].rollout.sum(-1), 1)
    assert maps.step == 7


def test_relevance_explains_the_log_probability_of_what_is_asked(run):
    maps = attention.patterns(str(run.path), 7)
    batch = run.task.probe()
    trace = observe(run.model_at(7), batch)
    names = [name for name in trace.values if name.endswith(".pattern")]
    raising = [-batch.predicted * trace.grads[name][0] for name in names]
    expected = measure.relevance([trace.values[name][0] for name in names], raising)
    np.testing.assert_allclose(maps.flows[""].relevance, np.stack(expected))


def test_another_sample_is_another_input_and_the_same_at_every_step(run):
    tokens = [attention.patterns(str(run.path), step, sample=n).tokens for step, n in ((0, 1), (20, 1), (0, 2))]
    assert tokens[0] == tokens[1] != tokens[2]


def test_the_history_holds_what_each_snapshot_scores(run):
    history = heads.history(str(run.path), run.last)
    assert history.steps.tolist() == run.snapshot_steps
    repeats = heads.Repeats.of(training_at(str(run.path), 0, None))
    for row, step in enumerate(history.steps):
        found = repeat_patterns(run.model_at(int(step)), repeats.tokens)
        for name, score in SCORES.items():
            expected = np.concatenate([score.measure(patterns, repeats.n) for patterns in found.values()])
            np.testing.assert_allclose(history.scores[name][row], expected, atol=1e-6)
    assert history.heads == [f"blocks.{layer}.attention.{h}" for layer in range(2) for h in range(2)]


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
    maps = attention.patterns(str(run.path), 2)
    (cross,) = [path for path in maps.paths if path.endswith(".cross")]
    cells = np.array(maps.attentions[cross].gold)
    alignment = run.task.probe().alignment[0].numpy()
    assert alignment.sum() == len(cells)
    assert alignment[cells[:, 0], cells[:, 1]].all()
    expected = measure.agreement(maps.attentions[cross].pattern, alignment)
    assert maps.attentions[cross].scores["agreement"] == expected.tolist()
    assert 0 < maps.attentions[cross].chance["agreement"] < 0.5
    assert list(maps.flows) == ["encoder.", "decoder."]
    assert maps.flows["decoder."].relevance.shape[1] == len(maps.tokens)


def test_the_history_has_the_agreement_of_every_head_that_has_an_alignment(tmp_path):
    run = recorded(tmp_path / "dates.run", 2, DATES, every=1)
    history = heads.history(str(run.path), 2)
    assert history.aligned == [f"decoder.blocks.0.cross.{h}" for h in range(DATES.model.heads)]
    for row, step in enumerate(history.steps):
        one = attention.patterns(str(run.path), int(step)).attentions["decoder.blocks.0.cross"]
        np.testing.assert_allclose(history.agreement[row], one.scores["agreement"], atol=1e-6)
        np.testing.assert_allclose(history.agreement_chance[row], one.chance["agreement"], atol=1e-6)
        rows = sorted({q for q, _ in one.gold})
        for h, pattern in enumerate(one.pattern):
            on_gold = [sum(pattern[q, k] for k in range(pattern.shape[1]) if (q, k) in one.gold) for q in rows]
            assert history.agreement[row, h] == pytest.approx(sum(on_gold) / len(rows), abs=1e-6)


def test_a_task_without_an_alignment_has_no_such_heads(run):
    history = heads.history(str(run.path), run.last)
    assert history.aligned == []
    assert history.agreement.shape == (len(history.steps), 0)


def test_a_task_too_short_to_repeat_has_no_such_scores(tmp_path):
    run = recorded(tmp_path / "sum.run", 1, RunConfig.preset("addition").replace({"model.width": 16}), every=1)
    maps = attention.patterns(str(run.path), 1)
    assert "induction" not in maps.attentions[maps.paths[0]].scores
    history = heads.history(str(run.path), 1)
    assert history.n == 0
    assert set(history.scores) == {"entropy"}, "a line of four cells is none"
    assert history.chance == {}


def test_the_arithmetic_and_its_proof_are_of_the_head_and_query_that_were_asked_for(run):
    way = arithmetic.way(str(run.path), 7, "blocks.1.attention.1", 4)
    maps = attention.patterns(str(run.path), 7)
    np.testing.assert_allclose(way.pattern, maps.attentions["blocks.1.attention"].pattern[1, 4], atol=1e-6)
    proof = arithmetic.proved(str(run.path), 7, "blocks.1.attention.1", 4)
    assert proof.absolute < 1e-5
    assert (way.step, proof.step) == (7, 7)
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


@pytest.mark.parametrize("mask", ["causal", "none"])
def test_chance_on_repeated_sequences_is_what_even_attention_scores_in_this_model(tmp_path, mask):
    config = TINY.replace({"model.mask": mask})
    run = recorded(tmp_path / "masked.run", 1, config)
    maps = attention.patterns(str(run.path), 0)
    repeats = heads.Repeats.of(training_at(str(run.path), 0, None))
    patterns = repeat_patterns(run.model_at(0), repeats.tokens)
    for path, one in maps.attentions.items():
        even = measure.even(patterns[path][0])
        for name, score in SCORES.items():
            assert one.chance[name] == pytest.approx(score.measure(even[None], repeats.n)[0])
            if mask == "none":
                assert one.chance[name] == pytest.approx(1 / (2 * repeats.n))


@pytest.mark.parametrize("config", [TINY, TINY.replace({"model.mask": "none"}), DATES])
def test_a_pattern_is_drawn_whole_unless_the_model_hides_what_comes_after(tmp_path, config):
    run = recorded(tmp_path / "drawn.run", 1, config)
    for one in attention.patterns(str(run.path), 0).attentions.values():
        assert one.causal == (not np.triu(one.pattern, 1).any())


def test_what_a_gru_reads_of_the_source_is_cross_attention(tmp_path):
    changes = {"model.kind": "gru-attention", "model.width": 8, "train.batch": 4}
    run = recorded(tmp_path / "gru.run", 6, RunConfig.preset("dates-gru").replace(changes), every=3)
    maps = attention.patterns(str(run.path), 6)
    model, batch = run.model_at(6), run.task.probe()
    trace, cross = observe(model, batch), model.decoder.layers[0].cross
    (path,) = maps.paths
    one = maps.attentions[path]
    np.testing.assert_array_equal(one.pattern, trace.values[f"{path}.pattern"][0])
    np.testing.assert_array_equal(one.gradient, trace.grads[f"{path}.pattern"][0])
    alone = cross.output.weight.detach().numpy().astype(np.float64) @ trace.values[f"{path}.values"][0, 0].T  # (3C, S)
    np.testing.assert_allclose(one.weighted[0], one.pattern[0] * np.linalg.norm(alone, axis=0), rtol=1e-5)
    assert one.scores["agreement"] == measure.agreement(one.pattern, batch.alignment[0].numpy()).tolist()
    assert one.gold
    assert maps.flows == {}
    assert maps.source is not None
    assert one.pattern.shape == (1, len(maps.tokens), len(maps.source))
    without = recorded(tmp_path / "plain.run", 1, run.config.replace({"model.kind": "gru-encoder-decoder"}))
    with pytest.raises(
        ValueError, match=r"is a recurrent encoder-decoder \(gru-encoder-decoder\) and has no attention;"
    ):
        attention.patterns(str(without.path), 1)
    with pytest.raises(ValueError, match="has no attention heads; look at a run that has"):
        heads.history(str(run.path), 6)
