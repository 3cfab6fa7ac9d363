"""Host: the one process that has torch loaded and makes all others by forking.

server <-> host <-> workers (one per training run), lookers (pictures), the bridge to a cluster

It trains nothing itself: it keeps the queue and routes messages. When the server's end of the connection closes, every
worker pauses its run and all processes end. On systems without fork, one warm spare waits with torch loaded.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Client, Connection, wait
from pathlib import Path
from typing import Any

from explorer.cluster.address import address as cluster
from explorer.processes import giving_way
from explorer.processes.child import FORKS, Child, forked, spawned, warm_up
from explorer.processes.job import Job
from explorer.processes.lanes import Lanes
from explorer.runs.ends import SERVER_STOPPED
from explorer.runs.race import together
from explorer.runs.run import Run
from explorer.training.device import choose_device, place

TOGETHER = ("play", "pause", "single", "speed")  # orders to one contender of a race that apply to all
FRUITLESS = 3  # processes that may be killed in a row without taking a step
GOODBYE_SECONDS = 5.0  # for a worker to write its last checkpoint


class Host:
    """The state of the host process. bridge: the socket of the bridge to the cluster that trains trials and races."""

    def __init__(self, server: Connection, quota: int, bridge: str):
        self.server, self.quota, self.bridge = server, quota, bridge
        self.bridging: Child | None = None
        self.jobs: dict[str, Job] = {}
        self.children: list[Child] = []
        self.spare: Child | None = None
        self.lanes = Lanes(lambda: self.hatch("looker"), self.say, self.give_way)

    def run(self) -> None:
        """Routes messages until the server leaves; then gives every worker time to pause."""
        self.prepare()
        self.say({"ready": os.getpid(), "computes": place(choose_device("auto").type).plain()})
        self.pass_on()
        workers = [job.child for job in self.jobs.values() if job.child is not None]
        for child in workers:
            with suppress(ConnectionError):  # it has just ended
                child.say({"goodbye": SERVER_STOPPED})
            child.pipe.close()
        for child in workers:
            child.process.join(GOODBYE_SECONDS)

    def pass_on(self) -> None:
        """Routes messages until the server says goodbye or its connection closes."""
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
        """Starts the lookers and, on systems without fork, the spare."""
        self.lanes.prepare()
        if not FORKS:
            self.spare = spawned()

    def say(self, message: dict[str, Any], data: bytes | None = None) -> None:
        """Sends the server a message, followed by bytes if given. A closed connection is noticed when reading."""
        with suppress(ConnectionError):
            self.server.send_bytes(json.dumps(message).encode())
            if data is not None:
                self.server.send_bytes(data)

    def hatch(self, role: str, paths: Sequence[Path] = (), away: bool = False) -> Child:
        """A new process with this role, in about 10 ms."""
        if FORKS:
            child = forked([self.server, *(c.pipe for c in self.children)], parent=role == "search")
        elif role == "search":
            child = spawned(parent=True)
        else:
            child, self.spare = self.spare or spawned(), spawned()
        role = "away" if away and role == "worker" else role
        child.say({"role": role, "paths": [str(path) for path in paths], "bridge": self.bridge if away else ""})
        self.children.append(child)
        return child

    def from_server(self, message: dict[str, Any]) -> None:
        """Handles an order for a run, a request for a picture or its cancelling, or goodbye (EOFError)."""
        if "goodbye" in message:
            raise EOFError
        if "run" in message:
            self.order(message["run"], message["order"])
            self.attend()
        elif "left" in message:
            self.lanes.left(message["left"])
        elif "cancel" in message:
            self.lanes.call_off(lambda request: bool(request["request"] == message["cancel"]))
        else:
            self.lanes.add(message)

    def order(self, run: str, order: dict[str, Any]) -> None:
        """Queues an order for its job. In a race of workers the other contenders get it too, as number 0."""
        job = next((job for job in self.jobs.values() if Path(run) in job.paths), None)
        paths, mode = together(Path(run)) if job is None or order["kind"] in TOGETHER else ([Path(run)], "workers")
        if job is None:
            together_paths = paths if mode == "lockstep" else [Path(run)]
            away = bool(self.bridge) and (len(paths) > 1 or Path(run).suffix == ".search")
            job = self.jobs[str(together_paths[0])] = Job(together_paths, away=away)
        job.orders.append(order | {"run": run})
        if mode == "workers" and order["kind"] in TOGETHER:
            for other in paths:
                if str(other) != run and (order["kind"] != "pause" or str(other) in self.jobs):
                    another = self.jobs.setdefault(str(other), Job([other], away=job.away))
                    another.orders.append(order | {"run": str(other), "n": 0})

    def tell(self, job: Job, message: dict[str, Any]) -> None:
        """Sends the server a message about each run of a job."""
        for path in job.paths:
            self.say({"run": str(path)} | message)

    def attend(self) -> None:
        """Gives each run with orders a worker, up to the quota; reports the others' places in the queue."""
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
                with suppress(ConnectionError):  # it has just ended: `lost` starts another
                    for order in list(job.orders)[job.sent :]:
                        job.child.say(order)
                        job.sent += 1
        self.share()

    def share(self) -> None:
        """Sends each search the number of trials that it may train at once: what the quota leaves, at least one.

        On a cluster it is the whole quota, since nothing here competes with it.
        """
        training = [job for job in self.jobs.values() if job.child is not None and job.wants_to_train]
        left = max(1, self.quota - len(training) + 1)
        for job in self.jobs.values():
            slots = self.quota if job.away else left
            if job.role == "search" and job.child is not None and job.slots != slots:
                job.slots = slots
                with suppress(ConnectionError):  # it has just ended
                    job.child.say({"slots": slots})

    def give_way(self, seconds: float) -> None:
        """Lets every training rest this long, if cores are few."""
        workers = [job.child for job in self.jobs.values() if job.role == "worker" and not job.away and job.child]
        for child in workers if giving_way.FEW else []:
            with suppress(ConnectionError):  # it has just ended
                child.say({"rest": seconds})

    def from_child(self, child: Child) -> None:
        """Handles a worker's answer to an order, or a looker's to a request."""
        message = json.loads(child.pipe.recv_bytes())
        lane = self.lanes.of(child)
        if lane is not None:
            self.lanes.answered(lane, message)
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
        if "run" in message:  # of one run alone
            self.say(message)
        elif "done" not in message and "rests" not in message:
            self.tell(job, message)

    def lost(self, child: Child) -> None:
        """Handles the end of a process: a worker that was done, or one that was killed."""
        self.children.remove(child)
        child.pipe.close()
        child.process.join()
        if child is self.bridging:
            self.bridging = None
            return
        lane = self.lanes.of(child)
        if lane is not None:
            self.lanes.lost(lane)
            return
        key, job = next((k, j) for k, j in self.jobs.items() if j.child is child)
        code = child.process.exitcode
        if code != 0:  # killed or broken: the same orders would only break it again
            for _ in range(job.sent):
                job.orders.popleft()
        if code is not None and code < 0:
            self.killed(job)
        job.child, job.training, job.sent = None, False, 0
        if not job.orders:
            del self.jobs[key]
        self.tell(job, {"ended": code})
        self.attend()

    def killed(self, job: Job) -> None:
        """Restarts what a killed process trained, unless restarts get no further."""
        what = f"the process that {'searched' if job.role == 'search' else 'trained this run'} was killed"
        if not job.training or job.away:
            self.tell(job, {"failed": f"{what}; press play to go on"})
            return
        came = steps(job.paths)
        job.fruitless, job.came = (0 if came > job.came else job.fruitless + 1), max(came, job.came)
        if job.fruitless >= FRUITLESS:
            job.orders.clear()
            self.tell(job, {"failed": f"{what} again and again before a step was kept; is there enough memory for it?"})
            return
        if not any(order["kind"] == "play" for order in job.orders):
            job.orders.appendleft({"run": str(job.paths[0]), "n": 0, "kind": "play", "detail": {}})
        self.tell(job, {"failed": f"{what}; another one goes on from the last step that was kept"})


def steps(paths: Sequence[Path]) -> int:
    """The number of steps that runs, or the trials of a search, have taken together; unreadable ones count 0."""
    taken = 0
    for run_path in [run for path in paths for run in ([path] if path.suffix == ".run" else trials(path))]:
        with suppress(ValueError):
            run = Run.open(run_path)
            taken += run.last
            run.close()
    return taken


def trials(search: Path) -> list[Path]:
    """The runs named after a search."""
    return sorted(search.parent.glob(f"{search.stem}-t*.run"))


def main() -> None:
    """`python -m explorer.processes.host ADDRESS QUOTA`, the key in EXPLORER_HOST_KEY."""
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
