"""Source: the scripts and styles of a component, as one string each.

A component is a folder: `__init__.py`, which makes its messages, and its own scripts and styles. Those of `shared`
may be part of any.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from explorer.measure.glossary import TERMS

HERE = Path(__file__).parent
FILES = {path.name: path for path in HERE.rglob("*") if path.suffix in (".js", ".css")}  # no name stands twice
SHARED = ("phrases.js", "elements.js", "life.js")  # every component is built from these


@dataclass(frozen=True)
class Source:
    """The files of a component. isolated: the page's own style does not reach it."""

    name: str
    scripts: tuple[str, ...]
    styles: tuple[str, ...] = ()
    isolated: bool = True

    @property
    def script(self) -> str:
        """One JavaScript module: glossary, shared scripts, the component's own, which end in its `export default`."""
        return f"{heading(TERMS)}\n{joined(SHARED + self.scripts)}"

    @property
    def style(self) -> str:
        """One style sheet."""
        return joined(self.styles)

    def component(self) -> ComponentRenderer:
        """The component, to be mounted with a key and data."""
        css = self.style or None
        return st.components.v2.component(self.name, css=css, js=self.script, isolate_styles=self.isolated)


def heading(terms: Mapping[str, str], phrases: Mapping[str, str] | None = None, language: str = "en") -> str:
    """A script's first line: the glossary, the translations of its phrases, the language that these are in."""
    values = {"TERMS": terms, "PHRASES": phrases or {}, "LANGUAGE": language}
    return f"const {', '.join(f'{k} = {json.dumps(v, ensure_ascii=False)}' for k, v in values.items())};"


def joined(names: tuple[str, ...]) -> str:
    """The text of these files, one after the other."""
    return "\n".join(FILES[name].read_text("utf-8") for name in names)
