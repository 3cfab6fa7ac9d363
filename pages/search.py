"""Search: many runs that look for good settings, with pruning and early stopping as they act."""

from pathlib import Path

import streamlit as st

from explorer.search import search as file
from explorer.ui import frame, picture, pressing, refusals, sitemap, visit
from explorer.ui.parts import searching
from explorer.ui.search import explained, form, overview, pictures, trial

LIVE_SECONDS, IDLE_SECONDS = 0.6, 2.0


def choose(path: Path) -> None:
    """Looks at another search from now on."""
    state = visit.state()
    state.search, state.trial = path.stem, None


def wanted() -> Path | None:
    """The search that this visit looks at: chosen here, named by the address, or the newest."""
    name = visit.state().search or st.query_params.get("search")
    try:
        path = file.path_of(name) if name else next(iter(file.newest()), None)
        if path is not None:
            file.read(path)
    except ValueError as error:
        visit.state().search = None
        st.query_params.pop("search", None)
        refusals.say(str(error))
        return None
    return path


def begun(path: Path) -> None:
    """Shows a search that was just begun."""
    choose(path)
    refusals.draw_again()


def pick(path: Path) -> None:
    """Which of the searches is looked at."""
    names = list(dict.fromkeys([path.stem, *(p.stem for p in file.newest())]))
    if st.session_state.get("search-pick", path.stem) != path.stem:  # another one was begun
        st.session_state["search-pick"] = path.stem

    def picked() -> None:
        choose(file.path_of(st.session_state["search-pick"]))

    st.selectbox("Search", names, key="search-pick", format_func=searching.described, on_change=picked)


def watch(path: Path) -> None:
    """How a search stands, live as long as it goes on."""
    pick(path)
    st.query_params["search"] = path.stem
    busy = searching.standing(path).busy

    def live() -> None:
        refusals.tick()
        if visit.state().opens_trial:
            visit.state().opens_trial = False
            sitemap.switch("train")
        now = searching.standing(path)
        if now.busy != busy:
            refusals.draw_again()  # before the button that changes with it is drawn, so that nobody clicks a dying one
        if now.busy:
            searching.keep(path)
        overview.show(now)
        with st.container(key="search-pictures"):  # their place is there before the first trial is
            if now.trials:
                pictures.show(now)
                trial.show(now)
        for sentence in searching.complaints(path):
            refusals.keep(sentence)

    pressing.live(live, LIVE_SECONDS if busy else IDLE_SECONDS)
    picture.computed(explained.TEXT, *explained.FUNCTIONS)


frame.heading(
    "Search",
    "Many short trainings look for good settings; each is a run of its own that can be opened, scrubbed, branched.",
)
refusals.show()
with st.container():
    looked_at = wanted()
with st.expander("A new search", expanded=looked_at is None, icon=":material/add:"):
    form.show(begun)
if looked_at is not None:
    watch(looked_at)
