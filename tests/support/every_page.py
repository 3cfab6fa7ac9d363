"""Every page with every section that is of a run, for tests that draw all of them."""

from __future__ import annotations

import ast
from pathlib import Path

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
    """Draws a page twice, since its first painting is short, and fails if one of them raises."""
    app.switch_page(f"../pages/{page}.py")
    for painting in range(2):
        if section and painting:
            app.session_state[KEYS[page]] = section
        app.run()
        assert not app.exception, app.exception
