"""The numbers of the visitor's own run in a lesson are that run's, and no other run's."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.answers.records.arithmetic import HeadArithmetic
from explorer.answers.records.numerics import Softmax
from explorer.lessons.lesson import LANGUAGES
from explorer.lessons.measurements import MEASUREMENTS
from explorer.lessons.reading import lessons
from explorer.measure.names import number
from explorer.runs.replay import restore
from explorer.tasks.base import IGNORE
from explorer.ui import chosen, server, visit
from explorer.ui.parts import course_numbers
from explorer.ui.parts.course_way import Way

STEPS = 30
QUERY = 5  # of the run, whose sequences are short
LETTERS, SURPRISE, ROOT = "1.1-what-a-language-model-is", "4.1-surprise", "2.3-divide-by-root-d"
ROW, OVERFLOW, LENS = "2.3-every-number", "4.3-numbers-that-overflow", "8.2-looking-inside"


def computed(run: Run, at: int, kind: type, **arguments):
    """An answer, computed here."""
    module, _, name = kind.function.partition(":")
    return getattr(import_module(module), name)(path=str(run.path), step=at, **arguments)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    path: Path = tmp_path_factory.mktemp("numbers") / "tiny.run"
    return recorded(path, STEPS, TINY)


@pytest.fixture
def here(run, monkeypatch) -> SimpleNamespace:
    """A visit that looks at the run, beside which a lesson stands."""
    mine = SimpleNamespace(way=Way(beside=SURPRISE), step=None, run=run, language="en")
    monkeypatch.setattr(chosen, "run", lambda: mine.run)
    monkeypatch.setattr(visit, "state", lambda: SimpleNamespace(step=mine.step))
    monkeypatch.setattr(course_numbers, "way", lambda: mine.way)
    monkeypatch.setattr(course_numbers, "answer", computed)
    monkeypatch.setattr(course_numbers, "QUERY", QUERY)
    monkeypatch.setattr(course_numbers, "current", lambda: mine.language)
    monkeypatch.setattr(server, "about", lambda path: SimpleNamespace(vocabulary=len(run.task.vocabulary)))
    return mine


def test_the_loss_is_the_mean_of_the_runs_own_and_ln_v_is_of_its_vocabulary(here, run):
    V = len(run.task.vocabulary)
    losses = np.asarray(run.steps["loss"])
    line = course_numbers.line(lessons()[SURPRISE])
    assert line.startswith(f"In your run at step {STEPS}: L = {losses[10:30].mean():.2f} nats (steps averaged: 20)")
    assert f"ln {V} = {math.log(V):.2f}" in line
    here.step = 0
    assert f"at step 0: L = {losses[0]:.2f} nats (steps averaged: 1)" in course_numbers.line(lessons()[SURPRISE])


def test_what_is_shown_is_what_the_lesson_measures(here, run):
    here.way.beside = LETTERS
    here.step = 25
    value = MEASUREMENTS["loss"].function(SimpleNamespace(run=run), 25)
    line = course_numbers.line(lessons()[LETTERS])
    assert f"loss = {value:.2f} nats, e to the loss = {math.exp(value):.1f}" in line


def plainly(scores: list[float]) -> list[float]:
    """A softmax as the formula has it."""
    powers = [math.exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


def test_the_largest_probability_is_that_of_the_products_with_and_without_the_root(here, run):
    here.way.beside = ROOT
    d = run.config.model.width // run.config.model.heads
    row = computed(run, STEPS, HeadArithmetic, head=course_numbers.HEAD, query=QUERY)
    seen = [k_q for k_q, mask in zip(row.keys @ row.q, row.mask, strict=True) if mask == 0]
    plain, divided = max(plainly(seen)), max(plainly([score / math.sqrt(d) for score in seen]))
    for here.language in LANGUAGES:
        line = course_numbers.line(lessons()[ROOT])
        assert f"d = {d}，" in line or f"d = {d}, " in line
        for value in (f"√d = {math.sqrt(d):.2f}", f" {plain:.3f}", f" {divided:.3f}"):
            assert value in line


def test_one_probability_is_worked_out_by_the_formula(here, run, monkeypatch):
    here.way.beside = ROW
    (claim,) = lessons()[ROW].head.expect
    row = computed(run, STEPS, HeadArithmetic, head=claim.using["head"], query=QUERY)
    head = lessons()[ROW].head.model_copy(
        update={"expect": (claim.model_copy(update={"using": claim.using | {"query": QUERY}}),)}
    )
    line = course_numbers.line(replace(lessons()[ROW], head=head))
    p = plainly([score for score in row.scores if math.isfinite(score)])
    best = p.index(max(p))
    total = sum(math.exp(score - row.scores[best]) for score in row.scores)
    assert f"query {QUERY} fits key {best} best: q·k = {number(row.keys[best] @ row.q)}" in line
    assert f"the sum is {number(total)}, and A = 1 / {number(total)} = {p[best]:.3f}" in line


def test_the_largest_logit_and_the_letter_read_on_the_way_are_the_models_own(here, run):
    here.way.beside = OVERFLOW
    training = restore(run, STEPS)
    batch = training.task.probe()
    with torch.no_grad():
        logits = training.model.eval()(batch.tokens, batch.source)
    largest = computed(run, STEPS, Softmax, scale=4)
    z = 4 * float(logits[0, largest.position].max())
    line = course_numbers.line(lessons()[OVERFLOW])
    assert f"the largest of the scaled logits is {z:.1f}; e to that is {number(math.exp(z))}" in line
    here.way.beside = LENS
    right = [
        float(logits[0, t].softmax(-1)[target])
        for t, target in enumerate(batch.targets[0].tolist())
        if target != IGNORE
    ]
    assert f"and p = {np.mean(right):.3f} after the last block" in course_numbers.line(lessons()[LENS])


def test_what_is_not_there_yet_or_refused_is_no_line(here, monkeypatch):
    here.way.beside = ROW
    monkeypatch.setattr(course_numbers, "answer", lambda *_, **__: None)
    for here.way.beside in (ROW, ROOT, OVERFLOW, LENS):
        assert course_numbers.line(lessons()[here.way.beside]) == ""


def test_the_control_says_that_it_is_the_control(here, run):
    here.way.beside = LETTERS
    assert course_numbers.line(lessons()[LETTERS]).startswith("In your run")
    head = lessons()[LETTERS].head.model_copy(update={"start": SimpleNamespace(config=run.config)})
    changed = head.control.model_copy(update={"settings": {"train.seed": 5}})
    other = replace(lessons()[LETTERS], head=head.model_copy(update={"control": changed}))
    assert course_numbers.line(other).startswith("In your run")
    here.run = SimpleNamespace(steps=run.steps, last=run.last, config=other.head.other)
    assert course_numbers.line(other).startswith("In its control")


def test_without_the_lessons_own_run_there_are_none(here, run):
    assert course_numbers.line(lessons()[LETTERS]) == ""  # another lesson began the run
    here.run = None
    assert course_numbers.line(lessons()[SURPRISE]) == ""
