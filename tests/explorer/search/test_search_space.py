"""Knobs with ranges: what they come to, and what is refused, each in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from searches import SMALL, SPACE
from tiny_runs import TINY

from explorer.search import search as file
from explorer.search.search import made
from explorer.search.space import ChoiceKnob, FloatKnob, IntKnob, VariantKnob, changes, check, combinations

LR = FloatKnob(path="optimizer.lr", low=1e-4, high=1e-1, log=True)


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ((), "needs a knob to turn"),
        ((LR, LR), "optimizer.lr is chosen twice"),
        ((FloatKnob(path="optimizer.rate", low=0, high=1),), "there is no setting optimizer.rate"),
        ((FloatKnob(path="optimizer.lr", low=0.1, high=0.01),), "low 0.1 is not below high 0.01"),
        ((FloatKnob(path="optimizer.lr", low=0, high=1, log=True),), "a log scale starts above 0"),
        ((FloatKnob(path="optimizer.lr", low=1, high=1000),), "optimizer.lr=1000"),
        ((FloatKnob(path="model.layers", low=1, high=2),), "model.layers=2 is a whole number"),
        ((FloatKnob(path="optimizer.name", low=0, high=1),), "is a name and has no range"),
        ((ChoiceKnob(path="optimizer.name", choices=("adamw",)),), "fewer than two values"),
        ((ChoiceKnob(path="optimizer.name", choices=("adamw", "adamx")),), "a setting that is refused: optimizer.name"),
        ((ChoiceKnob(path="train.steps", choices=(1, 2)),), "train.steps is the search's own budget"),
        ((IntKnob(path="task.length", low=2, high=5),), "a search keeps its task"),
        ((IntKnob(path="model.heads", low=1, high=4),), "cannot be split among model.heads=3"),
        ((IntKnob(path="model.width", low=4, high=1024), IntKnob(path="model.heads", low=1, high=32)), "combinations"),
        ((VariantKnob(variants={}),), "there is no contender"),
        ((VariantKnob(variants={"a": {"optimizer.name": "x"}}),), "a setting that is refused"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused_in_a_sentence(knobs: tuple[Any, ...], words: str):
    with pytest.raises(ValueError, match=words) as refused:
        check(TINY, knobs)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"every": 31}, "every=31 is more than steps=30"),
        ({"patience": 3}, "patience=3 is shorter than the 5 steps between two measurements"),
        ({"trials": 0}, "trials=0 is refused"),
        ({"sampler": "luck"}, "sampler=luck is refused"),
        ({"knobs": []}, "needs a knob to turn"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_in_a_sentence(changed: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=words):
        made(SMALL.model_dump(mode="json") | changed)


def test_a_log_scale_has_equal_ratios_and_both_ends():
    assert LR.values(4) == [1e-4, 1e-3, 1e-2, 1e-1]
    assert LR.place(1e-3) == pytest.approx(1 / 3)
    assert LR.number(2 / 3) == pytest.approx(1e-2)
    assert IntKnob(path="model.layers", low=1, high=9).values(3) == [1, 5, 9]


def test_only_what_can_be_refused_is_tried_out():
    assert len(combinations((IntKnob(path="optimizer.warmup", low=0, high=1000), SPACE[1]))) == 4
    assert len(combinations((IntKnob(path="model.layers", low=1, high=6), LR))) == 12


def test_a_contender_brings_its_own_settings():
    knobs = (VariantKnob(variants={"a": {"optimizer.name": "sgd", "train.clip": None}, "b": {}}), LR)
    assert changes(knobs, {"contender": "a", "optimizer.lr": 0.1}) == {
        "optimizer.name": "sgd",
        "train.clip": None,
        "optimizer.lr": 0.1,
    }


def test_a_search_is_read_back_as_it_was_written_and_says_when_it_was_interrupted(tmp_path: Path):
    path = tmp_path / "some.search"
    file.write(path, SMALL, "searching")
    search, status = file.read(path)
    assert search == SMALL
    assert status.state == "interrupted", "nobody drives it"
    assert not list(tmp_path.glob(".some*"))


@pytest.mark.parametrize("text", ["", "{}", '{"version": 1}', "[1]", '{"version": 1, "search": 3, "status": {}}'])
def test_a_file_that_is_no_search_is_refused_in_a_sentence(tmp_path: Path, text: str):
    (tmp_path / "broken.search").write_text(text)
    with pytest.raises(ValueError, match=r"broken.search is not a search or is damaged"):
        file.read(tmp_path / "broken.search")
    with pytest.raises(ValueError, match=r"there is no search none.search"):
        file.read(tmp_path / "none.search")
    with pytest.raises(ValueError, match="is not the name of a search"):
        file.path_of("../etc")
