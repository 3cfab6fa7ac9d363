"""Which way imports point: the engine without streamlit, and plain data without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GLUE = {ROOT / "explorer" / name for name in ("app.py", "serve.py", "__main__.py")}
ENGINE = [
    path
    for folder in ("models", "explorer")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ROOT / "explorer/ui" not in path.parents and path not in GLUE
]
PLAIN = {"models", "models.config", "explorer", "explorer.config", "explorer.preset", "explorer.tasks.fields"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


# one interpreter for many modules: one that loads streamlit is named, whichever it is
CODE = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
    loaded = [banned for banned in sys.argv[1].split(",") if banned in sys.modules]
    assert not loaded, f"{name} loads {loaded}"
"""


def check(banned: str, names: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, banned, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1]


def test_the_engine_loads_neither_streamlit_nor_altair() -> None:
    check("streamlit,altair", [name_of(path) for path in ENGINE if path.parent != ROOT / "explorer/charts"])


def test_models_do_not_know_the_explorer() -> None:
    check("explorer,numpy.ma,pandas,pydantic", [name_of(p) for p in ENGINE if p.parent == ROOT / "models"])


def test_charts_do_not_load_torch() -> None:
    check("torch,streamlit", [name_of(path) for path in ENGINE if path.parent == ROOT / "explorer/charts"])


def test_plain_data_does_not_load_torch() -> None:
    check("torch,streamlit", sorted(PLAIN))


def test_the_cards_do_not_load_what_charts_need() -> None:
    first = ["sitemap", "chosen", "cards", "feed", "knobs", "search.searching"]  # what the first page stands on
    check("altair,pandas,torch", [f"explorer.ui.{name}" for name in first])
