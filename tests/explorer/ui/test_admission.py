"""Admission: no other site reaches the dashboard through the browser of somebody who has it open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from messages import read
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

from explorer.runs import catalogue
from explorer.ui import admission, server

APP = str(Path(__file__).parents[3] / "explorer" / "app.py")
OURS = {"host": "127.0.0.1:8501"}
TRAINS = "preset=sort&optimizer.lr=0.01"


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """What is served behind the admission."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("the page")(scope, receive, send)


def answer(kind: str = "http", path: str = "/train", query: str = "", **headers: str) -> list[Message]:
    """What the server sends a request."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "GET", "path": path, "query_string": query.encode(), "headers": raw}
    asyncio.run(admission.Admission(page)(scope, receive, send))
    return sent


def status(sent: list[Message]) -> int:
    """The HTTP status; of a WebSocket 101 where it is accepted, else 403, as servers answer it."""
    first = sent[0]
    if first["type"].startswith("websocket"):
        return 101 if first["type"] == "websocket.accept" else 403
    return int(first["status"])


def header(sent: list[Message], name: str) -> str | None:
    return dict(sent[0]["headers"]).get(name.encode(), b"").decode() or None


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "localhost.", "[::1]:8501"])
@pytest.mark.parametrize(("kind", "granted"), [("http", 200), ("websocket", 101)])
def test_this_machines_own_names_are_answered(kind: str, granted: int, host: str):
    assert status(answer(kind, host=host)) == granted
    assert status(answer(kind, host=host, origin=f"http://{host}")) == granted


FOREIGN = ["evil.example:8501", "127.0.0.1.evil.example", "localhost@evil.example", "192.0.2.7:8501", "[::1", "a:b", ""]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_name_for_this_machine_is_refused(kind: str, host: str):
    assert status(answer(kind, host=host)) == 403
    assert status(answer(kind, host=host, origin=f"http://{host}")) == 403
    assert status(answer(kind)) == 403  # no name at all


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:3000", "http://localhost:8501", "null", ""]
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_page_of_another_site_is_refused(kind: str, origin: str):
    assert status(answer(kind, **OURS, origin=origin)) == 403


def test_whoever_runs_the_dashboard_can_allow_more_names(monkeypatch):
    monkeypatch.setattr(admission, "HOSTS", ("lab.example.org", "*.school.example"))
    for host in ("lab.example.org", "lab.example.org:8501", "room7.school.example"):
        assert status(answer(host=host, origin=f"https://{host}")) == 200
    assert status(answer(host="example.org")) == 403
    assert status(answer("websocket", **OURS, origin="https://lab.example.org")) == 101  # a proxy replaced the host
    assert status(answer("websocket", **OURS, origin="https://evil.example")) == 403


def test_a_refusal_is_a_sentence_that_says_what_to_set():
    sent = answer(host="evil.example")
    assert b"not known as 'evil.example'" in sent[1]["body"]
    assert b"EXPLORER_HOSTS" in sent[1]["body"]


@pytest.mark.parametrize("headers", [OURS, {"host": "evil.example"}, OURS | {"sec_fetch_site": "cross-site"}])
def test_no_answer_is_shown_in_a_frame_of_another_site(headers: dict[str, str]):
    sent = answer(query=TRAINS, **headers)
    assert header(sent, "content-security-policy") == "frame-ancestors 'self'"
    assert header(sent, "x-frame-options") == "SAMEORIGIN"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin"},
        {"referer": "http://127.0.0.1:8501/runs"},
    ],
)
def test_an_address_typed_or_followed_within_the_dashboard_is_served_as_it_is(headers: dict[str, str]):
    assert status(answer(query=TRAINS, **OURS, **headers)) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},  # another port of this machine
        {"sec_fetch_site": "cross-site", "referer": "http://127.0.0.1:8501/"},
        {"referer": "https://evil.example/"},
        {},  # any page can hide that it was the one
    ],
)
@pytest.mark.parametrize(
    "query", ["preset=sort", "v=1", "train.steps=9", "preset=", "preset=sort&confirm=", "preset=sort&step=1;confirm=1"]
)
def test_a_link_that_trains_and_comes_from_elsewhere_asks_first(headers: dict[str, str], query: str):
    sent = answer(query=query, **OURS, **headers)
    assert status(sent) == 307
    assert header(sent, "location") == f"?{query}&confirm=1"
    assert header(sent, "cache-control") == "no-store"
    assert status(answer(query=f"{query}&confirm=1", **OURS, **headers)) == 200  # it asks already


def test_a_strange_path_leads_nowhere_else():
    sent = answer(path="//evil.example/", query=TRAINS, **OURS, sec_fetch_site="cross-site")
    assert str(header(sent, "location")).startswith("?")


@pytest.mark.parametrize("query", ["", "run=sort", "run=sort&step=12", "projector=1"])
def test_a_link_that_only_looks_is_served(query: str):
    assert status(answer(query=query, **OURS, sec_fetch_site="cross-site")) == 200


@pytest.fixture
def served(one_host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The host, and a folder of runs of each test's own: no run that is still being trained moves in its list."""
    assert server.host().wait()
    monkeypatch.setattr(catalogue, "folder", lambda: tmp_path)
    yield
    for path in filter(server.host().concerned, catalogue.newest()):
        server.host().order(path, "pause", reason="the test is over")


def visit(**query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=240)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


LINK: dict[str, Any] = {"preset": "reverse", "optimizer.lr": "0.01", "paused": "1", "confirm": "1"}


def test_a_link_that_asks_trains_after_one_press(served):
    app = visit(**LINK)
    assert not catalogue.newest()
    assert "reverse, with optimizer.lr = 0.01." in app.text[0].value
    assert set(app.query_params) == set(LINK)  # a reload asks again
    app.button(key="linked-train").click().run()
    assert not app.exception
    (run,) = catalogue.newest()
    assert server.opened(str(run)).config.get("optimizer.lr") == 0.01
    assert set(app.query_params) == {"run"}
    assert "linked-train" not in [button.key for button in app.button]


def test_a_link_that_asks_can_be_left(served):
    before = catalogue.newest()
    app = visit(**LINK)
    app.button(key="linked-leave").click().run()
    assert not app.exception
    assert catalogue.newest() == before
    assert not app.query_params
    assert "linked-train" not in [button.key for button in app.button]


def test_a_link_that_asks_gives_way_to_a_card(served):
    app = visit(**LINK)
    app.button(key="train-sort").click().run()
    assert not app.exception
    assert "linked-train" not in [button.key for button in app.button]


def test_a_link_that_asks_for_nonsense_is_refused_at_once(served):
    app = visit(preset="nonsense", confirm="1")
    assert ["nonsense" in error.value for error in app.error] == [True]
    assert "linked-train" not in [button.key for button in app.button]


def test_a_server_that_does_not_know_where_links_come_from_has_all_of_them_ask(served, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.headers", {"Host": "127.0.0.1:8501"})
    before = catalogue.newest()
    app = visit(preset="reverse", paused="1")
    assert catalogue.newest() == before
    assert "linked-train" in [button.key for button in app.button]
    monkeypatch.setattr(admission, "guards", True)
    assert "linked-train" not in [button.key for button in visit(preset="reverse", paused="1").button]


def test_a_page_that_another_site_asks_for_is_not_drawn(served, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.headers", {"Host": "evil.example:8501"})
    before = catalogue.newest()
    app = visit(preset="reverse", paused="1")
    assert "not known as 'evil.example:8501'" in read(app.error[0].value)
    assert catalogue.newest() == before
    assert not app.title
