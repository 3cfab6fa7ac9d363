"""Looker: computes the numbers of pictures in its own process, one request after another.

A request names a function of the engine and plain arguments; the answer is a record. A function that takes `progress`
is given a reporter, whose reports go to the page that waits.
"""

from __future__ import annotations

import inspect
import json
import os
import time
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from explorer.answers.records import record
from explorer.processes.roles import Task
from explorer.tasks import cache
from explorer.training.loop import Diverged

PROGRESS_SECONDS = 0.1
GIVES_WAY = 5  # niceness (0 to 19) of the slow and the maps looker, so that training keeps its core


def call(function: str, arguments: dict[str, Any], report: Any) -> bytes:
    """Runs `module:function` of the engine. ValueError if there is none."""
    module, _, name = function.partition(":")
    if not (module.startswith("explorer.") and name.isidentifier()):
        raise ValueError(f"{function} is not the engine's")
    gives = getattr(import_module(module), name)
    if "progress" in inspect.signature(gives).parameters:
        arguments = arguments | {"progress": report}
    return record.pack(gives(**arguments))


def main(_task: Task, requests: Connection) -> None:
    """A looker's whole life: ends when the host's end of the pipe closes."""
    eager = hasattr(os, "nice")  # not on Windows
    while True:
        try:
            request = json.loads(requests.recv_bytes())
        except (EOFError, ConnectionError):
            return
        cache.makes = request["lane"] != "quick"
        if eager and request["lane"] != "quick":
            os.nice(GIVES_WAY)
            eager = False
        last = 0.0

        def report(done: int, of: int) -> None:
            nonlocal last
            if time.monotonic() - last > PROGRESS_SECONDS:
                last = time.monotonic()
                requests.send_bytes(json.dumps({"progress": [done, of]}).encode())

        try:
            reply(requests, request, report)
        except ConnectionError:  # the host is gone: nobody waits for this answer
            return


def reply(requests: Connection, request: dict[str, Any], report: Any) -> None:
    """Computes the answer to a request and sends it."""
    try:
        answer = call(request["function"], request["arguments"], report)
    except ConnectionError:
        raise
    except cache.Unmade:  # making it takes long, and the next request would wait too
        requests.send_bytes(json.dumps({"moved": "texts"}).encode())
    except (ValueError, Diverged) as error:
        requests.send_bytes(json.dumps({"refused": str(error)}).encode())
    except Exception as error:  # a picture that fails must not end the process that draws all others
        requests.send_bytes(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
    else:
        requests.send_bytes(json.dumps({"bytes": len(answer)}).encode())
        requests.send_bytes(answer)
