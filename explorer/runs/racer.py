"""Racer: one run being trained in a worker, its training and its recorder, and what can be done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from explorer.divergence import Diverged
from explorer.heads import HEAD_EVENTS
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.training import Training

OVER = ("finished", "diverged")


class Racer:
    """A run whose file is open to be written. sharing: how many runs the process trains in turn.

    playing, singles: what is wanted of it.   state: as its file's status says.   speed: steps a second at most.
    ValueError where the file or its task cannot be used.
    """

    def __init__(self, path: Path, sharing: int = 1):
        self.playing = False
        self.singles = 0
        self.recorder = Recorder(path, sharing=sharing)
        try:
            run = Run.open(path)
            self.training: Training = restore(run, run.last)
            if not run.tensors:
                self.recorder.describe(self.training)
                self.recorder.snapshot(self.training)
            self.speed = next((e.detail["value"] for e in reversed(run.events) if e.kind == "speed"), None)
            self.state: str = run.meta("status", {"state": "waiting"})["state"]
            run.close()
        except BaseException:
            self.recorder.close()
            raise

    @property
    def active(self) -> bool:
        """True while steps are wanted."""
        return self.playing or self.singles > 0

    @property
    def over(self) -> bool:
        """True if it finished or diverged, and nothing was changed since that lets it go on."""
        steps = self.training.config.train.steps
        return self.state == "diverged" or (self.state == "finished" and steps == self.training.step)

    def note(self, kind: str, detail: dict[str, Any]) -> None:
        """An event at the present step."""
        self.recorder.event(self.training.step, kind, detail)

    def say(self, state: str, reason: str = "") -> None:
        """Says in the file what the run is doing."""
        self.state = state
        self.recorder.status(state, reason)

    def play(self, detail: dict[str, Any]) -> None:
        """Steps are wanted until further notice."""
        if self.playing:
            return
        self.playing = True
        self.note("resumed" if self.training.step else "started", detail)
        self.say("training")

    def single(self, detail: dict[str, Any]) -> None:
        """One more step is wanted."""
        self.singles += 1
        self.note("single", detail)

    def pause(self, reason: str) -> None:
        """Stops taking steps; everything is in the file afterwards."""
        if self.playing:
            self.playing = False
            self.note("paused", {"reason": reason})
        self.recorder.snapshot(self.training)
        self.say("paused", reason)

    def change(self, kind: str, detail: dict[str, Any]) -> None:
        """Carries out an order that concerns this run alone. ValueError where it cannot be done."""
        if kind == "bookmark":
            self.note("bookmark", {"label": str(detail.get("label", ""))[:200]})
            self.recorder.snapshot(self.training)
        elif kind == "set" or kind in HEAD_EVENTS:
            self.training.apply(kind, detail)
            self.note(kind, detail)
            if kind == "reset":  # weights changed between two steps
                self.recorder.snapshot(self.training)
        else:
            raise ValueError(f"there is no order {kind}")

    def take_step(self) -> None:
        """One step, recorded; finishing and diverging are the two other ways it can end."""
        try:
            step = next(self.training)
        except StopIteration:
            self.end("finished", f"all {self.training.config.train.steps} steps")
            return
        except Diverged as error:
            self.end("diverged", error.what)
            return
        self.recorder.add(step, self.training)
        if self.singles:
            self.singles -= 1
            if not self.active:
                self.pause("after a single step")

    def end(self, state: str, reason: str) -> None:
        """The run is over, one way or the other."""
        self.playing, self.singles = False, 0
        self.note(state, {"reason": reason})
        self.recorder.snapshot(self.training)
        self.say(state, reason)
