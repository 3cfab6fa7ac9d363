"""Roles: what a child of the host can become. Each is a function, looked up by name when a child takes the role."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

Task = dict[str, Any]  # `role`, `paths` of its files, `bridge` to a cluster or "", and what the role needs
ROLES = {
    "worker": "explorer.processes.worker:main",
    "looker": "explorer.processes.looker:main",
    "search": "explorer.search.driver:main",  # loads Optuna, which no other role needs
    "trial": "explorer.search.trial:main",
    "bridge": "explorer.cluster.bridge:main",
    "away": "explorer.cluster.away:main",  # a worker whose race is trained on the cluster
    "received trial": "explorer.search.trial:receive",  # a trial on a machine of the cluster
    "scorer": "explorer.processes.scorer:main",  # on a machine of the cluster
}


def role(name: str) -> Callable[[Task, Connection], None]:
    """The function of a role: it returns when its end of the pipe says so, or nothing is left to do."""
    module, _, function = ROLES[name].partition(":")
    return getattr(import_module(module), function)
