"""Gaps: every number against a plain loop; what cannot be hidden; the causal twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tiny_runs import recorded

from explorer import Run, RunConfig
from explorer.analysis import masking
from explorer.answers.reading import gaps
from explorer.runs.replay import restore
from explorer.ui.reading import twins

SMALL = {"model.width": 16, "model.heads": 2, "model.layers": 1, "train.batch": 8, "model.context": 24}
STEPS = 12
TEXT = "to be or not to be"


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("gaps")
    presets = {"both": "fill-shakespeare", "left": "shakespeare"}
    return {
        name: recorded(folder / f"{name}.run", STEPS, RunConfig.preset(preset).replace(SMALL))
        for name, preset in presets.items()
    }


def at(run: Run):
    training = restore(run, STEPS)
    training.model.eval()
    return training.model, training.task


@torch.no_grad()
def test_pseudo_perplexity_is_that_of_a_loop(runs):
    model, task = at(runs["both"])
    tokens = task.tokens_of(TEXT)[0].tolist()
    bits = []
    for place, token in enumerate(tokens):
        read = [task.mask if i == place else one for i, one in enumerate(tokens)]
        p = model(torch.tensor([read]), None)[0, place].softmax(-1)[token]
        bits.append(-math.log2(float(p)))
    answer = gaps.surprisals(str(runs["both"].path), STEPS, TEXT)
    np.testing.assert_allclose(answer.bits, bits, rtol=1e-5)
    assert answer.perplexity == pytest.approx(2 ** (sum(bits) / len(bits)), rel=1e-5)
    assert answer.text == TEXT


@torch.no_grad()
def test_the_twins_perplexity_is_that_of_a_loop_and_it_says_nothing_of_the_first(runs):
    model, task = at(runs["left"])
    tokens = task.tokens_of(TEXT)[0].tolist()
    bits = [
        -math.log2(float(model(torch.tensor([tokens[:place]]), None)[0, -1].softmax(-1)[tokens[place]]))
        for place in range(1, len(tokens))
    ]
    answer = gaps.surprisals(str(runs["left"].path), STEPS, TEXT)
    assert np.isnan(answer.bits[0])
    np.testing.assert_allclose(answer.bits[1:], bits, rtol=1e-4)
    assert answer.perplexity == pytest.approx(2 ** (sum(bits) / len(bits)), rel=1e-4)


def test_both_read_the_same_stretch_where_nothing_is_typed(runs):
    both, left = (gaps.surprisals(str(runs[name].path), STEPS) for name in ("both", "left"))
    assert both.text == left.text
    assert "▢" not in both.text


@torch.no_grad()
def test_a_gap_is_read_with_all_that_is_hidden(runs):
    model, task = at(runs["both"])
    tokens = task.tokens_of(TEXT)
    read = tokens.clone()
    read[0, [3, 4, 9]] = task.mask
    answer = gaps.gap(str(runs["both"].path), STEPS, TEXT, (3, 4, 9), 4)
    np.testing.assert_allclose(answer.p, model(read, None)[0, 4].softmax(-1), rtol=1e-6)
    assert (answer.hidden, answer.read) == ("e", task.vocabulary.show(read[0]))


def test_all_tokens_may_be_hidden(runs):
    count = len(TEXT)
    every = tuple(range(count))
    one, other = (gaps.gap(str(runs["both"].path), STEPS, text, every, 5) for text in (TEXT, "x" * count))
    assert set(one.read) == {"▢"}
    np.testing.assert_array_equal(one.p, other.p)
    assert one.p.sum() == pytest.approx(1, abs=1e-5)


@torch.no_grad()
def test_the_twin_fills_earlier_gaps_itself_and_never_peeks(runs):
    model, task = at(runs["left"])
    answer = gaps.gap(str(runs["left"].path), STEPS, TEXT, (0, 3, 6, 9), 6)
    read = task.tokens_of(TEXT)[:, :6]
    read[0, 3] = model(read[:, :3], None)[0, -1].argmax()
    assert answer.read == task.vocabulary.show(read[0])
    np.testing.assert_allclose(answer.p, model(read, None)[0, -1].softmax(-1), rtol=1e-6)
    later = gaps.gap(str(runs["left"].path), STEPS, TEXT[:6] + "zzzzz", (0, 3, 6), 6)
    np.testing.assert_array_equal(answer.p, later.p)


def test_the_twins_second_guess_follows_its_first():
    class Counting(torch.nn.Module):
        """Says of each token that the next number follows."""

        def forward(self, tokens: torch.Tensor, source: None) -> torch.Tensor:
            return torch.nn.functional.one_hot(tokens + 1, 12).float()

    p, read = masking.at_gap(Counting(), torch.tensor([[5, 0, 0, 0]]), (1, 2), 3, None)
    assert (read.tolist(), int(p.argmax())) == ([[5, 6, 7]], 8)


def test_before_the_first_token_the_twin_reads_nothing(runs):
    answer = gaps.gap(str(runs["left"].path), STEPS, TEXT, (0,), 0)
    assert (len(answer.p), answer.read, answer.hidden) == (0, [], "t")


@torch.no_grad()
def test_the_score_is_that_of_a_loop_over_the_same_gaps(runs):
    model, task = at(runs["both"])
    generator = torch.Generator().manual_seed(20_19)
    texts = task.windows("held out", 16, generator)[:, :-1]
    places = 1 + torch.rand(16, 23, generator=generator).topk(16).indices
    right, nats = 0, 0.0
    for text, row in zip(texts, places, strict=True):
        for place in row.tolist():
            read = text.clone()
            read[place] = task.mask
            log_p = model(read[None], None)[0, place].log_softmax(-1)
            right += int(log_p.argmax() == text[place])
            nats -= float(log_p[text[place]])
    score = gaps.score(str(runs["both"].path), STEPS)
    assert (score.gaps, score.right) == (256, right / 256)
    assert score.nats == pytest.approx(nats / 256, rel=1e-5)


@torch.no_grad()
def test_both_are_scored_at_the_same_gaps(runs):
    model, task = at(runs["left"])
    generator = torch.Generator().manual_seed(20_19)
    texts = task.windows("held out", 16, generator)[:, :-1]
    places = 1 + torch.rand(16, 23, generator=generator).topk(16).indices
    log_p = model(texts, None).log_softmax(-1)
    nats = [-float(log_p[b, p - 1, texts[b, p]]) for b in range(16) for p in places[b].tolist()]
    assert gaps.score(str(runs["left"].path), STEPS).nats == pytest.approx(sum(nats) / 256, rel=1e-5)


@pytest.mark.parametrize("name", ["both", "left"])
def test_what_cannot_be_is_refused_in_a_sentence(runs, tiny, name):
    path = str(runs[name].path)
    with pytest.raises(ValueError, match=r"there is no token 18 to hide; the text has 18, from 0 to 17"):
        gaps.gap(path, STEPS, TEXT, (18,), 3)
    with pytest.raises(ValueError, match=r"the input has 0 tokens and this model reads 2 to 24; type at least 2"):
        gaps.surprisals(path, STEPS, "")
    with pytest.raises(ValueError, match="the model does not know '日'"):
        gaps.surprisals(path, STEPS, "日日")
    with pytest.raises(ValueError, match="this task has no text to hide tokens of"):
        gaps.score(str(tiny.path), 3)


@pytest.mark.parametrize(
    ("preset", "changes", "expected"),
    [
        ("fill-shakespeare", {}, ("decoder", "shakespeare")),
        ("shakespeare", {}, ("encoder", "fill")),
        ("python", {"model.kind": "encoder"}, ("decoder", "python")),
        ("shakespeare", {"model.kind": "encoder"}, ("decoder", "shakespeare")),
        ("shakespeare-lstm", {}, None),
        ("reverse", {}, None),
        ("words-glove", {}, None),
    ],
)
def test_a_twin_is_of_equal_size_on_the_same_text(preset, changes, expected):
    config = RunConfig.preset(preset).replace(changes)
    twin = twins.twin_of(config)
    assert (twin and (twin.model.kind, twin.task.name)) == expected
    if twin is not None:
        same = {"model.kind": config.model.kind, "task.name": config.task.name}
        assert twin.replace(same) == config
