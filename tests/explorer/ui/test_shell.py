"""The page into which Streamlit draws carries our style before anything is drawn."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.ui import shell, sitemap

PAGE = "<html><body><div>…</div></body></html>"


@pytest.fixture
def client() -> TestClient:
    """A server with a page, which keeps the request, and an answer that is none."""

    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(PAGE, headers={"etag": "old", "x-asked": request.headers.get("if-none-match", "whole")})

    routes = [Route("/", page), Route("/words", lambda _: PlainTextResponse(PAGE))]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(shell.Shell)]))


def test_a_page_is_whole_and_ends_with_the_style(client):
    answer = client.get("/", headers={"accept": "text/html", "if-none-match": "old"})
    assert answer.text == PAGE.replace("</body>", f"<style>{shell.STYLE}</style><script>{shell.SCRIPT}</script></body>")
    assert answer.headers["x-asked"] == "whole"
    assert "etag" not in answer.headers


def test_the_browser_is_given_the_servers_root_and_not_the_pages_address():
    """As the script has it: what stands before a page's name stays, since it is a proxy's."""
    (pattern,) = re.findall(r"const page = /(.+)/;", shell.ROOT)
    addresses = {
        "/": "/",
        "/translate": "/",
        "/translate/": "/",
        "/lab/translate": "/lab/",
        "/lab/": "/lab/",
        "/untranslate": "/untranslate",
    }
    assert {path: re.sub(pattern, "/", path) for path in addresses} == addresses
    assert all(re.sub(pattern, "/", f"/{name}") == "/" for name in sitemap.TITLES if name != "start")


def test_what_is_no_page_stays_as_it_is(client):
    assert client.get("/words", headers={"accept": "text/html"}).text == PAGE
    assert client.get("/", headers={"accept": "*/*"}).text == PAGE


def test_a_card_s_button_that_reaches_over_its_whole_card_is_no_button_of_the_row_above():
    """Of two buttons in one row the last would lie over the first, and over all of the page."""
    page = sitemap.FOLDER / "start.py"
    assert 'class*="st-key-start-"' in shell.STYLE
    assert 'key="start-' not in page.read_text("utf-8")
