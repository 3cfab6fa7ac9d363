"""The cards of what fails on purpose, and the words of the cure."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_runs import TINY, recorded

from explorer import Run
from explorer.config.presets import BROKEN
from explorer.runs.branch import branch
from explorer.ui.gradients import diagnosis


def view_of(run: Run) -> SimpleNamespace:
    return SimpleNamespace(run=run, last=run.last, step=run.last)


def test_a_branch_says_since_when_it_is_cured_and_what_the_loss_was(tmp_path: Path) -> None:
    run = recorded(tmp_path / "a.run", 8, TINY.replace({"model.residual": "none"}), every=4)
    branch(str(run.path), 6, str(tmp_path / "b.run"), BROKEN["no-residual"].cure)
    cured = Run.open(tmp_path / "b.run")
    assert diagnosis.cured(view_of(cured), BROKEN["no-residual"]) == (
        "Cured at step 6; the loss follows with the next steps."
    )
    assert diagnosis.mean_loss(view_of(cured), -14, 6) == pytest.approx(run.steps["loss"][:6].mean())


def test_a_run_started_with_its_cure_says_so(tmp_path: Path) -> None:
    run = recorded(tmp_path / "a.run", 3)
    mean = run.steps["loss"].mean()
    assert diagnosis.cured(view_of(run), BROKEN["no-norm"]) == (
        f"Cured from the first step: the loss of the last steps is {mean:.3f} at step 3."
    )
