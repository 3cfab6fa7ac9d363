"""Course: the book, lesson by lesson; each begins one training."""

import streamlit as st

from explorer.lessons.lesson import LANGUAGES
from explorer.ui import refusals
from explorer.ui.course import contents, panel
from explorer.ui.parts.course_way import follow_address, way, write_address


def choose_language() -> None:
    """Takes over the language that was chosen."""
    way().language = st.session_state["course-language"]
    write_address()


follow_address()
with st.container(horizontal=True, vertical_alignment="bottom", key="course-top"):
    st.title("Course", anchor=False)
    if st.session_state.get("course-language", way().language) != way().language:  # by the address
        st.session_state["course-language"] = way().language
    st.segmented_control(
        "Language",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=way().language,
        key="course-language",
        on_change=choose_language,
        required=True,
        label_visibility="collapsed",
    )
refusals.show()
with st.container(key="course", width=760):
    if (name := way().open) is None:
        contents.show()
    else:
        panel.show(name)
