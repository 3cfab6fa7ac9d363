"""Serve: the dashboard's server, Streamlit with the feed. `python -m explorer` runs it.

`python -m streamlit run explorer/app.py` serves the same pages without the feed: Streamlit alone then draws them, and a
link that trains always asks first, since only this server knows which page a link was followed from.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from explorer.ui import admission, feed, pressing, shell
from explorer.ui.locale import addresses, border, frame_words
from explorer.ui.parts import course_visitor

border.install()  # before the first visitor's address is read
pressing.install()
base = (st.get_option("server.baseUrlPath") or "").strip("/")  # not empty if the dashboard is not at the root
root = f"/{base}/" if base else "/"
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[
        Route(f"{root}feed/{{visit}}", feed.answer),
        Route(f"{root}{addresses.WAY}", addresses.answer),
        Route(f"{root}{frame_words.WAY}", frame_words.answer),
    ],
    middleware=[Middleware(admission.Admission), Middleware(course_visitor.Naming), Middleware(shell.Shell)],
)
shell.root = root
feed.opened = admission.guards = shell.dressed = True
