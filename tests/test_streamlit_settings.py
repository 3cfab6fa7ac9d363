"""The Streamlit options without which a live page stands still, breaks or shows what it should not are read."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = """
import streamlit as st
from streamlit import config
config.get_config_options()
print(*map(st.get_option, ("runner.postScriptGC", "global.minCachedMessageSize", "runner.magicEnabled")))
"""


def test_hidden_options_are_read_from_the_file():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    collect, size, magic = done.stdout.split()
    assert collect == magic == "False"
    assert float(size) == 1e9


@pytest.mark.parametrize("section", ["light", "dark"])
def test_every_theme_option_is_one_that_streamlit_knows(section):
    from streamlit import config

    known = set(config._config_options_template)
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]

    def names(table, path):
        for key, value in table.items():
            yield from names(value, f"{path}.{key}") if isinstance(value, dict) else [f"{path}.{key}"]

    assert set(names(theme, "theme")) <= known
    assert section in theme
