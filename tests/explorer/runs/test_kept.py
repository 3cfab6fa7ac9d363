"""What a looker keeps in memory is bounded by bytes, whatever it is that it keeps."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np
import pytest
from tiny_runs import recorded

from explorer.answers import embeddings, heads, instruments
from explorer.answers import landscape as surface
from explorer.answers import weight as xray
from explorer.answers.maps import frames
from explorer.answers.records.record import Record, pack
from explorer.measure.plane import RANDOM, PlaneChoice
from explorer.runs import kept, restored
from explorer.runs.kept import bytes_of, training_bytes
from explorer.runs.restored import playback, training_at


@dataclass(frozen=True)
class Found:
    """A thing of arrays, words and numbers."""

    array: np.ndarray
    words: list[str]
    numbers: dict[str, Any]


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch):
    """Nothing of another test's is kept."""
    monkeypatch.setattr(kept, "_shelf", type(kept._shelf)())


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A short run."""
    recorded(tmp_path / "tiny.run", 20).close()
    return str(tmp_path / "tiny.run")


def test_all_that_is_kept_together_has_a_bound_and_what_was_used_last_stays(path: str, monkeypatch: pytest.MonkeyPatch):
    one = training_bytes(training_at(path, 20, None))
    monkeypatch.setattr(kept, "MOST_BYTES", 4 * one)
    most = 0
    for step in range(20):
        training_at(path, step, None)
        playback(path)
        if step % 5 == 0:
            xray.film_at(path, step, None)
            surface.surface_of(path, step, PlaneChoice(RANDOM), None)
        most = max(most, kept.held())
        kinds = [kind for kind, *_ in kept._shelf]
    assert most <= 4 * one
    assert kinds[-1] == "playback"
    assert kinds.count("training") >= 1


def test_a_thing_larger_than_the_bound_is_kept_alone(path: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 1)
    first = training_at(path, 3, None)
    assert training_at(path, 3, None) is first
    training_at(path, 4, None)
    assert len(kept._shelf) == 1
    assert training_at(path, 3, None) is not first


def test_of_one_kind_only_so_many_are_kept(path: str):
    made: list[int] = []
    for key in (1, 2, 3, 1, 4, 1):
        kept.kept("number", (key,), lambda key=key: made.append(key) or key, lambda _: 1, 3)
    assert made == [1, 2, 3, 4]
    assert list(kept._shelf) == [("number", 3), ("number", 4), ("number", 1)]


def test_a_training_counts_with_its_gradients_and_its_optimizers_state(path: str):
    training = training_at(path, 5, None)
    parameters = sum(weight.numel() for weight in training.model.parameters())
    assert training_bytes(training) >= 5 * 4 * parameters  # Adam


def test_a_thing_that_grows_is_measured_anew(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 100)
    table: dict[int, np.ndarray] = kept.kept("table", (1,), dict, bytes_of, 3)
    kept.kept("table", (2,), lambda: {0: np.zeros(4)}, bytes_of, 3)
    table[5] = np.zeros(9)
    assert kept.kept("table", (1,), dict, bytes_of, 3) is table
    assert list(kept._shelf) == [("table", 1)], "both together are too large, and the other was used longer ago"
    assert kept.held() == 80


def test_the_bytes_of_a_thing_are_those_of_its_arrays_and_words():
    inner = Found(np.zeros((2, 3), np.float32), ["ab", "c"], {"d": (1, None)})
    assert bytes_of([inner, "ef"]) == 24 + 3 + 1 + 8 + 8 + 2


@pytest.mark.parametrize("kept_bytes", [1, 20_000])
def test_maps_and_histories_are_the_same_however_little_is_kept(path: str, monkeypatch: pytest.MonkeyPatch, kept_bytes):
    def answers() -> list[Record]:
        maps = [embeddings.frame(path, step, "input", method="pca") for step in (18, 7, 18)]
        trails = embeddings.trails(path, 18, "input", [0, 2], method="pca")
        return [*maps, trails, heads.history(path, 20), instruments.history(path, 20)]

    monkeypatch.setattr(frames, "FINEST", 4)
    whole = list(map(pack, answers()))
    kept.forget()
    monkeypatch.setattr(kept, "MOST_BYTES", kept_bytes)
    assert list(map(pack, answers())) == whole


def test_a_run_that_is_let_go_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(restored, "RUNS", 2)
    monkeypatch.setattr(restored, "_opened", OrderedDict())
    paths = [tmp_path / f"{name}.run" for name in "abc"]
    for path in paths:
        recorded(path, 6).close()
    embeddings.frame(str(paths[0]), 6, "input", method="pca")
    first = ref(restored.opened(str(paths[0])))
    for path in paths[1:]:
        embeddings.frame(str(path), 6, "input", method="pca")
    assert first() is None
    assert {place[1].path for place in kept._shelf} == set(paths[1:])
