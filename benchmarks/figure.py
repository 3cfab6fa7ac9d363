"""Figures: what was measured, held against its floor, as a table and as JSON."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

HEADER = f"{'what':58} {'floor':>11} {'measured':>32}  {'load':>4}  verdict"


@dataclass(frozen=True)
class Figure:
    """One number with its floor: the median of `values`, or another quantile of them, is held against it.

    floor: "≥ 0.95" or "≤ 250", in `unit`; None where there is none.
    load: processes that wanted a core in the last minute.
    """

    what: str
    floor: str | None
    unit: str
    values: list[float]
    quantile: float = 0.5
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    finished: float = field(default_factory=time.time)

    @property
    def measured(self) -> float:
        """The number that is judged."""
        return float(np.quantile(self.values, self.quantile))

    @property
    def kept(self) -> bool:
        """True where the floor is kept, if there is one."""
        if self.floor is None:
            return True
        sign, bound = self.floor.split()
        return self.measured >= float(bound) if sign == "≥" else self.measured <= float(bound)

    def row(self) -> str:
        """Its line in the table."""
        name = "" if self.quantile == 0.5 else f" p{100 * self.quantile:.0f}"
        span = f"[{min(self.values):.3g}..{max(self.values):.3g}]"
        number = f"{self.measured:.3g} {self.unit}{name} {span}"
        floor = "" if self.floor is None else f"{self.floor} {self.unit}"
        verdict = "" if self.floor is None else "ok" if self.kept else "MISSED"
        return f"{self.what:58} {floor:>11} {number:>32}  {self.load:4.1f}  {verdict}"

    def plain(self) -> dict:
        """As JSON."""
        return {
            "what": self.what,
            "floor": self.floor,
            "unit": self.unit,
            "quantile": self.quantile,
            "measured": self.measured,
            "values": self.values,
            "kept": self.kept,
            "load": self.load,
            "finished": self.finished,
        }


Figures = Iterator[Figure]
