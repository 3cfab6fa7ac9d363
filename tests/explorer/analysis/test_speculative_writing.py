"""Speculative decoding with models: the same distribution as token by token, the same text where it is greedy."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from tiny_runs import TINY

from explorer import RunConfig
from explorer.analysis import speculative
from explorer.analysis.writing import Reader
from explorer.analysis.writing import write as plain
from explorer.measure import speculative as rule
from explorer.measure.sampling import softmax
from explorer.training.loop import Training
from explorer.training.randomness import stream

LENGTH = 3
SHAKESPEARE = RunConfig.preset("shakespeare").replace(
    {"model.width": 16, "model.heads": 2, "model.layers": 1, "model.context": 32, "train.batch": 4}
)
LSTM = RunConfig.preset("shakespeare-lstm").replace({"model.width": 16, "model.context": 32, "train.batch": 4})
DATES = RunConfig.preset("dates-fr").replace({"model.width": 16, "model.heads": 2, "model.layers": 1})


def trained(config: RunConfig, seed: int, steps: int = 8) -> Training:
    training = Training(config.replace({"train.seed": seed}))
    for _ in range(steps):
        next(training)
    return training


def reader(training: Training, source: torch.Tensor | None = None) -> Reader:
    return Reader(training.model, source, training.config.model.context)


@pytest.mark.parametrize("config", [SHAKESPEARE, LSTM, TINY, DATES], ids=["transformer", "lstm", "reverse", "dates"])
@pytest.mark.parametrize("k", [1, 3, 8])
def test_the_greedy_text_is_the_one_written_token_by_token(config, k):
    one, other = trained(config, 0), trained(config, 1)
    opening = one.task.opening()
    settings, length = {"temperature": 0.0}, min(24, opening.length or 24)
    going = plain(one.model, opening.tokens, 99, stream(0, "a"), settings, source=opening.source)
    expected = [token.token for token in islice(going, length)]
    readers = reader(one, opening.source), reader(other, opening.source)
    passes = list(speculative.write(*readers, opening.tokens, stream(0, "b"), k, settings, length=length))
    assert [token.token for new in passes for token in new] == expected
    assert all(1 <= len(new) <= k + 1 for new in passes)


def test_a_model_that_drafts_for_itself_is_never_rejected_and_needs_a_pass_for_k_plus_one_tokens():
    one = trained(SHAKESPEARE, 0)
    tokens = one.task.opening().tokens
    passes = list(speculative.write(reader(one), reader(one), tokens, stream(0, "a"), 4, length=25))
    assert [len(new) for new in passes] == [5] * 5
    for new in passes:
        for token in new[:-1]:
            np.testing.assert_allclose(token.p, token.q, atol=1e-6)


def test_each_models_chances_are_those_that_it_has_without_a_cache():
    one, other = trained(SHAKESPEARE, 0), trained(LSTM, 1)
    tokens = one.task.opening().tokens
    place = tokens.shape[1]
    passes = list(speculative.write(reader(one), reader(other), tokens, stream(3, "a"), 3, length=20))
    text = torch.cat([tokens, torch.tensor([[token.token for new in passes for token in new]])], 1)
    for token in (token for new in passes for token in new):
        for training, chances in ((one, token.p), (other, token.q)):
            if chances is not None:
                with torch.no_grad():
                    logits = training.model.eval()(text[:, :place])[0, -1]
                np.testing.assert_allclose(softmax(logits.double().numpy()), chances, atol=1e-6)
        place += 1


class Remembering(Reader):
    """A reader that asks its model about each text once, so that many thousand texts take a moment."""

    def __init__(self, training: Training, logits: dict) -> None:
        super().__init__(training.model, None, training.config.model.context, cached=False)
        self.logits = logits

    def __call__(self, tokens):
        rows = [self.after(tuple(tokens[0, : n + 1].tolist())) for n in range(tokens.shape[1])]
        return torch.stack(rows)[None]

    def after(self, read):
        if read not in self.logits:
            self.logits[read] = super().__call__(torch.tensor([read]))[0, -1]
        return self.logits[read]


@pytest.fixture(scope="module")
def counted():
    """A function that counts the texts of three tokens that two models write, and how often each is to be expected."""
    one, other = trained(TINY, 0), trained(TINY, 1)
    with torch.no_grad():
        for training in (one, other):
            training.model.unembedding.weight.mul_(10)  # surer, each of something else
    known = {}, {}
    tokens = one.task.opening().tokens

    def texts(times: int):
        counts: dict[tuple, int] = {}
        generator = stream(0, "texts")
        readers = Remembering(one, known[0]), Remembering(other, known[1])
        for _ in range(times):
            passes = speculative.write(*readers, tokens, generator, 2, {"temperature": 0.9}, length=LENGTH)
            text = tuple(token.token for new in passes for token in new)
            counts[text] = counts.get(text, 0) + 1
        return counts

    def probability(text):
        read, p = tuple(tokens[0].tolist()), 1.0
        for token in text:
            p *= softmax(readers_logits(read))[token]
            read += (token,)
        return p

    def readers_logits(read):
        return Remembering(one, known[0]).after(read).double().numpy() / 0.9

    def chance(times: int) -> float:
        counts = texts(times)
        expected = {text: times * probability(text) for text in counts}
        often = [text for text in counts if expected[text] >= 5]
        seen, due = [counts[t] for t in often], [expected[t] for t in often]
        rest = max(times - sum(due), 1e-9)
        return float(
            chisquare(
                [*seen, times - sum(seen)],
                [*due, rest],
            ).pvalue
        )

    return chance


def test_chi_squared_finds_no_difference_from_plain_sampling_over_whole_texts(counted):
    assert counted(4000) > 1e-3


def test_chi_squared_finds_the_difference_where_every_draft_is_accepted(counted, monkeypatch):
    monkeypatch.setattr(rule, "accepts", lambda p, q, at: True)
    assert counted(1000) < 1e-9


def test_the_random_numbers_of_a_seed_write_the_same_text_again():
    one, other = trained(SHAKESPEARE, 0), trained(SHAKESPEARE, 1)
    tokens = one.task.opening().tokens
    texts = [
        [
            [t.token for t in new]
            for new in speculative.write(reader(one), reader(other), tokens, stream(seed, "a"), 4, length=20)
        ]
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]
