"""The visitor of the course: a browser, by a cookie that comes with every page, and what was kept for it.

page -> has the browser a name? -> if not, one that nobody guesses -> its visits share what it guessed and began

A reload, or an address typed anew, is a new visit; a guess stays as it is all the same. It is kept for the MOST
browsers that came last, also where the server starts again. A browser that takes no cookies is another one at each
visit.
"""

from __future__ import annotations

import re
import secrets

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.ui.parts import course_kept
from explorer.ui.parts.course_kept import MOST, Beside, Progress
from explorer.ui.shelf import Recent

COOKIE = "explorer-browser"
NAME_BYTES = 16
NAME = re.compile(f"[0-9a-f]{{{2 * NAME_BYTES}}}")
SECONDS = 365 * 24 * 3600  # that a browser keeps its name


@st.cache_resource(show_spinner=False)
def everyone() -> Recent[str, Progress]:
    """What each browser has done, by the digest of its name."""
    browsers: Recent[str, Progress] = Recent(MOST)
    browsers.update(course_kept.read(course_kept.place()))
    return browsers


def visitor() -> str:
    """The browser of this visit by its name; a new one for a browser that sends none."""
    name = dict(st.context.cookies).get(COOKIE, "")
    return name if NAME.fullmatch(name) else secrets.token_hex(NAME_BYTES)


def progress() -> Progress:
    """That of this visit's browser."""
    name = course_kept.digest(visitor())
    mine = everyone().get(name) or Progress()
    everyone()[name] = mine  # it came last
    return mine


def beside(run: str) -> tuple[str, Beside] | None:
    """The lesson that stands beside this run for this visit's browser, with what is kept of it."""
    mine = everyone().get(course_kept.digest(visitor()))
    lessons = [] if mine is None else list(mine.beside.items())
    return next(((name, one) for name, one in reversed(lessons) if run in one.runs), None)


def keep() -> None:
    """Has what was guessed and begun outlive the server."""
    course_kept.save(course_kept.place(), dict(everyone()))


class Naming:
    """ASGI middleware that gives each browser that opens a page a name, in a cookie that no script can read."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        named = NAME.fullmatch(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))
        if named or "text/html" not in headers.get("accept", ""):
            await self.app(scope, receive, send)
            return

        async def name(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = Response()
                given.set_cookie(COOKIE, secrets.token_hex(NAME_BYTES), SECONDS, httponly=True, samesite="lax")
                MutableHeaders(scope=message).append("set-cookie", given.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, name)
