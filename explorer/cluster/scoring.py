"""Scoring: many runs scored on the machines of a cluster at once, through a bridge of this process's own.

command ─> a thread a run ─(its file)─> bridge ══ Ray ══> actor: the scorer, on a core of its own
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer.cluster import address
from explorer.cluster.away import Lost, reached
from explorer.cluster.bridge import main as bridge
from explorer.cluster.excerpt import seed

AT_ONCE = 32  # runs that are sent at a time; the cluster has as many of them score as it has cores


def scored(paths: Sequence[Path], examples: int, given: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each run's scores at its newest step, as the scorer sends them, in the order of the paths.

    given: the cluster's address. Lost, in a sentence, if the cluster cannot be reached, cannot score or is lost.
    ValueError if it is no address.
    """
    address.place(given)
    if refused := address.refusal(given):
        raise Lost(refused)
    with bridged(given) as socket, ThreadPoolExecutor(min(AT_ONCE, len(paths))) as threads:
        answers = [threads.submit(sent, path, examples, socket) for path in paths]
        try:
            for path, answer in zip(paths, answers, strict=True):
                yield path, answer.result()
        finally:
            for answer in answers:
                answer.cancel()


@contextmanager
def bridged(given: str) -> Iterator[str]:
    """A bridge to this cluster while it is needed; gives its socket."""
    before = os.environ.get(address.VARIABLE)
    os.environ[address.VARIABLE] = given  # the bridge reads it, and so do its sentences
    try:
        with tempfile.TemporaryDirectory(prefix="explorer-score-") as folder:
            ours, theirs = multiprocessing.Pipe()
            socket = str(Path(folder) / "bridge")
            process = multiprocessing.get_context("spawn").Process(target=bridge, args=({"bridge": socket}, theirs))
            process.start()
            theirs.close()
            try:
                yield socket
            finally:
                ours.close()
                process.join()
    finally:
        if before is None:
            del os.environ[address.VARIABLE]
        else:
            os.environ[address.VARIABLE] = before


def sent(path: Path, examples: int, socket: str) -> dict[str, Any]:
    """One run's scores. Lost if the cluster is."""
    given = address.address()
    task = {"role": "scorer", "names": [path.name], "files": [path.name], "examples": examples}
    answers: list[dict[str, Any]] = []
    try:
        with reached(socket) as way:
            way.send_bytes(json.dumps(task).encode())
            way.send_bytes(seed(path))
            message: dict[str, Any] = {}
            while not message.get("over"):
                message = json.loads(way.recv_bytes())
                if "lost" in message:
                    raise Lost(message["lost"])
                for _ in message.get("news", []):
                    way.recv_bytes()  # a scorer writes nothing
                answers += message.get("answers", [])
    except (OSError, EOFError):
        raise Lost(address.lost(given, "the process that speaks with it ended")) from None
    if not answers:
        raise Lost(address.unable(given, message.get("crash") or "no scores came"))
    return answers[0]
