"""What the curves of a run are drawn beside: what is held out, the other runs of the visit, what it branched off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from explorer.charts.progress import Earlier, Trunk
from explorer.runs import catalogue
from explorer.runs.run import Run
from explorer.ui import branching, chosen, server
from explorer.ui.view import View

POINTS = 500  # of a curve


@dataclass(frozen=True)
class Beside:
    """earlier: the other runs of this visit.   trunk: what the run left as a branch, None if it is none."""

    earlier: list[Earlier] = field(default_factory=list)
    trunk: Trunk | None = None

    def of(self, view: View) -> dict[str, Any]:
        """As `progress.parts` takes it."""
        held_out = view.run.validation
        validation = held_out if len(held_out["step"]) else None
        return {"validation": validation, "earlier": self.earlier, "trunk": self.trunk}


def beside(run: Run) -> Beside:
    """The other runs of this visit, named by what differs; the parent of a branch only from where they part."""
    left = run.meta("parent")
    parent = left["run"] if left else ""
    earlier = [
        Earlier(chosen.differences(other), index, other.curve(POINTS))
        for index, other in enumerate(chosen.earlier_runs())
        if other.id != parent
    ]
    if not left:
        return Beside(earlier)
    return Beside(earlier, Trunk(run.id, left["step"], curve_of(parent), branching.fresh(run)))


def curve_of(name: str) -> dict[str, Any] | None:
    """A run's curve; None where its file is gone."""
    try:
        return server.opened(str(catalogue.path_of(name))).curve(POINTS)
    except ValueError:
        return None
