"""Lanes: which process computes which picture, and in which order.

quick, slow, maps ─ one looker each, for all visits      texts ─ one looker for each visit that brings its own text

Within a lane, visits take turns, and within a visit its pictures. Requests that would hold up the quick lane leave it:
one that needs a text read first goes to that visit's own looker, and a slow picture goes to the slow lane while other
visits ask for quick ones.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, get_args

from explorer.processes import giving_way
from explorer.processes.child import Child
from explorer.processes.client import Lane as Name

SHARED = [name for name in get_args(Name) if name != "texts"]
MOST_TEXTS = 4  # lookers that read visitors' texts
SLOW_SECONDS = 0.3  # a picture that takes longer holds up other visits' quick ones
BESIDE_SECONDS = 5.0  # a visit counts as present this long after it asked for a quick picture
REMEMBERED = 512  # pictures whose duration is remembered

Message = dict[str, Any]


class Turns:
    """Waiting requests: visits take turns, so do the pictures of a visit, and so do the runs of a picture.

    Of a picture of a run the newest request comes first, which is what a moving scrubber needs. If that held of a whole
    visit, or of all runs of a race, a picture could wait for ever behind another that is asked for again and again.
    """

    def __init__(self) -> None:
        self.waiting: OrderedDict[str, OrderedDict[str, OrderedDict[str, list[Message]]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.requests())

    def requests(self) -> list[Message]:
        """All of them."""
        kinds = [runs for of_visit in self.waiting.values() for runs in of_visit.values()]
        return [request for runs in kinds for some in runs.values() for request in some]

    def add(self, request: Message) -> None:
        """Adds a request."""
        function, path = picture(request)
        kinds = self.waiting.setdefault(request["visit"], OrderedDict())
        kinds.setdefault(function, OrderedDict()).setdefault(path, []).append(request)

    def next(self) -> Message:
        """Removes and returns the next request."""
        visit, kinds = next(iter(self.waiting.items()))
        function, runs = next(iter(kinds.items()))
        path, requests = next(iter(runs.items()))
        request = requests[-1]
        self.waiting.move_to_end(visit)
        kinds.move_to_end(function)
        runs.move_to_end(path)
        self.remove(request)
        return request

    def remove(self, request: Message) -> None:
        """Removes a request that waits."""
        visit, (function, path) = request["visit"], picture(request)
        kinds = self.waiting[visit]
        kinds[function][path].remove(request)
        if not kinds[function][path]:
            del kinds[function][path]
        if not kinds[function]:
            del kinds[function]
        if not kinds:
            del self.waiting[visit]

    def take(self, wanted: Callable[[Message], bool]) -> list[Message]:
        """Removes and returns all that are wanted."""
        taken = [request for request in self.requests() if wanted(request)]
        for request in taken:
            self.remove(request)
        return taken


@dataclass
class Lane:
    """A looker and its waiting requests. request: the one that it computes, since `begun`."""

    name: str
    looker: Child | None = None
    turns: Turns = field(default_factory=Turns)
    request: Message | None = None
    begun: float = 0.0

    def end(self) -> None:
        """Ends its looker at once; the host notices."""
        if self.request is not None:
            self.request["off"] = True
        if self.looker is not None:
            self.looker.process.kill()


class Lanes:
    """All lanes. hatch: makes a looker.   say: sends to the server.   give_way: lets trainings rest this long."""

    def __init__(
        self,
        hatch: Callable[[], Child],
        say: Callable[[Message, bytes | None], None],
        give_way: Callable[[float], None],
    ):
        self.hatch, self.say, self.give_way = hatch, say, give_way
        self.lanes: dict[str, Lane] = {}
        self.took: OrderedDict[tuple[str, str], float] = OrderedDict()
        self.last_quick: dict[str, float] = {}  # visit -> when it last asked for a quick picture

    def prepare(self) -> None:
        """Makes the lookers that all visits share."""
        for name in SHARED:
            self.lanes[name] = Lane(name, self.hatch())

    def of(self, child: Child) -> Lane | None:
        """The lane of a looker; None for another process."""
        return next((lane for lane in self.lanes.values() if lane.looker is child), None)

    def add(self, request: Message) -> None:
        """Adds a request."""
        lane = self.lane_for(request)
        lane.turns.add(request)
        self.serve(lane)

    def lane_for(self, request: Message) -> Lane:
        """The lane in which a request waits."""
        name, visit, now = request["lane"], request["visit"], time.monotonic()
        if name == "texts":
            return self.texts(visit)
        if name == "quick":
            self.last_quick = {v: t for v, t in self.last_quick.items() if now - t < BESIDE_SECONDS} | {visit: now}
            if len(self.last_quick) > 1 and self.took.get(picture(request), 0.0) > SLOW_SECONDS:
                return self.lanes["slow"]
        return self.lanes[name]

    def texts(self, visit: str) -> Lane:
        """The looker of a visit that brings a text; if there are too many, the least busy of them."""
        name = f"texts {visit}"
        text_lanes = [lane for lane in self.lanes.values() if lane.name not in SHARED]
        if name not in self.lanes and len(text_lanes) >= MOST_TEXTS:
            idle = next((lane for lane in text_lanes if lane.request is None and not lane.turns), None)
            if idle is None:
                return min(text_lanes, key=lambda lane: len(lane.turns))
            idle.end()
            self.lanes[f"ended {id(idle)}"] = self.lanes.pop(idle.name)
        return self.lanes.setdefault(name, Lane(name))

    def serve(self, lane: Lane) -> None:
        """Hands the next request to a looker, if it is free."""
        if lane.request is not None or not lane.turns:
            return
        if lane.looker is None:
            lane.looker = self.hatch()
        lane.request, lane.begun = lane.turns.next(), time.monotonic()
        if lane.request["past"]:
            self.give_way(giving_way.WHILE)
        with suppress(ConnectionError):  # it has just ended: `lost` handles it
            lane.looker.say(lane.request)

    def answered(self, lane: Lane, message: Message) -> None:
        """Passes an answer on, and the next request to the looker."""
        request = lane.request
        assert request is not None
        assert lane.looker is not None
        data = lane.looker.pipe.recv_bytes() if "bytes" in message else None
        if "progress" in message:
            self.say({"request": request["request"]} | message, None)
            return
        lane.request = None
        if "moved" in message:
            self.add(request | {"lane": message["moved"]})
        else:
            self.say({"request": request["request"]} | message, data)
        if lane.name == "quick":
            self.took[picture(request)] = time.monotonic() - lane.begun
            self.took.move_to_end(picture(request))
            while len(self.took) > REMEMBERED:
                self.took.popitem(last=False)
        if request["past"]:
            self.give_way(giving_way.AFTER)
        self.serve(lane)

    def lost(self, lane: Lane) -> None:
        """Replaces a looker that ended; what it was computing is computed again."""
        request, lane.request, lane.looker = lane.request, None, None
        if request is not None:
            if request.get("off") or request.get("again"):
                failed = "the process that computed this was killed; another one has been started: ask for it again"
                self.say({"request": request["request"], "failed": failed}, None)
            else:
                lane.turns.add(request | {"again": True})
        if lane.name in SHARED:
            lane.looker = self.hatch()
        elif not lane.turns:
            self.lanes = {name: other for name, other in self.lanes.items() if other is not lane}
        self.serve(lane)

    def call_off(self, wanted: Callable[[Message], bool]) -> None:
        """Cancels requests: drops them from the queues, and ends a looker that reads a text for one."""
        for lane in list(self.lanes.values()):
            for request in lane.turns.take(wanted):
                self.say({"request": request["request"], "failed": "nobody waited for this any more"}, None)
            if lane.name not in SHARED and lane.request is not None and wanted(lane.request):
                lane.end()

    def left(self, visit: str) -> None:
        """Cancels the requests of a visit that is over, and ends its own looker."""
        self.call_off(lambda request: request["visit"] == visit)
        lane = self.lanes.get(f"texts {visit}")
        if lane is not None and lane.request is None:
            lane.end()


def picture(request: Message) -> tuple[str, str]:
    """What a request shows, whatever the step."""
    return request["function"], str(request["arguments"].get("path", ""))
