"""What Train says of a step, from the numbers that were recorded."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from explorer import RunConfig
from explorer.ui.train.sentences import answers, clip_sentence, loss_sentence, metric_sentence


def view(rows: list[dict[str, Any]], answer: str = "token", chance: float = 0.1, preset: str = "reverse") -> Any:
    """A view of a run with these recorded steps, at its last."""
    config = RunConfig.preset(preset)
    rows = [{"step": i, "tokens": 0} | row for i, row in enumerate(rows)]
    run = SimpleNamespace(
        step_row=lambda step: rows[step] if 0 <= step < len(rows) else None,
        config_at=lambda step: config,
        first_right=lambda share: next((i for i, row in enumerate(rows) if row["metric"] >= share), None),
    )
    about = SimpleNamespace(answer=answer, chance=chance, metric="share right", unit="nats")
    return SimpleNamespace(run=run, step=len(rows), last=len(rows), about=about, config=config)


def test_a_share_is_above_chance_by_the_answers_it_is_a_share_of():
    steps = [{"metric": 0.1, "tokens": 1024}, {"metric": 0.213, "tokens": 2048}]
    few = [{"metric": 0.1, "tokens": 16}, {"metric": 0.213, "tokens": 32}]
    assert metric_sentence(view(steps, chance=0.149)).startswith("share right 21.3")
    assert metric_sentence(view(few, chance=0.149)).startswith("nothing above chance")


def test_what_is_learned_is_said_with_its_step_and_where_to_look():
    steps = [{"metric": share, "tokens": 1024 * (i + 1)} for i, share in enumerate((0.1, 0.995, 1.0))]
    here = view(steps)
    assert "it has learned it (step 1): go and look" in metric_sentence(here)
    here.step = 0
    assert "learned" not in metric_sentence(here)  # at a step before it


def test_word_vectors_are_judged_by_the_pair_or_the_example():
    words = view([{"metric": 0.616, "tokens": 6 * 1024}], "answer", 0.511, "words-skip-gram")
    train = words.config.train
    assert answers(words, words.run.step_row(0)) == train.batch * train.accumulate


def test_without_a_step_nothing_is_claimed():
    assert metric_sentence(view([])).startswith("nothing above chance")
    assert clip_sentence(view([]), 1.0) == "no step yet."
    assert "first loss" in loss_sentence(view([]), 2.0)


@pytest.mark.parametrize("clip", [None, 1.0])
def test_clipping_is_told_of_a_step_that_was_clipped(clip):
    said = clip_sentence(view([{"grad_norm": 4.0, "clipped_grad_norm": 1.0}]), clip)
    assert ("0.25" in said) == (clip is not None)


@pytest.mark.parametrize(
    ("loss", "said"),
    [(3.1, "below even odds"), (3.25, "near even odds"), (3.4, "above even odds"), (9.0, "sure, and wrong")],
)
def test_what_the_loss_says_is_true_of_it_with_two_numbers_at_most(loss, said):
    sentence = loss_sentence(view([{"loss": loss}]), 3.3)
    assert said in sentence
    assert "falls" not in sentence
    assert len(re.findall(r"\d[\d.,]*", sentence.removeprefix("at step 0"))) == 2
