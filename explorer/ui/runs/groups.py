"""Groups: a race is one row, a search is one, and branches stand under their trunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from explorer.measure.names import plural
from explorer.ui.store import Summary

Kind = Literal["run", "race", "search"]


@dataclass(frozen=True)
class Group:
    """Runs that belong together, the trunk or the first contender first, each branch behind what it came from."""

    kind: Kind
    runs: tuple[Summary, ...]

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(run.size for run in self.runs)

    @property
    def when(self) -> float:
        """When one of them was written last."""
        return max(run.when for run in self.runs)

    @property
    def title(self) -> str:
        """Of its row."""
        first = self.runs[0]
        return {"run": first.name, "race": "Race", "search": "Search"}[self.kind]

    @property
    def words(self) -> str:
        """How many there are, and their states."""
        states = Counter(run.state for run in self.runs)
        members = counted(self.kind, len(self.runs) - (self.kind == "run"))
        return " · ".join([members, *(in_state(state, n) for state, n in states.most_common())])

    def matches(self, words: str, state: str | None) -> bool:
        """Whether one of them has all these words, in this state."""
        wanted = words.casefold().split()
        return any(
            (state is None or run.state == state) and all(word in run.text.casefold() for word in wanted)
            for run in self.runs
        )


def counted(kind: Kind, n: int) -> str:
    """How many belong to a group."""
    if kind == "race":
        return f"{n} contender{plural(n)}"
    return f"{n} trial{plural(n)}" if kind == "search" else f"{n} branch{'' if n == 1 else 'es'}"


def in_state(state: str, n: int) -> str:
    """How many runs are in a state."""
    words = {
        "waiting": f"{n} waiting",
        "training": f"{n} training",
        "paused": f"{n} paused",
        "finished": f"{n} finished",
        "diverged": f"{n} diverged",
        "interrupted": f"{n} interrupted",
    }
    return words[state]


def grouped(summaries: Iterable[Summary]) -> list[Group]:
    """The runs in groups, the one written last first."""
    by_stem = {run.stem: run for run in summaries}
    families: dict[tuple[Kind, str], list[Summary]] = {}
    for run in by_stem.values():
        trunk = trunk_of(run, by_stem)
        kind: Kind = "race" if trunk.race else "search" if trunk.search else "run"
        families.setdefault((kind, trunk.race or trunk.search or trunk.stem), []).append(run)
    groups = [Group(kind, tuple(in_order(runs, by_stem))) for (kind, _), runs in families.items()]
    alone = [Group("run", group.runs) if len(group.runs) == 1 else group for group in groups]
    return sorted(alone, key=lambda group: -group.when)


def trunk_of(run: Summary, by_stem: dict[str, Summary]) -> Summary:
    """What a branch came from in the end, as far as it is there; the run itself if it is none."""
    seen = {run.stem}
    while run.parent in by_stem and run.parent not in seen:
        seen.add(run.parent)
        run = by_stem[run.parent]
    return run


def in_order(runs: Sequence[Summary], by_stem: dict[str, Summary]) -> list[Summary]:
    """Trunks by name, each before its branches in the order of their making."""

    def place(run: Summary) -> tuple[str, bool, float, str]:
        trunk = trunk_of(run, by_stem)
        return trunk.stem if trunk.search else f"{trunk.created:020.3f}{trunk.stem}", run is not trunk, run.created, ""

    return sorted(runs, key=place)
