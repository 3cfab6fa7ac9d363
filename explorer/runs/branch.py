"""Branch: a new run file that shares another run's past up to a step and continues differently."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from explorer.runs import file
from explorer.runs.file import FANOUT, LEVELS
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run


def branch(
    path: str,
    step: int,
    new: str,
    changes: dict[str, Any],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Writes the branch of the run at `path` after `step` steps to `new`, with live settings changed.

    It appears whole and holds the whole past. ValueError if the run never reached that step or a setting needs a
    restart; then nothing is left behind.
    """
    source, target = Path(path), Path(new)
    run = Run.open(source)
    try:
        training = restore(run, step, progress)
        training.apply("set", changes)  # refused before anything is written
        with file.appearing(target) as unready:
            copy_until(source, step, unready)
            with Recorder(unready) as recorder:
                recorder.describe(training)
                recorder.event(step, "branched", {"from": run.id, "step": step})
                if changes:
                    recorder.event(step, "set", changes)
                recorder.snapshot(training)
                recorder.status("paused", f"branched from {run.id} at step {step:,}")
    finally:
        run.close()


def copy_until(source: Path, step: int, target: Path) -> None:
    """Copies a run file without what came after `step` steps."""
    with closing(file.connect(source)) as old, closing(sqlite3.connect(target, isolation_level=None)) as new:
        old.backup(new)
        new.execute("BEGIN IMMEDIATE")
        for table in ("steps", "tensors"):
            new.execute(f"DELETE FROM {table} WHERE step >= ?", (step,))
        for table in ("validation", "snapshots", "events"):
            new.execute(f"DELETE FROM {table} WHERE step > ?", (step,))
        for level in range(1, LEVELS + 1):
            new.execute("DELETE FROM overview WHERE level = ? AND (block + 1) * ? > ?", (level, FANOUT**level, step))
        file.set_meta(new, "parent", {"run": source.stem, "step": step})
        new.execute("COMMIT")
        new.execute("VACUUM")
