"""The curves of progress against the run they are drawn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tiny_runs import TINY, recorded

from explorer.charts import progress

CLIP = 1.3  # some steps of the run are above it, some below


def test_gradient_norms_before_and_after_clipping_are_those_the_run_recorded_at_each_step(tmp_path: Path):
    run = recorded(tmp_path / "clipped.run", 40, TINY.replace({"train.clip": CLIP}))
    parts = progress.gradient_norm_parts(run.curve(), clip=CLIP)
    curves = {part["series"]: part for part in parts if part["kind"] == "train"}
    before, after = (curves[f"{when} clipping"]["value"] for when in ("before", "after"))
    assert all(curve["step"].tolist() == list(range(40)) for curve in curves.values())
    np.testing.assert_array_equal(before, run.steps["grad_norm"])
    np.testing.assert_array_equal(after, run.steps["clipped_grad_norm"])
    assert len(set(before)) == 40  # so that another step would be seen
    assert (before > CLIP).any()
    assert (before < CLIP).any()
    # torch.nn.utils.clip_grad_norm_ has the same coefficient
    np.testing.assert_allclose(after, before * np.minimum(1, CLIP / (before + 1e-6)), rtol=1e-12)
    row = run.step_row(17)
    assert row is not None
    assert (before[17], after[17]) == (row["grad_norm"], row["clipped_grad_norm"])
    assert [part["value"] for part in parts if part["kind"] == "guide"] == [CLIP]


def test_steps_in_which_the_clock_saw_no_time_pass_have_no_speed_and_are_no_mark():
    seconds = np.array([0.5, 0.0, 0.25])
    curve = {"step": np.arange(3)} | {f"seconds_{part}": seconds for part in ("min", "max", "mean")}
    with np.errstate(divide="raise"):
        (line,) = progress._curve("train", "this run", "blue", curve, "speed")
    np.testing.assert_array_equal(line["value"], [2, np.nan, 4])
