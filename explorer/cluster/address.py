"""Address: which Ray cluster is to train, and what is said where that cannot be."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec

VARIABLE = "EXPLORER_RAY_ADDRESS"
FORM = re.compile(r"(?:ray://)?([\w.-]+):(\d{1,5})")
HERE = f"or unset {VARIABLE} and start again to train on this machine"


def address() -> str:
    """The cluster's address as it was given; empty where there is none."""
    return os.environ.get(VARIABLE, "").strip()


def place(given: str) -> tuple[str, int] | None:
    """Host and port of an address; None for `auto`, which Ray resolves. ValueError where it is neither."""
    if given == "auto":
        return None
    found = FORM.fullmatch(given)
    if found is None or not 0 < int(found[2]) < 65536:
        raise ValueError(
            f"{VARIABLE}={given[:80]} is no cluster's address; write its head's as 10.0.0.5:6379, as "
            f"ray://10.0.0.5:10001, or auto, {HERE}"
        )
    return found[1], int(found[2])


def refusal(given: str) -> str:
    """Why nothing can be sent to this address, told without loading Ray; empty where it can be tried."""
    if find_spec("ray") is None:
        return f"{VARIABLE} is set, but Ray is not installed; pip install -r requirements-ray.txt, {HERE}"
    try:
        place(given)
    except ValueError as error:
        return str(error)
    return ""


def unreachable(given: str, why: str) -> str:
    """Said where there is no cluster at an address, or it does not let us in."""
    return f"there is no Ray cluster at {VARIABLE}={given} ({why}); start it or correct the address, {HERE}"


def unable(given: str, why: str) -> str:
    """Said where the cluster's machines cannot train what is sent to them."""
    return (
        f"the machines of the Ray cluster at {VARIABLE}={given} cannot train ({why}); install requirements.txt and "
        f"requirements-ray.txt on them, {HERE}"
    )


def lost(given: str, why: str) -> str:
    """Said where a cluster is gone while it trains."""
    return (
        f"the Ray cluster at {VARIABLE}={given} was lost ({why}); every step it told is kept: go on when it is back, "
        f"{HERE}"
    )
