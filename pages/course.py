"""Course: the book, lesson by lesson; each begins one training."""

import streamlit as st

from explorer.ui import player, refusals
from explorer.ui.course import contents, panel
from explorer.ui.parts.course_way import follow_address, turn_by, way

follow_address()
with st.container(key="course-top"):
    st.title("Course", anchor=False)
    player.keys(turn_by)  # before any lesson: whoever sees one can turn on
refusals.show()
with st.container(key="course", width=760):
    if (name := way().open) is None:
        contents.show()
    else:
        panel.show(name)
