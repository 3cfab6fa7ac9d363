"""A page's row of sections: what it is called in the address stands in the sitemap, all else in the page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import chosen, sitemap

PAGES = Path(__file__).parents[3] / "pages"


def declared() -> dict[str, list[str]]:
    """The pages that declare sections: by the script's name, how each declaration calls the page."""
    found: dict[str, list[str]] = {}
    for path in PAGES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sections":
                assert isinstance(node.args[0], ast.Constant)
                found.setdefault(path.stem, []).append(str(node.args[0].value))
    return found


def test_every_page_with_sections_declares_them_once_and_has_a_name_for_them_in_the_address():
    assert declared() == {page: [page] for page in sitemap.ROWS}


def test_no_two_rows_have_the_same_name_in_the_address():
    assert len(set(sitemap.ROWS.values())) == len(sitemap.ROWS)


@pytest.mark.parametrize("name", sitemap.ROWS.values())
def test_a_row_in_the_address_is_no_setting_of_a_run(name: str):
    assert name in chosen.WIDGETS


@pytest.mark.parametrize("page", sitemap.ROWS)
def test_a_page_draws_each_section_in_a_place_of_its_own(page: str):
    tree = ast.parse((PAGES / f"{page}.py").read_text("utf-8"))
    placed = [node for block in ast.walk(tree) if isinstance(block, ast.With) for node in drawn_by(block, "place")]
    assert all(drawn in placed for drawn in ast.walk(tree) if is_drawing(drawn)), "a section outside of its place"
    assert placed or "SECTIONS.show(" in ast.unparse(tree)


def drawn_by(block: ast.With, method: str) -> list[ast.AST]:
    """The calls of sections within `with SECTIONS.method(…)`."""
    calls = [item.context_expr for item in block.items if isinstance(item.context_expr, ast.Call)]
    named = any(getattr(call.func, "attr", "") == method for call in calls)
    return [node for node in ast.walk(block) if is_drawing(node)] if named else []


def is_drawing(node: ast.AST) -> bool:
    """Whether this is `SECTIONS.shows[…](…)`."""
    of = node.func if isinstance(node, ast.Call) else None
    return isinstance(of, ast.Subscript) and getattr(of.value, "attr", "") == "shows"


def a_row() -> None:
    import streamlit as st

    from explorer.ui import held

    st.segmented_control("Section", ["First", "Second"], default="First", key="row", bind="query-params")
    held.bring_back()


def test_a_section_that_an_older_message_took_out_of_the_address_comes_back_into_it():
    app = AppTest.from_function(a_row).run()
    assert "row" not in app.query_params
    app.segmented_control(key="row").set_value("Second").run()  # no browser here, which would write the address
    assert app.query_params["row"] == "Second"
    app.query_params.clear()
    assert app.run().query_params["row"] == "Second"
    app.query_params.clear()
    app.segmented_control(key="row").set_value("First").run()
    assert "row" not in app.query_params
