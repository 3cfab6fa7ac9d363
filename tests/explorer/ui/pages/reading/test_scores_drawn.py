"""Scores as the page draws them: the numbers of the answer in the table's units and on the curves' axis."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from explorer.answers.records.translating.scores import Difference, Score, ScoreHistory
from explorer.measure.names import THIN
from explorer.measure.text.scores import METRICS, OF_LIKELIHOOD
from explorer.ui.translate import scores


def drawn(monkeypatch: pytest.MonkeyPatch, history: ScoreHistory) -> dict[str, dict[str, Any]]:
    """What the two cards draw of an answer: each curve's steps and values by its series."""
    curves: dict[str, dict[str, Any]] = {}

    def keep(panel: Any, parts: list[dict[str, Any]], key: str) -> None:
        for part in parts:
            curves[part["series"]] = part | {"panel": panel}

    monkeypatch.setattr(scores.picture, "curves", keep)
    monkeypatch.setattr(scores, "cards", lambda _, *each: [nullcontext() for _ in each])
    view = SimpleNamespace(picture=lambda *_, **__: history, cursor=None)
    view.newest = lambda: view
    scores.curves(view)  # type: ignore[arg-type]
    return curves


def test_every_curve_is_the_answers_own_on_the_scale_of_its_axis(monkeypatch):
    steps = np.array([0, 10, 20])
    best = {name: metric.scale for name, metric in METRICS.items()}
    shares = np.array([0.0, 0.125, 1.0])
    values = {name: shares * scale if scale else 1 + 8 * shares for name, scale in best.items()}
    curves = drawn(monkeypatch, ScoreHistory(20, steps, values, {}, 64))
    assert len(curves) == len(METRICS)
    for name, metric in METRICS.items():
        curve = curves[metric.title.removeprefix("Perplexity ")]
        expected = values[name] if name in OF_LIKELIHOOD else [0, 12.5, 100]
        assert np.asarray(curve["value"], dtype=float) == pytest.approx(np.asarray(expected), abs=1e-5), name
        low, high = curve["panel"].holds
        assert name in OF_LIKELIHOOD or (low, high) == (0, 100)


def cells(row: list[str]) -> list[str]:
    """A row of the table without its title, with ordinary spaces."""
    return [cell.replace(THIN, " ") for cell in row[1:]]


def test_a_table_has_a_share_in_percent_and_the_others_as_they_are():
    assert cells(scores.row("exact", Score(0.125, 0.0834, 0.1789, 0.0))) == ["12 %", "8 % to 18 %", "0 %"]
    assert scores.row("chrf", Score(12.5, 8.34, 17.89, 3.0))[1:] == ["12.5", "8.3 to 17.9", "3.0"]


def test_where_every_answer_is_right_the_interval_has_a_width_or_there_is_none():
    assert cells(scores.row("exact", Score(1.0, 0.98173, 1.0)))[:2] == ["100 %", "98 % to 100 %"]
    assert scores.row("chrf", Score(100.0, None, None))[1:3] == ["100.0", "none: all resamples alike"]
    assert scores.compared("chrf", Difference(100.0, 100.0, 0.0, None, None, None))[4] == "none: all resamples alike"
