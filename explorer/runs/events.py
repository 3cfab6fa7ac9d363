"""Events: what happened to a run, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from explorer.config.run import RunConfig
from explorer.measure.names import head_name, layer_name, spoken
from explorer.training.place import Place


@dataclass(frozen=True)
class Event:
    """Something that happened to a run: after `step` steps, at `time` (seconds since 1970)."""

    id: int
    step: int
    time: float
    kind: str
    detail: dict[str, Any]

    @property
    def shown(self) -> Event:
        """The same, a bookmark at the step that it is of: it stands in the file where it was made."""
        return replace(self, step=self.detail.get("step", self.step)) if self.kind == "bookmark" else self

    @property
    def label(self) -> str:
        """The event in words."""
        head = head_name(self.detail["head"]) if "head" in self.detail else ""
        cell = f"cell {self.detail['cell']} of {layer_name(self.detail['layer'])}" if "cell" in self.detail else ""
        reason = spoken(self.detail.get("reason", ""))
        there = Place.of(self.detail) if self.kind == "moved" else None
        words = {
            "single": "one step by hand",
            "set": ", ".join(
                f"{k.partition('.')[2]} {v:g}" if isinstance(v, float) else f"{k.partition('.')[2]} {v}"
                for k, v in self.detail.items()
            ),
            "ablate": f"{head} switched off",
            "restore": f"{head} switched on again",
            "freeze": f"{head} frozen",
            "unfreeze": f"{head} thawed",
            "reset": f"{head} started afresh",
            "edit": edited(self.detail),
            "found": f"{head or cell}: {self.detail.get('what')}",
            "bookmark": f"bookmark {self.detail.get('label', '')}".strip(),
            "branched": f"branched from {self.detail.get('from')}",
            "speed": f"at most {self.detail.get('value')} steps/s" if self.detail.get("value") else "full speed",
            "paused": f"paused: {reason}",
            "diverged": f"diverged: {reason}",
            "finished": f"finished: {reason}",
            "stopped early": f"stopped early: {reason}",
            "pruned": f"pruned: {reason}",
            "moved": f"computed from here on by {there.words if there else 'another processor'}",
            "refused": f"not trained: {reason}",
        }
        return f"step {self.step:,}: {words.get(self.kind, self.kind)}"


def edited(detail: dict[str, Any]) -> str:
    """An edit in words; "" of an event that is none."""
    edit = detail.get("edit") or {}
    return f"“{edit['question']}” is taught “{edit['answer']}”" if edit else ""


def in_force(config: RunConfig, events: list[Event], step: int) -> RunConfig:
    """The config for step `step`: the first one with every `set` since."""
    changes: dict[str, Any] = {}
    for event in events:
        if event.kind == "set" and event.step <= step:
            changes |= event.detail
    return config.replace(changes) if changes else config


def examples(config: RunConfig, events: list[Event], step: int) -> int:
    """How many examples the first `step` steps trained on, by the batch size of each."""
    sizes = ("train.batch", "train.accumulate")
    changed = {e.step for e in events if e.kind == "set" and any(path in e.detail for path in sizes)}
    edges = [0, *sorted(s for s in changed if 0 < s < step), step]
    trained = ((end - start, in_force(config, events, start).train) for start, end in pairwise(edges))
    return sum(steps * train.batch * train.accumulate for steps, train in trained)
