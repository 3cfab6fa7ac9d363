"""The page into which Streamlit draws carries our style before anything is drawn."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.ui import shell

PAGE = "<html><body><div>…</div></body></html>"


@pytest.fixture
def client() -> TestClient:
    """A server with a page, which tells what it was asked for, and an answer that is none."""

    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(PAGE, headers={"etag": "old", "x-asked": request.headers.get("if-none-match", "whole")})

    routes = [Route("/", page), Route("/words", lambda _: PlainTextResponse(PAGE))]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(shell.Shell)]))


def test_a_page_is_whole_and_ends_with_the_style(client):
    answer = client.get("/", headers={"accept": "text/html", "if-none-match": "old"})
    assert answer.text == PAGE.replace(
        "</body>", f"<style>{shell.STYLE}</style><script>{shell.HISTORY}</script></body>"
    )
    assert answer.headers["x-asked"] == "whole"
    assert "etag" not in answer.headers


def test_what_is_no_page_stays_as_it_is(client):
    assert client.get("/words", headers={"accept": "text/html"}).text == PAGE
    assert client.get("/", headers={"accept": "*/*"}).text == PAGE
