"""Feed: the pictures that move most, straight to the browser between two runs of the page.

    page -> offer(name, draw) ... browser: GET feed/VISIT?step=S -> draw(view at S) -> bytes

A run of a page costs the browser every element on it. What has to move several times a second, and at once when the
scrubber moves, the page offers here: a function of a view, that gives the very bytes the page itself tells the
component. The browser asks for all of a page's offers together, so that they are of one step (components/feed.js).
Where the server has no feed (`opened`), pages are drawn more often instead.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from explorer.answers.records.record import R
from explorer.answers.records.task import TaskFacts
from explorer.processes.client import Request as Pending
from explorer.runs.run import Run
from explorer.ui import server, visit
from explorer.ui.asking import Question
from explorer.ui.components.message import pack
from explorer.ui.locale import border
from explorer.ui.view import View

PATIENCE = 1.0  # seconds that numbers are waited for
SOON = 0.25  # the same of numbers that others do not wait for
EVERY = 0.2  # seconds between two asks of a browser that follows the newest step, at least
WAIT = 1.0  # seconds that it waits for something new
LOOK = 0.02  # seconds between two looks whether it is there
ACTED = 0.25  # seconds that it waits for an event in the run, where somebody has pressed something
THREADS = ThreadPoolExecutor(16, "feed")  # of their own: Streamlit's carry its files
opened = False  # whether the server has a way to the feed
Draw = Callable[[View], bytes | None]
Ask = Callable[[View, Mapping[str, str]], bytes | None]  # of a view, in words of the address


@dataclass
class Offer:
    """A picture that the browser may ask for.

    every: seconds between two while the newest step is followed.   plain: made of the run's file, without the host.
    past: draws a calm one of a past step.
    """

    draw: Draw
    every: float
    plain: bool = False
    past: Draw | None = None
    sent: float = -math.inf

    def at(self, view: View) -> bytes | None:
        """The picture's bytes; None while it is computed. b"" while it rests: sent a moment ago, or of a past step that
        comes with the page."""
        if not self.every:
            return self.draw(view)
        if not view.live:
            return (self.past and self.past(view)) or b""
        if view.status.state == "training" and time.monotonic() - self.sent < self.every:
            return b""
        if sent := self.draw(view):
            self.sent = time.monotonic()
        return sent or b""


@dataclass
class Offers:
    """What a visit's page offers of the run that it looks at."""

    run: Run
    about: TaskFacts
    visit: str
    draws: dict[str, Offer] = field(default_factory=dict)
    asks: dict[str, Ask] = field(default_factory=dict)


@contextmanager
def offering(view: View) -> Iterator[None]:
    """Collects what is offered while a page is drawn, for this visit's browser to ask for."""
    offers = visit.state().offers = Offers(view.run, view.about, server.session().id)
    yield
    if opened:
        server.feeds()[offers.visit] = offers


def offer(name: str, draw: Draw, every: float = 0, plain: bool = False, past: Draw | None = None) -> None:
    """Lets the browser ask for a picture by itself. draw: gives a view's bytes, None where they are not there yet.

    It is called in a thread of its own, without a session. every: seconds between two of a calm picture, which comes
    by the feed while the newest step is followed: of the past with the page, unless `past` gives it, which waits for
    little.   plain: it comes also while a host that was killed is started again.
    """
    if (offers := visit.state().offers) is not None:
        before: Offers | None = server.feeds().get(offers.visit)
        alike = before.draws.get(name) if before is not None and before.run.id == offers.run.id else None
        # a drawing of the page makes it come no sooner
        offers.draws[name] = Offer(draw, every, plain, past, alike.sent if alike else -math.inf)


def way_to(name: str, view: View, answers: Ask) -> str | None:
    """Lets the browser ask for what a picture of a step has no room for; the address, None if the server has no feed.

    answers: gives the bytes, None while they are computed; ValueError where there are none.
    """
    if (offers := visit.state().offers) is not None:
        offers.asks[name] = answers
    return f"feed/{server.session().id}?run={view.run.id}&ask={name}" if opened else None


def address(view: View, pictures: bool = True) -> dict[str, Any] | None:
    """The address that the browser asks, as the player bar gets it; None if the server has no feed.

    pictures: whether the feed moves some, and not the bar alone.
    """
    if not opened:
        return None
    session = server.session().id
    server.feeds().setdefault(session, None)  # the browser may ask before the page has offered anything
    return {"url": f"feed/{session}?run={view.run.id}", "every": 1000 * EVERY, "pictures": pictures}


def numbers(view: View, kind: type[R], /, **arguments: Any) -> R | None:
    """A record of this kind, as `View.picture` asks for it. None if it takes longer than PATIENCE."""
    with suppress(ValueError):  # the page itself says why
        return exactly(view, kind, past=not view.live, **arguments)
    return None


def exactly(view: View, kind: type[R], /, past: bool = False, **arguments: Any) -> R | None:
    """The same; ValueError where it is refused.   past: somebody looks back and waits, so trainings rest meanwhile."""
    question = Question(server.pictures().ask(view.run, view.step, kind, past=past, **arguments))
    question.wait(PATIENCE)
    return question.shown


def soon(view: View, kind: type[R], /, **arguments: Any) -> R | None:
    """A record of a past step; None if it is not there at once, so that what comes with it does not wait."""
    if view.run.distance(view.step) > SOON * (view.run.speed() or 1):
        return None
    with suppress(ValueError):  # the page itself says why
        question = Question(server.pictures().ask(view.run, view.step, kind, past=True, **arguments))
        if question.wait(SOON):
            return question.shown
    return None


@dataclass
class Calm:
    """Asks for the answers of a calm picture, one after another, without waiting for any of them."""

    request: Pending[Any] | None = None

    def numbers(self, view: View, kind: type[R], /, **arguments: Any) -> R | None:
        """The record of this kind for the view at the time it was asked for. None while it is computed."""
        if self.request is None:
            self.request = server.pictures().ask(view.run, view.step, kind, **arguments)
        if not self.request.answer.done():
            return None
        request, self.request = self.request, None
        return None if request.answer.exception() else request.answer.result()


def moment(view: View, step: int | None = None) -> dict[str, Any]:
    """Of what a message tells, so that an old one does not take the place of a newer one.

    step: of an answer, which may be a tick older than the view.
    """
    return {"run": view.run.id, "step": view.step if step is None else step, "live": view.live}


async def answer(request: Request) -> Response:
    """All of a page's offers at a step; without `step` at the newest one, as soon as it is no more as in `after`.

    Beside other pages that move it comes less often (`Watchers.moves`), but never where somebody waits for it.
    With `acted` only the run's events and its status count for a moment, so that what a press did comes at once.
    204: nothing came meanwhile, or it takes long: the page itself will bring it. 404: no such visit, or no such step.
    """
    session, query = request.path_params["visit"], request.query_params
    if session not in server.feeds():
        return Response(status_code=404)
    aside = partial(asyncio.get_running_loop().run_in_executor, THREADS)
    if "ask" in query:
        return await aside(answer_ask, session, query)
    begun, after, acted = time.monotonic(), query.get("after", ""), "acted" in query
    rests = 0 if acted or "step" in query else EVERY * (server.watchers().moves(session) - 1)
    try:
        while (waited := time.monotonic() - begun) < WAIT + rests:
            offers: Offers | None = server.feeds().get(session)
            if offers is not None and offers.run.id == query.get("run") and waited >= rests:
                view = await aside(at, offers, whole(query.get("step")))
                if news(view, after, acted and waited < ACTED):
                    break
            await asyncio.sleep(LOOK)
        else:
            return Response(status_code=204)
        message = await aside(together, offers, view)
    except ValueError:  # there is no such step, or the file is gone: the page itself says so
        return Response(status_code=404)
    if message is None:
        return Response(status_code=204)
    return sent(border.words(session, message))


def answer_ask(session: str, query: Mapping[str, str]) -> Response:
    """What was asked for by name, see `way_to`. 204: it takes long. 404: no such visit, name, step or thing."""
    offers: Offers | None = server.feeds().get(session)
    if offers is None or offers.run.id != query.get("run") or query["ask"] not in offers.asks:
        return Response(status_code=404)
    try:
        with server.asking(session):
            message = offers.asks[query["ask"]](at(offers, whole(query.get("step"))), query)
    except ValueError:
        return Response(status_code=404)
    return Response(status_code=204) if message is None else sent(border.words(session, message))


def sent(message: bytes) -> Response:
    """A message on its way."""
    # "identity": Streamlit's server would spend more on compressing it than the way costs
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return Response(message, media_type="application/octet-stream", headers=headers)


def at(offers: Offers, step: int | None) -> View:
    """What is looked at: a step, or the newest. ValueError where the run has no such step."""
    run, last = offers.run, offers.run.last
    if step is not None and step > last:
        raise ValueError(f"this run has steps 0 to {last:,} and not {step:,}")
    newest = run.newest_snapshot() if step is None else step  # it may have come since `last` was read
    return View(run, newest, max(last, newest), step is None, run.status, offers.about, first=False)


def state(view: View) -> str:
    """What a run's pictures depend on."""
    return f"{view.step}.{len(view.run.events)}.{view.status.state}"


def news(view: View, after: str, acted: bool) -> bool:
    """Whether there is more than what the browser shows: a newer step, or, where somebody acted, what that did."""
    shown, now = after.split("."), state(view).split(".")
    return shown[1:] != now[1:] if acted and after else shown != now


def together(offers: Offers, view: View) -> bytes | None:
    """All offers behind one another: all of them or none, since they are of one step."""
    ready = server.host().ready
    with server.asking(offers.visit):
        messages = {name: offer.at(view) if ready or offer.plain else b"" for name, offer in offers.draws.items()}
    if any(message is None for message in messages.values()):
        return None
    header = moment(view) | {
        "state": state(view),
        "lengths": {name: len(message or b"") for name, message in messages.items()},
    }
    return pack(header, []) + b"".join(message or b"" for message in messages.values())


def whole(word: str | None) -> int | None:
    """A step as the browser writes it."""
    return int(word) if word and word.isdecimal() and len(word) < 10 else None
