"""Admission: which requests from a browser the dashboard's server answers, and which links have to ask first.

    request -> is the host one of ours? -> does it come from a page of ours? -> does the link train, and whose is it?

A page of another site must not reach the dashboard through the browser of somebody who has it open: not by a name that
suddenly leads to this machine (DNS rebinding), not by a WebSocket of its own, not in a frame, and not by a link that
trains as soon as it is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import SplitResult, parse_qsl, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
HOSTS = tuple(filter(None, os.environ.get("EXPLORER_HOSTS", "").replace(",", " ").lower().split()))
ASKING = "confirm"  # in the address of a link that does not train before somebody says so
FRAMES = {"Content-Security-Policy": "frame-ancestors 'self'", "X-Frame-Options": "SAMEORIGIN"}
POLICY_VIOLATION = 1008  # RFC 6455, §7.4.1
guards = False  # whether the server asks here before it answers


def hosts() -> tuple[str, ...]:
    """Names that the dashboard goes by: this machine's own, the address it listens on, those of EXPLORER_HOSTS."""
    return (*LOOPBACK, *filter(None, [st.get_option("server.address")]), *HOSTS)


def refusal(host: str | None, origin: str | None) -> str:
    """Why a request with these headers is not answered, in a sentence; empty if it is.

    origin: of the page that asks, which browsers name where a page asks for more than a picture or a link. It is the
    dashboard's own, or, behind a proxy that replaces the host, one of EXPLORER_HOSTS.
    """
    if not any(fnmatchcase(name_of(f"//{host}"), pattern) for pattern in hosts()):
        called = ascii((host or "")[:60])
        return f"the dashboard is not known as {called}; whoever runs it can allow the name with EXPLORER_HOSTS"
    if origin is None or place_of(origin) == place_of(f"//{host}"):
        return ""
    if any(fnmatchcase(name_of(origin), pattern) for pattern in HOSTS):
        return ""
    return "the dashboard answers its own pages only; whoever runs it can allow others with EXPLORER_HOSTS"


def name_of(url: str) -> str:
    """The host of an address, without its port; empty if it is no address."""
    parts = parted(url)
    return (parts.hostname or "").rstrip(".") if parts else ""


def place_of(url: str) -> str:
    """The host of an address with its port; empty if it is no address."""
    parts = parted(url)
    return parts.netloc.lower() if parts else ""


def parted(url: str) -> SplitResult | None:
    """An address in its parts; None if it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # refuses a port that is no number
    except ValueError:
        return None
    return parts


def trains(names: Iterable[str]) -> bool:
    """Whether an address with these parameters begins a training."""
    return any(name in ("preset", "v") or "." in name for name in names)


def asks(query: str) -> bool:
    """Whether the address of a link that trains says that it asks first."""
    return ASKING in dict(parse_qsl(query))


def comes_from_here(headers: Headers) -> bool:
    """Whether a document was asked for by a page of the dashboard, or by hand: typed, or from the bookmarks.

    Browsers say so in Sec-Fetch-Site, which no page can change or leave out. They leave it out themselves on plain
    http to another machine, and before 2023: there only a Referer from here counts, for any page can hide its own.
    """
    if site := headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    return place_of(headers.get("referer", "")) == place_of(f"//{headers.get('host')}")


class Admission:
    """ASGI middleware that refuses strangers, keeps pages out of other sites' frames and has foreign links ask."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        why = refusal(headers.get("host"), headers.get("origin"))
        if scope["type"] == "websocket":
            if why:
                await receive()  # its wish to connect
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            else:
                await self.app(scope, receive, send)
            return

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in FRAMES.items():
                    answered.append(name, value)
            await send(message)

        query = scope["query_string"].decode("latin-1")
        names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
        if why:
            await PlainTextResponse(f"{why}\n", 403)(scope, receive, framed)
        elif trains(names) and not asks(query) and not comes_from_here(headers):
            # the query alone: the path stays as it is, whatever it looks like
            again = {"Location": f"?{query}&{ASKING}=1", "Cache-Control": "no-store"}
            await Response(status_code=307, headers=again)(scope, receive, framed)
        else:
            await self.app(scope, receive, framed)
