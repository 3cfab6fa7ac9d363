"""Racer: one run in training in a worker: its training, its recorder and its orders."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from explorer.runs import footprint
from explorer.runs.file import Unwritable
from explorer.runs.recorder import Recorder
from explorer.runs.replay import restore
from explorer.runs.run import Run
from explorer.training.divergence import Diverged
from explorer.training.heads import HEAD_EVENTS
from explorer.training.loop import Training

OVER = ("finished", "diverged")


class Racer:
    """A run whose file is open for writing. sharing: how many runs the process trains in turn.

    playing, singles: the steps that are wanted.   unwritten: it waits for disk space to write what it has done. state:
    the status in its file.   speed: steps a second at most. ValueError if the file or its task cannot be used.
    """

    def __init__(self, path: Path, sharing: int = 1):
        self.playing = False
        self.singles = 0
        self.unwritten = False
        self.recorder = Recorder(path, sharing=sharing)
        try:
            run = Run.open(path)
            footprint.check(run.config_at(run.last), run.task, path.parent)
            self.training: Training = restore(run, run.last)
            fresh = not run.tensors
            self.recorder.describe(self.training)
            if fresh:
                self.recorder.snapshot(self.training)
            self.speed = next((e.detail["value"] for e in reversed(run.events) if e.kind == "speed"), None)
            self.state: str = run.meta("status", {"state": "waiting"})["state"]
            run.close()
        except BaseException:
            self.recorder.close()
            raise

    @property
    def active(self) -> bool:
        """True while steps are wanted or wait to be written."""
        return self.playing or self.singles > 0 or self.unwritten

    @property
    def over(self) -> bool:
        """True if it finished or diverged, and no change since lets it go on."""
        steps = self.training.config.train.steps
        return self.state == "diverged" or (self.state == "finished" and steps == self.training.step)

    def note(self, kind: str, detail: dict[str, Any]) -> None:
        """Records an event at the present step."""
        self.recorder.event(self.training.step, kind, detail)

    def say(self, state: str, reason: str = "") -> None:
        """Writes the run's status into its file."""
        self.recorder.status(state, reason)
        self.state = state

    def play(self, detail: dict[str, Any]) -> None:
        """Takes steps until further notice."""
        if self.playing:
            return
        self.note("resumed" if self.training.step else "started", detail)
        self.say("training")
        self.playing = True

    def single(self, detail: dict[str, Any]) -> None:
        """Takes one more step."""
        self.note("single", detail)
        self.singles += 1

    def pause(self, reason: str) -> None:
        """Stops taking steps, and writes everything to the file."""
        if self.playing:
            self.playing = False
            self.note("paused", {"reason": reason})
        self.recorder.snapshot(self.training)
        self.say("paused", reason)

    def change(self, kind: str, detail: dict[str, Any]) -> None:
        """Carries out an order for this run alone. ValueError if it cannot be done."""
        if kind == "bookmark":
            label = str(detail.get("label", ""))[:200].encode("utf-8", "replace").decode()  # no half surrogates
            of = int(detail.get("step", self.training.step))  # of a view of the past
            past = {"step": of} if 0 <= of < self.training.step else {}
            self.note("bookmark", {"label": label} | past)
            self.recorder.snapshot(self.training)
        elif kind in ("set", "edit") or kind in HEAD_EVENTS:
            if kind == "set":
                footprint.check(self.training.config.replace(detail), self.training.task, self.recorder.path.parent)
            self.training.apply(kind, detail)
            self.note(kind, detail)
            if kind in ("edit", "reset"):  # weights changed between two steps
                self.recorder.snapshot(self.training)
        else:
            raise ValueError(f"there is no order {kind}")

    def take_step(self) -> None:
        """Takes and records one step, which may also finish the run or diverge."""
        try:
            step = next(self.training)
        except StopIteration:
            steps = self.training.config.train.steps
            self.end("finished", f"all {steps:,} step{'' if steps == 1 else 's'}")
            return
        except Diverged as error:
            self.end("diverged", error.what)
            return
        single = self.singles > 0
        self.singles -= single
        self.recorder.add(step, self.training)
        if single and not self.active:
            self.pause("after a single step")

    def wait_for_room(self, reason: str) -> None:
        """Writes, if there is room for it, that the run waits; its steps are kept in memory until there is room."""
        self.unwritten = True
        with suppress(Unwritable):
            self.recorder.status("paused", reason, behind=True)

    def catch_up(self) -> None:
        """Writes what waited for room. Unwritable if there is still none."""
        if self.unwritten:
            self.recorder.snapshot(self.training)  # first the largest
            self.unwritten = False
            try:
                if self.active:
                    self.say("training")
                else:
                    self.pause("by hand")
            except Unwritable:
                self.unwritten = True
                raise

    def end(self, state: str, reason: str) -> None:
        """Ends the run, finished or diverged."""
        self.note(state, {"reason": reason})
        self.recorder.snapshot(self.training)
        self.say(state, reason)
        self.playing, self.singles = False, 0
        if state == "finished":
            self.recorder.slim()
