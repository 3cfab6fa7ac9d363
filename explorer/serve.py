"""Serve: the dashboard's server, Streamlit and beside it the feed. `python -m explorer` runs it.

`streamlit run explorer/app.py` serves the same pages without the feed: they are then drawn by Streamlit alone.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.routing import Route

from explorer.ui import feed, server

base = (st.get_option("server.baseUrlPath") or "").strip("/")  # where the dashboard does not stand at the root
way = "/".join(["", *([base] if base else []), "feed", "{visit}"])
app = st.App(Path(__file__).with_name("app.py"), routes=[Route(way, feed.answer)])
feed.opened = True
server.host()  # it loads torch while the browser loads the page
