"""The dashboard's pages: name, title, icon, in the order of the sidebar."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.config import RunConfig
from explorer.settings import family

FOLDER = Path(__file__).parents[2] / "pages"
SECTIONS = {
    "": {"start": ("Start", "home")},
    "Watch it learn": {
        "train": ("Train", "show_chart"),
        "attention": ("Attention", "grid_view"),
        "gradients": ("Gradients", "waves"),
        "embeddings": ("Embeddings", "scatter_plot"),
        "positions": ("Positions", "format_list_numbered"),
        "numerics": ("Numbers", "calculate"),
    },
    "Words": {"words": ("Words", "hub"), "tokenizers": ("Tokenizers", "segment")},
    "Compare": {
        "optimizers": ("Optimizers", "sports_score"),
        "search": ("Search", "manage_search"),
        "runs": ("Runs", "folder_open"),
    },
}
TITLES = {name: words for section in SECTIONS.values() for name, words in section.items()}


def page(name: str) -> st.Page:
    """A page by its name, which is also its address; the start page is at /."""
    title, icon = TITLES[name]
    first = name == "start"
    path = FOLDER / f"{name}.py"
    return st.Page(path, title=title, icon=f":material/{icon}:", url_path=None if first else name, default=first)


def seen_on(config: RunConfig) -> str:
    """The name of the page on which a run of this config is looked at first."""
    return "words" if family(config.model) == "word-vectors" else "train"


def go_to(name: str) -> None:
    """Has the next drawing be of another page. For callbacks, which cannot change the page themselves."""
    st.session_state["goes-to"] = name


def goes() -> bool:
    """True if the next drawing is to be of another page; a live part, which draws only itself, has all drawn then."""
    return "goes-to" in st.session_state


def navigation() -> st.Page:
    """Draws the navigation; gives the page asked for, or goes to the one that `go_to` was told."""
    asked = st.navigation({section: [page(name) for name in names] for section, names in SECTIONS.items()})
    if name := st.session_state.pop("goes-to", None):
        st.switch_page(page(name))
    return asked
