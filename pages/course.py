"""Course: the book, lesson by lesson; each begins one training."""

import streamlit as st

from explorer.ui import refusals
from explorer.ui.course import contents, panel
from explorer.ui.parts.course_way import follow_address, way

follow_address()
with st.container(key="course-top"):
    st.title("Course", anchor=False)
refusals.show()
with st.container(key="course", width=760):
    if (name := way().open) is None:
        contents.show()
    else:
        panel.show(name)
