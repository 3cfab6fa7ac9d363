"""The visitor of the course: a browser, by a cookie that comes with every page, and what was kept for it.

page -> has the browser a name? -> if not, one that nobody guesses -> its visits share what it guessed and began

A reload, or an address typed anew, is a new visit; a guess stays as it is all the same. It is kept while the server
runs, for the MOST browsers that came last. A browser that takes no cookies is another one at each visit.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.ui.shelf import Recent

COOKIE = "explorer-browser"
NAME_BYTES = 16
NAME = re.compile(f"[0-9a-f]{{{2 * NAME_BYTES}}}")
SECONDS = 365 * 24 * 3600  # that a browser keeps its name
MOST = 2000
Guess = int | list[float]  # the choice taken, from 1, or the heights of a curve at even places


@dataclass
class Progress:
    """What a browser has done of the course.

    guesses, curves: what was guessed, by lesson: the choice taken, from 1, or the heights drawn. Both stay as they are.
    """

    opened: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    guesses: dict[str, int] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)

    @property
    def guessed(self) -> dict[str, Guess]:
        """Its guesses of both kinds, by lesson."""
        return {**self.guesses, **self.curves}


@st.cache_resource(show_spinner=False)
def everyone() -> Recent[str, Progress]:
    """What each browser has done, by its name."""
    return Recent(MOST)


def visitor() -> str:
    """The browser of this visit by its name; a new one for a browser that sends none."""
    name = dict(st.context.cookies).get(COOKIE, "")
    return name if NAME.fullmatch(name) else secrets.token_hex(NAME_BYTES)


def progress() -> Progress:
    """That of this visit's browser."""
    name = visitor()
    mine = everyone().get(name) or Progress()
    everyone()[name] = mine  # it came last
    return mine


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
