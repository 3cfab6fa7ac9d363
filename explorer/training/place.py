"""Place: where and how steps are computed, as far as their last bits depend on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

LOSS = 1e-3  # the most that a loss computed elsewhere may differ, as a share; in 64 steps of presets 9e-4 was measured
WEIGHTS = 2e-2  # likewise for the weights, as a share of how far these steps moved them, by Euclidean norm
Implementation = Literal["plain", "fast"]  # models/transformer.py, or models/fast.py wherever it can be used
NEWEST: Implementation = "fast"  # of new runs
OLDEST: Implementation = "plain"  # of runs that record none: they are older than the other one
LENGTH = 100  # characters of a field: a file may be anyone's


SLOW = (
    "train.precision=bfloat16 is about ten times slower than float32 on this machine, since its processor multiplies "
    "float32 only"
)


@dataclass(frozen=True)
class Place:
    """torch: its version.   processor, capability: the kind of processor, and which of its instructions torch uses.

    device: cpu, cuda or mps.   rounding: a fingerprint of this place's result of a fixed calculation; empty in older
    files, which never count as made here.   products: likewise of the fast implementation's products; empty in files
    from before there was one, which used none.
    """

    torch: str
    processor: str
    capability: str
    device: str = ""
    rounding: str = ""
    products: str = ""

    @classmethod
    def of(cls, plain: Any) -> Place | None:
        """The place recorded in a file; None if it has none."""
        if not isinstance(plain, dict):
            return None
        values = {field.name: plain.get(field.name, "") for field in fields(cls)}
        if not all(isinstance(value, str) and len(value) <= LENGTH for value in values.values()):
            return None
        return cls(**values) if values["torch"] else None

    def plain(self) -> dict[str, str]:
        """As a file records it."""
        return asdict(self)

    @property
    def words(self) -> str:
        """The place in words."""
        gpu = f"{self.device}, " if self.device not in ("", "cpu") else ""
        return f"{gpu}{self.processor} with {self.capability}, torch {self.torch}"

    def same(self, other: Place | None) -> bool:
        """True if both are known to round alike, so that steps are the same bit for bit."""
        if other is None or not self.rounding:
            return False
        both_known = bool(self.products and other.products)
        return self == (other if both_known else replace(other, products=self.products))


def slow(precision: str, device: str, auto: str = "cpu") -> str:
    """A sentence if a training in this precision takes far longer than in float32 on a device of this machine.

    auto: the kind of device that "auto" is.
    """
    on = auto if device == "auto" else device
    return SLOW if precision == "bfloat16" and on == "cpu" and not multiplies_bfloat16() else ""


@cache
def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 by itself; True if the system does not say."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:
        return True
    return not {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}.isdisjoint(flags)
