"""Room for more runs: made by deleting, which can be undone for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import streamlit as st

from explorer.runs import catalogue, deleted, quota
from explorer.ui import pressing, refusals, server, visit

KEPT = 20  # newest runs that a sweep leaves
TICK_SECONDS = 5.0  # between two looks at what can still be brought back


def offer() -> None:
    """What the folder holds, and two ways to delete many: chosen runs, or all but the newest."""
    paths = catalogue.newest(quota.ALL.runs)
    if not paths:
        return
    use = quota.of(paths)
    with st.expander(f"{use} are kept here: delete some", icon=":material/delete:"):
        st.caption(
            f"What is deleted can be brought back for {deleted.UNDO_SECONDS:g} seconds. A run that is trained, or that "
            "another visitor looks at, stays."
        )
        names = st.multiselect("Runs to delete", [path.stem for path in paths], key="runs-to-delete")
        marked = [path for path in paths if path.stem in names]
        with st.container(horizontal=True):
            label = f"Delete {quota.of(marked)}" if marked else "Delete these"
            st.button(label, key="delete-chosen", disabled=not marked, on_click=delete, args=(marked,))
            with st.popover(f"All but the newest {KEPT}", disabled=len(paths) <= KEPT):
                st.button(
                    f"Yes, delete {quota.of(paths[KEPT:])}", key="delete-old", on_click=delete, args=(paths[KEPT:],)
                )


def undo() -> None:
    """What was deleted a moment ago, and a button that brings it back; it goes when the moment is over."""
    deleted.empty()
    waits = bool(deleted.waiting())

    def draw() -> None:
        deleted.empty()
        names = deleted.waiting()
        if bool(names) != waits:
            refusals.draw_again()
        if names:
            what = f"{names[0]} was deleted." if len(names) == 1 else f"{len(names)} runs were deleted."
            with st.container(border=True, horizontal=True, vertical_alignment="center", key="undo"):
                st.markdown(f"{what} Gone for good after {deleted.UNDO_SECONDS:g} seconds.", width="content")
                st.button("Undo", icon=":material/undo:", key="undo-delete", on_click=bring_back, args=(names,))

    pressing.live(draw, TICK_SECONDS if waits else None)


def bring_back(names: Iterable[str]) -> None:
    """Undoes deletions; says why one cannot be undone."""
    for name in names:
        try:
            deleted.bring_back(name)
        except (ValueError, OSError) as error:
            refusals.keep(str(error))


def delete(paths: Iterable[Path]) -> None:
    """Deletes runs; says how many went and why others stayed."""
    gone, stay = 0, list[str]()
    for path in paths:
        try:
            discard(path)
            gone += 1
        except (ValueError, OSError) as error:
            stay.append(str(error))
    st.session_state.pop("runs-to-delete", None)
    if gone:
        st.toast(f"{gone} deleted.", icon=":material/delete:")
        timer = threading.Timer(deleted.UNDO_SECONDS + 1, deleted.empty)  # also if nobody opens this page again
        timer.daemon = True
        timer.start()
    for sentence in stay[:3]:
        refusals.keep(sentence)
    if len(stay) > 3:
        refusals.keep(f"{len(stay) - 3} more stay for such reasons.")


def discard(path: Path) -> None:
    """Deletes one run. ValueError where another visit looks at it, or it trains or waits to."""
    if server.host().concerned(path):
        raise ValueError(f"{path.name} stays: it is trained, or waits for its turn; pause it first")
    if server.watchers().watched(str(path), besides=server.session().id):
        raise ValueError(f"{path.name} stays: somebody looks at it")
    deleted.remove(path)
    if visit.state().run == path.stem:
        visit.state().run = visit.state().step = None
    with suppress(ValueError):
        server.opened(str(path)).close()
    server.opened.clear(str(path))
    for remembered in (server._abouts(), server.discoveries()):
        remembered.pop(str(path), None)
