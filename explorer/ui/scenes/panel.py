"""The list of scenes in the sidebar: go to one, say what it shows, save the list, bring another."""

from __future__ import annotations

import streamlit as st

from explorer.config.scenes import MOST_BYTES, Scene, read
from explorer.ui import refusals, sitemap, visit
from explorer.ui.scenes import going

SAY = 300  # characters of a sentence


def show() -> None:
    """The list, behind one button."""
    mine = going.playing()
    count = len(mine.list.scenes)
    where = f" · {mine.at + 1} of {count}" if mine.at is not None else f" · {count}" if count else ""
    with st.popover(f"Scenes{where}", icon=":material/movie:", width="stretch", key="scenes"):
        st.caption("The bookmark in the bar makes a scene of what you see. N goes to the next one, B back.")
        for number in range(count):
            row(number)
        refusals.show("scenes")
        with st.container(horizontal=True):
            if count:
                st.download_button(
                    "Save the list",
                    mine.list.to_json(),
                    "scenes.json",
                    "application/json",
                    key="scenes-save",
                    icon=":material/download:",
                    on_click="ignore",
                )
            st.button("The ten that come with it", key="scenes-shipped", on_click=going.begin_shipped)
        turn = visit.state().turns.setdefault("scenes-file", 0)
        st.file_uploader(
            "Open a list",
            type=["json"],
            key=f"scenes-file-{turn}",
            max_upload_size=1,
            on_change=bring,
            args=(f"scenes-file-{turn}",),
            help=f"A file that was saved here, of at most {MOST_BYTES // 1000} kB.",
        )


def row(number: int) -> None:
    """One scene: a button that goes there, its sentence, a button that takes it out."""
    scene, key = going.playing().list.scenes[number], f"scene-{number}"
    title, icon = sitemap.TITLES[scene.page]
    step = "" if scene.step is None else f" · step {scene.step:,}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"{number + 1} · {title}{step}",
            key=f"{key}-go",
            icon=f":material/{icon}:",
            on_click=going.go,
            args=(number,),
            width=190,
        )
        st.button(
            "", key=f"{key}-out", icon=":material/close:", help="Take it out", on_click=going.remove, args=(number,)
        )
    field = f"{key}-say-{abs(hash(scene.say)) % 10**8}"
    st.text_input(
        "Sentence",
        scene.say,
        SAY,
        key=field,
        on_change=say,
        args=(number, scene, field),
        label_visibility="collapsed",
        placeholder="one sentence about it",
    )


def say(number: int, scene: Scene, field: str) -> None:
    """What was typed becomes the sentence of a scene.

    The browser may send the fields of a list once more after another list has taken its place: they say nothing of it.
    """
    scenes = going.playing().list.scenes
    if number < len(scenes) and scenes[number] == scene:
        going.change(number, say=st.session_state[field])


def bring(key: str) -> None:
    """Takes an uploaded list and goes to its first scene; a refusal is said beside it."""
    file = st.session_state[key]
    if file is None:
        return
    visit.state().turns["scenes-file"] += 1
    try:
        going.take(read(file.getvalue()))
    except ValueError as error:
        refusals.keep(str(error), "scenes")
        return
    going.go(0)
