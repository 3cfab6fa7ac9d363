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


def seen_on(config: RunConfig) -> st.Page:
    """Where a run of this config is looked at first."""
    return page("words" if family(config.model) == "word-vectors" else "train")


def navigation() -> st.Page:
    """Draws the navigation; gives the page asked for."""
    return st.navigation({section: [page(name) for name in names] for section, names in SECTIONS.items()})
