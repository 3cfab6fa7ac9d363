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

    routes = [Route("/words", lambda _: PlainTextResponse(PAGE)), Route("/{name:path}", page)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(shell.Shell)]))


def test_a_page_is_whole_and_ends_with_the_style(client):
    answer = client.get("/", headers={"accept": "text/html", "if-none-match": "old"})
    script = f"{shell.ROOT}(0);{shell.SCRIPT}"
    assert answer.text == PAGE.replace("</body>", f"<style>{shell.STYLE}</style><script>{script}</script></body>")
    assert answer.headers["x-asked"] == "whole"
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("address", "root", "names"),
    [
        ("/", "/", 0),
        ("/translate", "/", 1),
        ("/translate/", "/", 1),
        ("/training", "/", 1),
        ("/no/page%2Fat/all?run=/x", "/", 3),
        ("/lab/", "/lab/", 0),
        ("/lab", "/lab/", 0),
        ("/lab/translate", "/lab/", 1),
    ],
)
def test_the_browser_is_given_the_servers_root_and_not_the_pages_address(
    client, monkeypatch, address: str, root: str, names: int
):
    """It hears how many names the server was asked for: what stands before them is a proxy's."""
    monkeypatch.setattr(shell, "root", root)
    (counted,) = re.findall(r"\}\)\((\d+)\);", client.get(address, headers={"accept": "text/html"}).text)
    assert int(counted) == names


def test_what_is_no_page_stays_as_it_is(client):
    assert client.get("/words", headers={"accept": "text/html"}).text == PAGE
    assert client.get("/", headers={"accept": "*/*"}).text == PAGE


def test_a_card_s_button_that_reaches_over_its_whole_card_is_no_button_of_the_row_above():
    """Of two buttons in one row the last would lie over the first, and over all of the page."""
    page = sitemap.FOLDER / "start.py"
    assert 'class*="st-key-start-"' in shell.STYLE
    assert 'key="start-' not in page.read_text("utf-8")
