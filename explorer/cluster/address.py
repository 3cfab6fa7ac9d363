"""Address: which Ray cluster trains, and the sentences for when it cannot."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec

VARIABLE = "EXPLORER_RAY_ADDRESS"
FORM = re.compile(r"(?:ray://)?([\w.-]+):(\d{1,5})")
HERE = f"or unset {VARIABLE} and start again to train on this machine"


def address() -> str:
    """The cluster's address as given; empty if there is none."""
    return os.environ.get(VARIABLE, "").strip()


def place(given: str) -> tuple[str, int] | None:
    """Host and port of an address; None for `auto`, which Ray resolves. ValueError if it is neither."""
    if given == "auto":
        return None
    match = FORM.fullmatch(given)
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError(
            f"{VARIABLE}={given[:80]} is no cluster's address; write its head's as 10.0.0.5:6379, as "
            f"ray://10.0.0.5:10001, or auto, {HERE}"
        )
    return match[1], int(match[2])


def refusal(given: str) -> str:
    """Why nothing can be sent to this address, found without loading Ray; empty if it is worth a try."""
    if find_spec("ray") is None:
        return f"{VARIABLE} is set, but Ray is not installed; pip install -r requirements-ray.txt, {HERE}"
    try:
        place(given)
    except ValueError as error:
        return str(error)
    return ""


def unreachable(given: str, why: str) -> str:
    """The sentence for: no cluster at this address, or it refuses us."""
    return f"there is no Ray cluster at {VARIABLE}={given} ({why}); start it or correct the address, {HERE}"


def unable(given: str, why: str) -> str:
    """The sentence for: the cluster's machines cannot train what they are sent."""
    return (
        f"the machines of the Ray cluster at {VARIABLE}={given} cannot train ({why}); install requirements.txt and "
        f"requirements-ray.txt on them, {HERE}"
    )


def left(given: str, why: str) -> str:
    """The sentence for: what trained one run has ended, and the cluster goes on without it."""
    return f"{why}, and the Ray cluster at {VARIABLE}={given} goes on; every step it told is kept"


def lost(given: str, why: str) -> str:
    """The sentence for: the cluster was lost while it trained."""
    return (
        f"the Ray cluster at {VARIABLE}={given} was lost ({why}); every step it told is kept: go on when it is back, "
        f"{HERE}"
    )
