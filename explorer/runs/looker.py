"""Looker: computes pictures' numbers in a process of its own, one request after another.

A request names a function of the engine and plain arguments; the answer is arrays and plain values. A
function that takes `progress` is given one; what it reports goes to whoever waits.
"""

from __future__ import annotations

import inspect
import json
import os
import time
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from explorer.runs.answer import pack
from explorer.training import Diverged

PROGRESS_SECONDS = 0.1
GIVES_WAY = 5  # of 19: where cores are few, a picture that takes long anyway leaves a training its own


def call(function: str, arguments: dict[str, Any], report: Any) -> bytes:
    """Runs `module:function` of the engine. ValueError where there is none."""
    module, _, name = function.partition(":")
    if not module.startswith("explorer."):
        raise ValueError(f"{function} is not the engine's")
    found = getattr(import_module(module), name)
    if "progress" in inspect.signature(found).parameters:
        arguments = arguments | {"progress": report}
    return pack(*found(**arguments))


def main(requests: Connection) -> None:
    """A looker's whole life: ends when the host's end of the pipe closes."""
    eager = hasattr(os, "nice")  # not on Windows
    while True:
        try:
            request = json.loads(requests.recv_bytes())
        except (EOFError, ConnectionError):
            return
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
    """Computes what a request asks for and answers it."""
    try:
        answer = call(request["function"], request["arguments"], report)
    except ConnectionError:
        raise
    except (ValueError, Diverged) as error:
        requests.send_bytes(json.dumps({"refused": str(error)}).encode())
    except Exception as error:  # a picture that fails must not end the process that draws all others
        requests.send_bytes(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
    else:
        requests.send_bytes(json.dumps({"bytes": len(answer)}).encode())
        requests.send_bytes(answer)
