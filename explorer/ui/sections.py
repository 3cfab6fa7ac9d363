"""Sections: what a page shows one at a time, chosen from the row under its title and held by the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.ui import frame, sitemap, visit
from explorer.ui.view import View

NAME = "Section"  # what the row is called, on every page


@dataclass(frozen=True)
class Sections:
    """The sections of a page by title, in their order.

    page: its name in the sitemap, which says what the row is called in the address.   needs: by title the parts of a
    model that a section shows, where it does not show all models.
    """

    page: str
    shows: dict[str, Callable[..., None]]
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def choose(self, offered: Sequence[str] = (), first: str = "") -> str:
        """Draws the row; gives the title that is chosen. first: chosen at first, if not the first one."""
        titles, key = list(offered or self.shows), sitemap.ROWS[self.page]
        if st.session_state.get(key, titles[0]) not in titles:  # a scene's, of another run or version
            del st.session_state[key]
        return row(titles, key, default=first or titles[0], bind="query-params")

    def choose_before(self) -> str:
        """The same before there is a run, on a page on which one can begin.

        The row is another one, which writes the address itself: one that is bound to it loses it where a run begins on
        this very page, as the row is then drawn in another place.
        """
        titles, key = list(self.shows), sitemap.ROWS[self.page]
        wanted = st.query_params.get(key, titles[0])
        st.session_state.setdefault(f"{key}-before", wanted if wanted in titles else titles[0])
        title = row(titles, f"{key}-before")
        if title != wanted:
            st.query_params[key] = title
        return title

    def has(self, title: str, view: View) -> bool:
        """Whether the model has what a section shows; where it has not, the page says so and shows the way out."""
        return frame.has(view, *self.needs.get(title, ()))


def row(titles: list[str], key: str, **more: Any) -> str:
    """The row, which stays in sight under the player bar; gives the title that is chosen."""
    with st.container(horizontal=True, vertical_alignment="center", key="sections"):
        title = st.segmented_control(NAME, titles, key=key, required=True, label_visibility="collapsed", **more)
    title = title or titles[0]
    if (details := visit.state().details) is not None:
        details.section = title
    return title
