"""A page's row of sections: what it is called in the address stands in the sitemap, all else in the page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

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
