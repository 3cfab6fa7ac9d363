"""Sections: what a page shows one at a time, chosen from the row under its title and held by the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.ui import frame, sitemap, visit
from explorer.ui.view import View
from models.families import missing

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

    def chosen(self) -> str:
        """The title that was chosen last, or that the address asks for; the first one otherwise."""
        key = sitemap.ROWS[self.page]
        title = st.session_state.get(key) or st.query_params.get(key)
        return title if title in self.shows else next(iter(self.shows))

    def choose_before(self) -> str:
        """The same before there is a run, on a page on which one can begin.

        The row is another one, which writes the address itself: one that is bound to it loses it where a run begins on
        this very page, as the row is then drawn in another place.
        """
        titles, key = list(self.shows), sitemap.ROWS[self.page]
        wanted = st.query_params.get(key, titles[0])
        title = row(titles, f"{key}-before", default=wanted if wanted in titles else titles[0])
        if title != wanted:
            st.query_params[key] = title
        return title

    def place(self, title: str) -> DeltaGenerator:
        """The place of a section and of its fold, down to the end of the page."""
        place = own_place(self.page, list(self.shows), title)
        if (details := visit.state().details) is not None:
            details.place = place
        return place

    def show(self, title: str, *given: Any) -> None:
        """Draws a section in its place, with what it is given."""
        with self.place(title):
            self.shows[title](*given)

    def has(self, title: str, view: View) -> bool:
        """Whether the model has what a section shows; where it has not, the page says so and shows the way out."""
        needs = self.needs.get(title, ())
        with self.place(title) if missing(view.config.model, needs) else nullcontext():
            return frame.has(view, *needs)


def row(titles: list[str], key: str, **more: Any) -> str:
    """The row, which stays in sight under the player bar; gives the title that is chosen."""
    with st.container(horizontal=True, vertical_alignment="center", key="sections"):
        title = st.segmented_control(NAME, titles, key=key, required=True, label_visibility="collapsed", **more)
    title = title or titles[0]
    visit.state().section = title, titles[0]
    if (details := visit.state().details) is not None:
        details.section = title
    return title


def own_place(name: str, titles: Sequence[str], title: str) -> DeltaGenerator:
    """The place of the one that is chosen of these, and of it alone; what stood in the others leaves at once.

    Streamlit lets what stood at a place stand until all is drawn. At one place for all, two of them would stand in each
    other for as long as a picture is waited for.
    """
    key = f"place-{name}-{title}"
    places = {one: st.container(key=key) if one == title else st.empty() for one in titles}
    return places[title]
