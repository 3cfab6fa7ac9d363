"""The Streamlit options without which a live page stands still, breaks or shows what it should not are read."""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
CODE = """
import sys
import streamlit as st
from streamlit.web import bootstrap, cli

def served(*arguments):
    print(*map(st.get_option, sys.argv[2].split()), sep=";")

bootstrap.run = bootstrap.run_asgi_app = served
cli.main(["run", sys.argv[1]])
"""
NAMES = {
    "address": "server.address",
    "reports": "browser.gatherUsageStats",
    "collects": "runner.postScriptGC",
    "smallest": "global.minCachedMessageSize",
    "magic": "runner.magicEnabled",
}


@cache
def options(script: str, folder: Path, address: str = "") -> dict[str, str]:
    """The options that Streamlit serves a script with, called from a folder.   address: the environment's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    environment |= {"STREAMLIT_SERVER_ADDRESS": address} if address else {}
    command = [sys.executable, "-c", CODE, str(ROOT / "explorer" / script), " ".join(NAMES.values())]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return dict(zip(NAMES, done.stdout.strip().split(";"), strict=True))


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("serve.py", ROOT),
        *(("app.py", folder) for folder in (ROOT / "explorer", Path(tempfile.gettempdir()))),  # beside it lies the file
    ],
)
def test_the_dashboard_listens_on_this_machine_alone_and_reports_to_nobody_from_whichever_folder(script, folder):
    found = options(script, folder)
    assert (found["address"], found["reports"]) == ("127.0.0.1", "False")


def test_the_environment_has_it_listen_elsewhere():
    assert options("serve.py", ROOT, "192.0.2.7")["address"] == "192.0.2.7"


def test_hidden_options_are_read_from_the_file():
    found = options("serve.py", ROOT)
    assert found["collects"] == found["magic"] == "False"
    assert float(found["smallest"]) == 1e9


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_a_number_on_a_cell_has_the_same_colour_in_a_chart_and_in_a_component(ground):
    script = (ROOT / "explorer/ui/components/shared/palette.js").read_text()
    (block,) = re.findall(rf"const {ground.upper()} = \{{(.*?)\n\}};", script, re.DOTALL)
    stops = {
        name: np.array(json.loads(rows)) for name, rows in re.findall(r"(sequential|negative): (\[\[.*?\]\])", block)
    }
    theme = tomllib.loads((ROOT / "explorer/.streamlit/config.toml").read_text())["theme"][ground]

    def colour(name: str, place: float) -> np.ndarray:
        return np.array([np.interp(place, np.linspace(0, 1, 5), channel) for channel in stops[name].T])

    def read(option: str) -> list[np.ndarray]:
        return [np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in theme[option]]

    places = np.linspace(0, 1, 10)
    for shown, place in zip(read("chartSequentialColors"), places, strict=True):
        assert np.abs(shown - colour("sequential", place)).max() <= 1
    for shown, place in zip(read("chartDivergingColors"), 2 * places - 1, strict=True):
        assert np.abs(shown - colour("negative" if place < 0 else "sequential", abs(place))).max() <= 1


@pytest.mark.parametrize("section", ["light", "dark"])
def test_every_theme_option_is_one_that_streamlit_knows(section):
    from streamlit import config

    known = set(config._config_options_template)
    theme = tomllib.loads((ROOT / "explorer/.streamlit/config.toml").read_text())["theme"]

    def names(table, path):
        for key, value in table.items():
            yield from names(value, f"{path}.{key}") if isinstance(value, dict) else [f"{path}.{key}"]

    assert set(names(theme, "theme")) <= known
    assert section in theme
