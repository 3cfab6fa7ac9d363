"""Decoding: greedy, beam and exact search against counting all answers out, and a beam against Transformers' one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from explorer.measure.decoding import Answer, Rules, beam, exact, greedy

SIZE, END = 3, 0
RULES = [
    Rules(length=5),
    Rules(length=5, end=END),
    Rules(length=5, end=END, alpha=1.0),
    Rules(length=5, end=END, alpha=2.5),
    Rules(length=5, block=2),
    Rules(length=5, end=END, block=2, alpha=0.6, prompt=(1, 2, 1)),
]


def table_of(seed: int, size: int = SIZE, spread: float = 2.0) -> np.ndarray:
    """Logits of the next token after every two tokens, (V, V, V)."""
    return np.random.default_rng(seed).normal(size=(size, size, size)) * spread


def scorer(table: np.ndarray, prompt: tuple[int, ...] = ()):
    """log p of the next token by the last two; before a text stand noughts."""
    log_p = table - np.log(np.exp(table).sum(-1, keepdims=True))

    def score(beginnings):
        lasts = [(0, 0, *prompt, *tokens)[-2:] for tokens in beginnings]
        return np.array([log_p[one, other] for one, other in lasts])

    return score


def all_answers(score, rules: Rules, tokens: tuple[int, ...] = (), log_p: float = 0.0):
    """Every answer that the rules allow, counted out."""
    if tokens and rules.whole(tokens):
        yield Answer(tokens, log_p, rules.score(log_p, len(tokens)))
        return
    steps = score([tokens])[0]
    text, n = (*rules.prompt, *tokens), rules.block
    seen = {text[i : i + n] for i in range(len(text) - n + 1)} if n else set()
    for token in range(len(steps)):
        if not n or (*text, token)[-n:] not in seen:
            yield from all_answers(score, rules, (*tokens, token), log_p + steps[token])


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("seed", range(20))
def test_exact_search_finds_the_best_of_all_answers_and_a_wide_beam_does_too(rules, seed):
    score = scorer(table_of(seed), rules.prompt)
    answers = sorted(all_answers(score, rules), key=lambda one: -one.score)
    found = exact(score, rules, None, 10_000)
    assert found.proved
    assert found.answer.tokens == answers[0].tokens
    assert found.answer.log_p == pytest.approx(answers[0].log_p)
    wide = beam(score, rules, SIZE**5)
    assert [one.tokens for one in wide.answers[:3]] == [one.tokens for one in answers[:3]]
    assert exact(score, rules, wide.answers[0], 10_000).answer.tokens == answers[0].tokens
    for width in (1, 2, 3):
        narrow = beam(score, rules, width).answers
        assert not narrow or narrow[0].score <= answers[0].score + 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_greedy_takes_the_likeliest_each_time_and_a_beam_of_one_the_same(seed):
    score, rules = scorer(table_of(seed)), Rules(length=6)
    tokens: tuple[int, ...] = ()
    for _ in range(6):
        tokens = (*tokens, int(score([tokens])[0].argmax()))
    assert greedy(score, rules).tokens == beam(score, rules, 1).answers[0].tokens == tokens


def test_branch_and_bound_asks_for_far_fewer_beginnings_than_there_are():
    score, rules = scorer(table_of(1, size=8, spread=4.0)), Rules(length=8)
    found = exact(score, rules, greedy(score, rules), 10_000)
    assert found.proved
    assert found.queried < 8**8 / 1000


def test_past_its_budget_the_best_so_far_is_given_and_not_called_proved():
    score, rules = scorer(table_of(1, size=8, spread=0.1)), Rules(length=8)
    known = greedy(score, rules)
    found = exact(score, rules, known, 100)
    assert (found.proved, found.queried) == (False, 100)
    assert found.answer.score >= known.score


def test_every_candidate_has_its_fate_and_its_parent():
    rules = Rules(length=5, end=END, block=2)
    score = scorer(table_of(3))
    search = beam(score, rules, 2, shown=6)
    kept: list[tuple[int, ...]] = [()]
    for step in search.steps:
        assert [one.log_p for one in step] == sorted((one.log_p for one in step), reverse=True)
        for one in step:
            tokens = (*kept[one.parent], one.token)
            assert one.p == pytest.approx(np.exp(score([kept[one.parent]])[0][one.token]))
            assert (one.fate == "blocked") == (one.token in rules.blocked(kept[one.parent]))
            assert one.fate not in ("finished", "late") or rules.whole(tokens)
        going = [(*kept[one.parent], one.token) for one in step if one.fate == "kept"]
        assert len(going) <= 2
        kept = going
    fates = {one.fate for step in search.steps for one in step}
    assert {"kept", "finished", "pruned"} <= fates


def test_blocked_tokens_are_those_that_would_repeat_an_n_gram():
    for text in itertools.product(range(3), repeat=6):
        for n in (1, 2, 3):
            seen = {text[i : i + n] for i in range(len(text) - n + 1)}
            expected = [token for token in range(3) if (*text, token)[-n:] in seen]
            assert Rules(length=9, block=n, prompt=text[:2]).blocked(text[2:]) == expected


# by Transformers 4.57.6 in float64 (num_beams, no_repeat_ngram_size, length_penalty=0, early_stopping="never"); on
# 1,000 random tables, widths, lengths, penalties and blocks all answers are the same, up to the order of equal scores
# seed, V, length, width, block, end, prompt, answer, log p
TRANSFORMERS = [
    (14, 4, 7, 2, 0, 0, (2, 3, 2), (0,), -0.743796),
    (17, 7, 7, 2, 0, 0, (5, 3, 1), (1, 0), -1.045592),
    (22, 7, 4, 3, 3, None, (2, 4, 1), (6, 4, 3, 2), -2.191884),
    (27, 4, 6, 2, 3, None, (2, 1, 2), (1, 0, 1, 3, 3, 0), -2.46701),
    (31, 6, 8, 3, 2, 0, (1, 3, 2), (1, 2, 0), -2.724669),
    (43, 6, 6, 3, 2, None, (2, 5, 3), (3, 5, 5, 0, 3, 2), -2.858364),
]


@pytest.mark.parametrize(("seed", "size", "length", "width", "block", "end", "prompt", "answer", "log_p"), TRANSFORMERS)
def test_a_beam_finds_what_transformers_beam_finds(seed, size, length, width, block, end, prompt, answer, log_p):
    rules = Rules(length, end, block=block, prompt=prompt)
    found = beam(scorer(table_of(seed, size), prompt), rules, width).answers[0]
    assert found.tokens == answer
    assert found.log_p == pytest.approx(log_p, abs=1e-5)
