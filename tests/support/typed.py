"""Commands as they are typed, and what they print."""

from __future__ import annotations

from pathlib import Path

from tiny_runs import TINY

from explorer.__main__ import main

SMALL = [f"--set={path}={TINY.get(path)}" for path in ("model.width", "model.heads", "model.context", "train.batch")]
SMALL += ["--set=task.length=6", "--set=task.symbols=8"]


def train_small(out: Path, *more: str) -> int:
    return main(["train", "--preset", "reverse", "--out", str(out), *SMALL, *more])


def refused(capsys) -> str:
    """The one line on stderr."""
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.startswith("explorer: ")
    assert "Traceback" not in err + out
    return line
