"""Rows of the Runs page: what a run is called, how it stands, and what can be done with it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import streamlit as st
from babel.dates import format_datetime

from explorer.i18n.translation import run_name
from explorer.measure.names import plural
from explorer.runs import catalogue, file
from explorer.ui import chosen, foreign, refusals, room, sitemap, store, visit
from explorer.ui.locale.language import current
from explorer.ui.pressing import pressed
from explorer.ui.runs.groups import Group, counted
from explorer.ui.store import Summary

FOLDED = 2  # branches that are seen without unfolding


def show(group: Group) -> None:
    """A group in its frame: one row, and the others folded beneath it."""
    with st.container(border=True, key=f"group-{group.runs[0].stem}"):
        if group.kind == "run":
            row(group.runs[0])
            rest = group.runs[1:]
        else:
            head(group)
            rest = group.runs
        if not rest:
            return
        if group.kind == "run" and len(rest) <= FOLDED:
            for run in rest:
                row(run)
        else:
            with st.expander(counted(group.kind, len(rest))):
                for run in rest:
                    row(run)


def columns() -> list[st.delta_generator.DeltaGenerator]:
    """Of a row: name, state, open, save, rename, delete."""
    return st.columns([4, 4, 1.5, 0.9, 0.9, 0.9], vertical_alignment="center", gap="small")


def head(group: Group) -> None:
    """The row of a race or a search."""
    name, words, opened, _, _, gone = columns()
    task = foreign.WORD_JOINER + foreign.text(group.runs[0].task)
    name.markdown(f"**{group.title}**  \n:gray[{task} · {time(group.when)}]")
    words.markdown(f"{group.words}  \n:gray[{store.megabytes(group.size)} together]")
    if pressed(opened.button, "Open", f"open-group-{group.runs[0].stem}", width="stretch"):
        look_at(group.runs[0])
    delete(gone, [run.stem for run in group.runs], "group-")


def row(run: Summary) -> None:
    """A run's row."""
    name, words, opened, saved, renamed, gone = columns()
    branch = "↳ " if run.parent else ""
    settings = run_name(run.settings, current())
    label = run_name(run.label, current()) if run.label == run.settings else run.label
    below = foreign.text(run.stem if run.name == run.settings else f"{settings} · {run.stem}")
    here = foreign.WORD_JOINER  # said already: a name that somebody gave it stays as it is in every language
    name.markdown(f"{branch}**{here}{foreign.text(label)}**  \n:gray[{here}{below}]")
    words.markdown(
        f"{run.last:,} step{plural(run.last)} · {run.state} · loss {run.loss}  \n:gray[{time(run.when)} · "
        f"{store.megabytes(run.size)}]"
    )
    if pressed(opened.button, "Open", f"open-{run.stem}", width="stretch"):
        look_at(run)
    saved.download_button(
        "",
        partial(store.whole, run.path),
        file_name=run.path.name,
        key=f"save-{run.stem}",
        width="stretch",
        on_click="ignore",
        icon=":material/download:",
        help="Save",
    )
    if pressed(renamed.button, "", f"rename-{run.stem}", icon=":material/edit:", help="Rename", width="stretch"):
        rename(run)
    delete(gone, [run.stem], "")


def delete(place: st.delta_generator.DeltaGenerator, names: list[str], kind: str) -> None:
    """A button that deletes runs, which can be brought back for a moment."""
    place.button(
        "",
        icon=":material/delete:",
        key=f"delete-{kind}{names[0]}",
        help="Delete" if len(names) == 1 else f"Delete all {len(names)}",
        width="stretch",
        on_click=room.delete,
        args=([catalogue.path_of(name) for name in names],),
    )


def look_at(run: Summary) -> None:
    """Opens a run on the page on which it is looked at first."""
    with refusals.at("page"):
        chosen.open_run(run.stem)
        opened = chosen.run()
        sitemap.switch("train" if opened is None else sitemap.seen_on(opened.config))


@st.dialog("Rename")
def rename(run: Summary) -> None:
    """Asks for a name. The file keeps its own, so that addresses of the run stay."""
    st.caption(foreign.text(run_name(run.settings, current())))
    with st.form("rename", border=False):
        st.text_input("Name", run.title, key="rename-title", placeholder="Its settings, if left empty")
        refusals.show("rename")  # under the name, which can be shortened
        done = st.form_submit_button("Rename", type="primary", on_click=renamed, args=(run.path,))
        if done and not refusals.kept_at("rename"):
            st.rerun()


def renamed(path: Path) -> None:
    """Writes the name that was typed; a refusal is shown under it."""
    visit.state().refused.pop("rename", None)
    try:
        file.rename(path, st.session_state["rename-title"])
        store.summary.clear()
    except ValueError as error:
        refusals.keep(str(error), "rename")


def time(moment: float) -> str:
    """A moment in words."""
    pattern = {"zh": "M月d日 HH:mm"}.get(current(), "dd MMM HH:mm")
    return format_datetime(datetime.fromtimestamp(moment), pattern, locale=current())
