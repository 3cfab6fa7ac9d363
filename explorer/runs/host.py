"""Host: the one process that has torch loaded and makes all others by forking.

    server <-> host <-> workers (one a training run), lookers (pictures), the bridge to a cluster

It trains nothing itself: it keeps the queue and passes messages on. When the server's end of the
connection closes, every worker pauses its run and all processes end. Where a process cannot fork, one warm
spare waits with torch loaded.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Client, Connection, wait
from pathlib import Path
from typing import Any, get_args

from explorer.cluster.address import address as cluster
from explorer.runs import giving_way
from explorer.runs.answer import Lane
from explorer.runs.child import FORKS, Child, forked, spawned, warm_up
from explorer.runs.job import Job
from explorer.runs.race import together

LANES = get_args(Lane)
TOGETHER = ("play", "pause", "single", "speed")  # orders to one contender of a race that are meant for all
GOODBYE_SECONDS = 5.0  # for a worker to write its last checkpoint


class Host:
    """The state of the host process. bridge: the socket of the bridge to the cluster that trains trials and races."""

    def __init__(self, server: Connection, quota: int, bridge: str):
        self.server, self.quota, self.bridge = server, quota, bridge
        self.bridging: Child | None = None
        self.jobs: dict[str, Job] = {}
        self.children: list[Child] = []
        self.spare: Child | None = None
        self.requests: dict[str, deque[dict[str, Any]]] = {lane: deque() for lane in LANES}
        self.lookers: dict[str, Child] = {}
        self.busy: dict[str, dict[str, Any] | None] = dict.fromkeys(LANES)

    def run(self) -> None:
        """Passes messages on until the server goes; then every worker has its time to pause."""
        self.prepare()
        self.say({"ready": os.getpid()})
        self.pass_on()
        workers = [job.child for job in self.jobs.values() if job.child is not None]
        for child in workers:
            child.pipe.close()
        for child in workers:
            child.process.join(GOODBYE_SECONDS)

    def pass_on(self) -> None:
        """Every message to whom it is for, until the server says that it goes, or is gone."""
        while True:
            pipes = {id(c.pipe): c for c in self.children}
            for ready in wait([self.server, *(c.pipe for c in self.children)]):
                try:
                    if ready is self.server:
                        self.from_server(json.loads(self.server.recv_bytes()))
                    else:
                        self.from_child(pipes[id(ready)])
                except (EOFError, ConnectionError):
                    if ready is self.server:
                        return
                    self.lost(pipes[id(ready)])

    def prepare(self) -> None:
        """Makes the lookers, and the spare where processes cannot fork."""
        for lane in LANES:
            self.lookers[lane] = self.hatch("looker")
        if not FORKS:
            self.spare = spawned()

    def say(self, message: dict[str, Any], data: bytes | None = None) -> None:
        """A message to the server, with bytes behind it if given. That it is gone is noticed where it is heard."""
        with suppress(ConnectionError):
            self.server.send_bytes(json.dumps(message).encode())
            if data is not None:
                self.server.send_bytes(data)

    def hatch(self, role: str, paths: Sequence[Path] = (), away: bool = False) -> Child:
        """A new process in a role, in about 10 ms."""
        if FORKS:
            child = forked([self.server, *(c.pipe for c in self.children)], parent=role == "search")
        elif role == "search":
            child = spawned(parent=True)
        else:
            child, self.spare = self.spare or spawned(), spawned()
        child.say({"role": role, "paths": [str(path) for path in paths], "bridge": self.bridge if away else ""})
        self.children.append(child)
        return child

    def from_server(self, message: dict[str, Any]) -> None:
        """An order for a run, a request for a picture, or goodbye (EOFError)."""
        if "goodbye" in message:
            raise EOFError
        if "run" in message:
            self.order(message["run"], message["order"])
            self.attend()
        else:
            self.requests[message["lane"]].append(message)
            self.serve(message["lane"])

    def order(self, run: str, order: dict[str, Any]) -> None:
        """Puts an order to whoever is to obey it. In a race of workers the others are told too, as number 0."""
        job = next((job for job in self.jobs.values() if Path(run) in job.paths), None)
        paths, mode = together(Path(run)) if job is None or order["kind"] in TOGETHER else ([Path(run)], "workers")
        if job is None:
            own = paths if mode == "lockstep" else [Path(run)]
            away = bool(self.bridge) and (len(paths) > 1 or Path(run).suffix == ".search")
            job = self.jobs[str(own[0])] = Job(own, away=away)
        job.orders.append(order | {"run": run})
        if mode == "workers" and order["kind"] in TOGETHER:
            for other in paths:
                if str(other) != run and (order["kind"] != "pause" or str(other) in self.jobs):
                    another = self.jobs.setdefault(str(other), Job([other], away=job.away))
                    another.orders.append(order | {"run": str(other), "n": 0})

    def tell(self, job: Job, message: dict[str, Any]) -> None:
        """Says something of all runs of a job."""
        for path in job.paths:
            self.say({"run": str(path)} | message)

    def attend(self) -> None:
        """Gives each run that has orders a worker, as far as the quota goes; tells the others their place."""
        training = sum(1 for job in self.jobs.values() if job.child and job.wants_to_train)
        place = 0
        for job in self.jobs.values():
            if job.away and job.orders and self.bridging is None:
                self.bridging = self.hatch("bridge", away=True)
            if job.child is None and job.orders:
                if job.wants_to_train and training >= self.quota:
                    place += 1
                    self.tell(job, {"queued": place})
                    continue
                training += job.wants_to_train
                job.child, job.sent = self.hatch(job.role, job.paths, job.away), 0
                job.slots = 0
                self.tell(job, {"queued": 0})
            if job.child is not None:
                with suppress(ConnectionError):  # it has just ended: `lost` hears of it and makes another
                    for order in list(job.orders)[job.sent :]:
                        job.child.say(order)
                        job.sent += 1
        self.share()

    def share(self) -> None:
        """Tells each search how many trials it may train at once: what the quota leaves, and at least one.

        On a cluster as many as the quota: nothing here is in their way.
        """
        training = [job for job in self.jobs.values() if job.child is not None and job.wants_to_train]
        left = max(1, self.quota - len(training) + 1)
        for job in self.jobs.values():
            slots = self.quota if job.away else left
            if job.role == "search" and job.child is not None and job.slots != slots:
                job.slots = slots
                with suppress(ConnectionError):  # it has just ended
                    job.child.say({"slots": slots})

    def serve(self, lane: str) -> None:
        """Hands the next request to the looker of a lane, if it is free."""
        if self.busy[lane] is None and self.requests[lane]:
            self.busy[lane] = request = self.requests[lane].pop()  # the newest: who scrubs wants the last
            if request["past"]:
                self.give_way(giving_way.WHILE)
            with suppress(ConnectionError):  # it has just ended, and `lost` says so
                self.lookers[lane].say(request)

    def give_way(self, seconds: float) -> None:
        """Lets every training rest so long, where cores are few."""
        workers = [job.child for job in self.jobs.values() if job.role == "worker" and not job.away and job.child]
        for child in workers if giving_way.FEW else []:
            with suppress(ConnectionError):  # it has just ended
                child.say({"rest": seconds})

    def from_child(self, child: Child) -> None:
        """A worker's answer to an order, or a looker's to a request."""
        message = json.loads(child.pipe.recv_bytes())
        for lane, own in self.lookers.items():
            if own is child:
                self.from_looker(lane, message)
                return
        job = next(job for job in self.jobs.values() if job.child is child)
        if "done" in message:
            order = job.orders.popleft()
            job.sent -= 1
            self.say({"run": order["run"]} | message)
            if order["kind"] == "play":
                job.training = True
            elif order["kind"] == "pause":
                job.training = False
            self.share()
        elif "rests" in message:
            job.training = False
            self.attend()
        elif "failed" in message:
            job.orders.clear()
            job.sent = 0
        if "done" not in message and "rests" not in message:
            self.tell(job, message)

    def from_looker(self, lane: str, message: dict[str, Any]) -> None:
        """Passes an answer on, and the next request to the looker."""
        request = self.busy[lane]
        assert request is not None
        data = self.lookers[lane].pipe.recv_bytes() if "bytes" in message else None
        self.say({"request": request["request"]} | message, data)
        if "progress" not in message:
            self.busy[lane] = None
            if request["past"]:
                self.give_way(giving_way.AFTER)
            self.serve(lane)

    def lost(self, child: Child) -> None:
        """A process ended: a worker that was done, or anything that was killed."""
        self.children.remove(child)
        child.pipe.close()
        child.process.join()
        if child is self.bridging:
            self.bridging = None
            return
        for lane, own in self.lookers.items():
            if own is child:
                request, self.busy[lane] = self.busy[lane], None
                if request is not None:
                    failed = "the process that computed it ended; try again"
                    self.say({"request": request["request"], "failed": failed})
                self.lookers[lane] = self.hatch("looker")
                self.serve(lane)
                return
        key, job = next((k, j) for k, j in self.jobs.items() if j.child is child)
        if child.process.exitcode != 0:  # killed or broken: what it was asked would only break it again
            for _ in range(job.sent):
                job.orders.popleft()
        job.child, job.training, job.sent = None, False, 0
        if not job.orders:
            del self.jobs[key]
        self.tell(job, {"ended": child.process.exitcode})
        self.attend()


def main() -> None:
    """`python -m explorer.runs.host ADDRESS QUOTA`, the key in EXPLORER_HOST_KEY."""
    address, quota = sys.argv[1], int(sys.argv[2])
    try:
        server = Client(address, authkey=bytes.fromhex(os.environ.pop("EXPLORER_HOST_KEY")))
    except (OSError, EOFError):
        return  # the server was stopped meanwhile
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm_up()
    Host(server, quota, f"{address}-bridge" if cluster() else "").run()


if __name__ == "__main__":
    main()
