"""The dashboard's pages: name, title, icon, in the order of the sidebar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import streamlit as st

from explorer.config.run import RunConfig
from explorer.ui import visit

FOLDER = Path(__file__).parents[2] / "pages"
SECTIONS = {
    "": {"start": ("Start", "home"), "course": ("Course", "school")},
    "Watch it learn": {
        "train": ("Train", "show_chart"),
        "attention": ("Attention", "grid_view"),
        "gradients": ("Gradients", "waves"),
        "embeddings": ("Embeddings", "scatter_plot"),
        "positions": ("Positions", "format_list_numbered"),
        "memory": ("Memory", "history"),
        "generate": ("Writing", "edit"),
        "reading": ("Reading", "menu_book"),
        "translate": ("Translating", "translate"),
        "numerics": ("Numbers", "calculate"),
    },
    "Words": {"words": ("Words", "hub"), "tokenizers": ("Tokenizers", "segment")},
    "Compare": {
        "optimizers": ("Optimizers", "sports_score"),
        "search": ("Search", "manage_search"),
        "runs": ("Runs", "folder_open"),
    },
}
ROWS = {  # what the row of a page's sections is called in the address
    "attention": "closer",
    "gradients": "inside",
    "embeddings": "map-closer",
    "positions": "order",
    "memory": "remembers",
    "generate": "decoding",
    "reading": "reads",
    "translate": "answering",
    "numerics": "about",
    "words": "company",
    "tokenizers": "topic",
    "optimizers": "contest",
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
    return "words" if config.has("word vectors") else "train"


def go_to(name: str, shows: Mapping[str, list[str]] | None = None) -> None:
    """Has the next drawing be of another page. For callbacks, which cannot change the page themselves.

    shows: what its widgets begin with, by their names in the address.
    """
    visit.state().goes_to = name, shows or {}


def goes() -> bool:
    """True if the next drawing is to be of another page; a live part, which draws only itself, has all drawn then."""
    return visit.state().goes_to is not None


def navigation() -> st.Page:
    """Draws the navigation; gives the page asked for, or goes to the one that `go_to` was given."""
    pages = {section: [page(name) for name in names] for section, names in SECTIONS.items()}
    current = st.navigation(pages, expanded=True)  # else the last ones are hidden behind a button
    if goes_to := visit.state().goes_to:
        visit.state().goes_to = None
        switch(*goes_to)
    return current


def switch(name: str, shows: Mapping[str, list[str]] | None = None) -> NoReturn:
    """Draws another page instead of this one. shows: as `go_to` takes it."""
    st.switch_page(page(name), query_params=shows or {})  # None would keep what widgets of this page are bound to
