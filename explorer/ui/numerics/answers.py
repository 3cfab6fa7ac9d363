"""What the lab's pictures ask for: of a run at a step, or of the looker alone."""

from __future__ import annotations

from typing import Any

from explorer.answers.records.record import R
from explorer.ui.asking import at_once
from explorer.ui.view import View

EVERY = 1.5  # seconds: an Altair chart's update costs the browser 45 ms
FORMATS = ("float32", "float16", "bfloat16")


def seen(view: View | None, kind: type[R], **arguments: Any) -> R | None:
    """The answer for the run where there is one, else for the stated example."""
    return at_once(kind, **arguments) if view is None else view.picture(kind, EVERY, **arguments)


def source(view: View | None, step: int) -> str:
    """Where a picture's numbers come from."""
    return f"this run’s own logits · step {step:,}" if view is not None else "eight made-up logits: there is no run yet"
