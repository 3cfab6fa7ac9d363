"""One way from a question to what is shown."""

from __future__ import annotations

import time

import pytest

from explorer.processes.client import Request
from explorer.ui.asking import Question


class Asked:
    """The requests that were made, in order."""

    def __init__(self) -> None:
        self.requests: list[Request[str]] = []

    def __call__(self) -> Request[str]:
        self.requests.append(Request())
        return self.requests[-1]

    def answer(self, number: int) -> None:
        self.requests[number].answer.set_result(f"answer {number}")


def test_an_answer_is_there_in_time_or_not_yet_or_refused_with_the_reason():
    begin, question = Asked(), Question[str]()
    question.ask(begin)
    assert not question.wait(0)
    assert question.shown is None
    begin.answer(0)
    assert question.wait(0)
    question.ask(begin)
    assert not question.wait(0)
    assert question.shown == "answer 0", "the one before stands in"
    begin.requests[1].answer.set_exception(ValueError("no such text here"))
    with pytest.raises(ValueError, match="no such text here"):
        question.wait(0)
    assert question.shown == "answer 0"


def test_who_follows_the_newest_step_asks_one_after_the_other_and_not_too_often():
    begin, question = Asked(), Question[str]()
    for _ in range(3):
        question.ask(begin, live=True)
    assert len(begin.requests) == 1
    begin.answer(0)
    question.ask(begin, live=True, every=60)
    assert len(begin.requests) == 1, "it is young"
    question.when = time.monotonic() - 61
    question.ask(begin, live=True, every=60)
    assert len(begin.requests) == 2
    assert question.shown == "answer 0", "it came between two ticks"


def test_who_looks_back_does_not_wait_for_what_was_asked_while_live():
    begin, question = Asked(), Question[str]()
    question.ask(begin, live=True)
    question.ask(begin)
    assert len(begin.requests) == 2
    question.ask(begin, live=True, every=60)
    assert len(begin.requests) == 3


def test_progress_is_told_in_words():
    question = Question[str](Request())
    assert (question.percent, question.progress("counting {of} sheep")) == (0, "computing…")
    assert question.request is not None
    question.request.progress = (2, 3)
    assert (question.percent, question.progress("counting {of} sheep")) == (66, "counting 3 sheep · 66 %")


def test_an_answer_that_came_between_two_steps_of_the_past_is_shown_while_the_next_is_made():
    """In a film the next step is asked for before this one is looked at again: else nothing would ever show."""
    begin, question = Asked(), Question[str]()
    for step in range(3):
        question.ask(begin)
        assert not question.wait(0)
        assert question.shown == (f"answer {step - 1}" if step else None)
        begin.answer(step)
    question.ask(begin)
    begin.requests[3].answer.set_exception(ValueError("no weights at this step"))
    question.ask(begin)
    assert question.shown == "answer 2", "of one that was refused nothing is shown"


def test_answers_that_are_late_by_several_steps_are_shown_when_they_come_and_never_an_older_one():
    begin, question = Asked(), Question[str]()
    for _ in range(4):
        question.ask(begin)
        assert not question.wait(0)
    begin.answer(1)
    question.ask(begin)
    assert question.shown == "answer 1"
    begin.answer(0)
    begin.requests[2].answer.set_exception(ValueError("no weights at this step"))
    question.ask(begin)
    assert question.shown == "answer 1"
    begin.answer(5)
    assert question.wait(0)
    begin.answer(4)
    question.ask(begin)
    assert question.shown == "answer 5"
