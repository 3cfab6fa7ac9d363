"""Addition on a clock: its tables are the model's, its shares those of numpy's transform, and the controls are flat."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run, RunConfig
from explorer.answers.learning import clock
from explorer.answers.records.learning.clock import EMBEDDING, LOGITS, PARTS, UNEMBEDDING, Clock, ClockLosses
from explorer.answers.records.record import pack, unpack
from explorer.runs.replay import restore

SMALL = {"model.width": 16, "model.heads": 2, "train.batch": 32, "task.modulus": 11}
CONFIGS = {
    "decoder": RunConfig.preset("addition").replace(SMALL),
    "encoder": RunConfig.preset("addition").replace(SMALL | {"model.kind": "encoder", "task.modulus": 6}),
    "gru": RunConfig.preset("addition").replace({"model.kind": "gru", "model.width": 16, "task.modulus": 7}),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("clock")
    return {name: recorded(folder / f"{name}.run", 6, config, every=3) for name, config in CONFIGS.items()}


@pytest.mark.parametrize("name", CONFIGS)
def test_its_tables_are_the_models_own_pair_by_pair(runs, name: str):
    run = runs[name]
    answer = unpack(pack(clock.clock(str(run.path), 3)), Clock)
    model, p = run.model_at(3).eval(), CONFIGS[name].flat()["task.modulus"]
    assert answer.modulus == p
    logits, right = np.zeros((p, p, p)), 0
    with torch.no_grad():
        for a in range(p):
            for b in range(p):
                last = model(torch.tensor([[a, b, p]]))[0, 2]
                logits[a, b] = last[:p].double().numpy()
                right += int(last.argmax()) == (a + b) % p
    assert answer.right == pytest.approx(right / p**2)
    even = logits - logits.mean(-1, keepdims=True)
    waves, table = answer.parts[LOGITS], clock.fourier.by_sum(even)
    random = (
        clock.fourier.shuffled(table) * waves.shares.sum()
    )  # what depends on a + b at all, its sums in random orders
    assert waves.bound == pytest.approx(random.max(), rel=1e-3)
    means = np.array([np.mean([even[a, (s - a) % p] for a in range(p)], 0) for s in range(p)])
    squares = (np.abs(np.fft.fft(means, axis=0)) ** 2).sum(1) / p * p
    whole = ((even - even.mean((0, 1))) ** 2).sum()
    for k in range(1, p // 2 + 1):
        assert answer.parts[LOGITS].shares[k - 1] == pytest.approx(squares[list({k, p - k})].sum() / whole, rel=1e-3)
    for part, weight in ((EMBEDDING, "embedding.weight"), (UNEMBEDDING, "unembedding.weight")):
        table = dict(model.named_parameters())[weight].detach().double().numpy()[:p]
        squares = (np.abs(np.fft.fft(table, axis=0)) ** 2).sum(1)[1:]
        both = (squares + squares[::-1])[: p // 2] / (squares.sum() * 2)
        both *= np.where(2 * np.arange(1, p // 2 + 1) == p, 1, 2)
        np.testing.assert_allclose(answer.parts[part].shares, both, rtol=1e-5)


def test_the_curves_hold_what_each_snapshot_gives(runs):
    run = runs["decoder"]
    history = clock.history(str(run.path), 6)
    assert history.steps.tolist() == run.snapshot_steps == [0, 3, 6]
    for i, step in enumerate(run.snapshot_steps):
        answer = clock.clock(str(run.path), step)
        for part in PARTS:
            np.testing.assert_allclose(history.shares[part][i], answer.parts[part].shares, rtol=1e-6)


def test_before_the_first_step_no_frequency_stands_out_and_of_shuffled_numbers_none_either(tmp_path):
    run = recorded(tmp_path / "new.run", 0, RunConfig.preset("addition"))
    answer = clock.clock(str(run.path), 0)
    for waves in answer.parts.values():
        assert waves.keys == []
        assert waves.shuffled.max() <= waves.bound
    assert answer.parts[EMBEDDING].shares.max() < 0.08  # of 23 frequencies, each about 0.043
    assert answer.parts[LOGITS].shares.sum() < 0.01


@pytest.mark.parametrize("name", ["decoder", "encoder"])
def test_restricted_and_excluded_loss_are_those_of_the_papers_waves_one_by_one(runs, name: str):
    """Nanda et al. 2023, §5.1: cos(w_k(a + b)) and sin(w_k(a + b)) as unit vectors over all pairs, in every token."""
    run, keys = runs[name], [2, 3]
    training = restore(run, 3)
    p = training.task.p
    pairs = [(a, b) for a in range(p) for b in range(p)]
    with torch.no_grad():
        logits = np.concatenate([training.model(torch.tensor([[a, b, p]]))[:, 2].double().numpy() for a, b in pairs])
    kept = np.zeros_like(logits)
    for k in keys:
        for wave in (np.cos, np.sin):
            direction = np.array([wave(2 * np.pi * k * (a + b) / p) for a, b in pairs])
            if (length := np.linalg.norm(direction)) > 1e-6:  # of an even p the fastest wave has no sine
                kept += np.outer(direction / length, direction / length @ logits)

    def loss(of: np.ndarray, which: list[int]) -> float:
        right = [of[i, sum(pairs[i]) % p] - np.log(np.exp(of[i]).sum()) for i in which]
        return -float(np.mean(right))

    trained, held_out = (training.task.splits[side].tolist() for side in ("trained", "held out"))
    expected = [
        *(loss(logits, which) for which in (trained, held_out)),
        loss(logits.mean(0) + kept, list(range(p * p))),
        loss(logits - kept, trained),
    ]
    np.testing.assert_allclose(clock.every_loss(training, keys), expected, rtol=1e-6)
    assert np.isnan(clock.every_loss(training, [])).tolist() == [False, False, True, True]


def test_losses_over_training_are_those_of_each_snapshot_with_the_newest_keys(runs, monkeypatch):
    run = runs["decoder"]
    of_logits = clock.clock(str(run.path), 6).parts[LOGITS].shares
    monkeypatch.setattr(clock.fourier, "keys", lambda share, bound: [1, 4] if np.array_equal(share, of_logits) else [2])
    answer = unpack(pack(clock.losses(str(run.path), 6)), ClockLosses)
    assert (answer.keys, answer.steps.tolist()) == ([1, 4], [0, 3, 6])
    every = np.stack([answer.trained, answer.held_out, answer.restricted, answer.excluded], 1)
    np.testing.assert_allclose(every, [clock.every_loss(restore(run, step), [1, 4]) for step in (0, 3, 6)])
    none = clock.losses(str(runs["encoder"].path), 0)
    assert len(none.steps) == 1


@pytest.mark.prove
def test_a_model_that_has_learned_to_add_holds_a_few_frequencies(tmp_path):
    """Nanda et al. 2023, figure 3: the embedding is sparse in frequency. Three seconds of training a hundred steps."""
    run = recorded(tmp_path / "learned.run", 1200, RunConfig.preset("addition"), every=400)
    answer = clock.clock(str(run.path), 1200)
    assert answer.right > 0.9
    embedding = answer.parts[EMBEDDING]
    assert 1 <= len(embedding.keys) <= 8
    assert sum(embedding.shares[k - 1] for k in embedding.keys) > 0.7
    assert embedding.shuffled.max() < 0.25 < embedding.shares.max()
    assert answer.parts[LOGITS].shares.sum() > 0.8
    losses = clock.losses(str(run.path), 1200)
    assert losses.restricted[-1] < losses.excluded[-1] / 3


def test_a_run_without_such_numbers_and_one_that_diverged_are_refused_in_a_sentence(runs, tmp_path):
    other = recorded(tmp_path / "reverse.run", 2, TINY)
    for function in (clock.clock, clock.history, clock.losses):
        with pytest.raises(ValueError, match=r"no numbers of a clock; look at a run with task.name=addition"):
            function(str(other.path), 2)
    words = recorded(tmp_path / "words.run", 1, RunConfig.preset("words-cbow"))
    with pytest.raises(ValueError, match="logits"):
        clock.clock(str(words.path), 1)
