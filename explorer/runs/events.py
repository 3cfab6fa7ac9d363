"""Events: what happened to a run, and in which words a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something that happened to a run: after `step` steps, at `time` (seconds since 1970)."""

    id: int
    step: int
    time: float
    kind: str
    detail: dict[str, Any]

    @property
    def label(self) -> str:
        """The event in words."""
        head = head_name(self.detail["head"]) if "head" in self.detail else ""
        reason = self.detail.get("reason", "")
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
            "found": f"{head}: {self.detail.get('what')}",
            "bookmark": f"bookmark {self.detail.get('label', '')}".strip(),
            "branched": f"branched from {self.detail.get('from')}",
            "speed": f"at most {self.detail.get('value')} steps/s" if self.detail.get("value") else "full speed",
            "paused": f"paused: {reason}",
            "diverged": f"diverged: {reason}",
            "finished": f"finished: {reason}",
            "stopped early": f"stopped early: {reason}",
            "pruned": f"pruned: {reason}",
            "refused": f"not trained: {reason}",
        }
        return f"step {self.step}: {words.get(self.kind, self.kind)}"


def head_name(path: str) -> str:
    """A head as people count: `blocks.0.attention.1` is head 1.2."""
    parts = path.split(".")
    block, number = int(parts[parts.index("blocks") + 1]) + 1, int(parts[-1]) + 1
    where = {"encoder": "encoder ", "decoder": "decoder "}.get(parts[0], "")
    return f"{where}{'cross-' if parts[-2] == 'cross' else ''}head {block}.{number}"
