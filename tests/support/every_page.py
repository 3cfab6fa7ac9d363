"""Every page with every section that is of a run, for tests that draw all of them."""

from __future__ import annotations

import ast
from pathlib import Path

import quick_visits  # noqa: F401
from streamlit.testing.v1 import AppTest

from explorer.ui import sitemap

ROOT = Path(__file__).parents[2]
APP = str(ROOT / "explorer" / "app.py")
KEYS = {page: key for page, key in sitemap.ROWS.items() if page not in ("words", "tokenizers")}  # sections of a run
ALIKE = {"Surface", "Toy surfaces"}  # sections that take long and look at losses alone


def sections(page: str) -> list[str]:
    """The names of a page's sections."""
    for node in ast.parse((ROOT / "pages" / f"{page}.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SECTIONS":
            shows = next(part for part in ast.walk(node.value) if isinstance(part, ast.Dict))
            return [key.value for key in shows.keys if isinstance(key, ast.Constant)]
    return []


PAGES = [
    (path.stem, section)
    for path in sorted((ROOT / "pages").glob("[a-z]*.py"))
    for section in (sections(path.stem) if path.stem in KEYS else [""])
    if section not in ALIKE
]


def draw(app: AppTest, page: str, section: str) -> None:
    """Draws a page and then its section, the first painting being short, and fails if one of them raises.

    Or if the last orders a widget to where it begins: an order that reaches a slow browser after a press on that
    very widget takes the press back.
    """
    before = app._page_hash
    if app.switch_page(f"../pages/{page}.py")._page_hash != before:
        app.run()
        assert not app.exception, app.exception
    if section:
        app.session_state[KEYS[page]] = section
        app.run()  # the order for the section itself is given once
        assert not app.exception, app.exception
    app.run()
    assert not app.exception, app.exception
    protos = [getattr(node, "proto", None) for node in app._tree]
    ordered = [proto for proto in protos if getattr(proto, "set_value", False) is True and not proto.disabled]
    assert not ordered, [proto.id for proto in ordered]
