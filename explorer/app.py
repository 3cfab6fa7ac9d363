"""The dashboard's entry script: navigation and the page frame. `python -m explorer` runs it."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from explorer.ui import chosen, knobs, server, sitemap
from explorer.ui.search import searching

HERE = Path(__file__).parent / "ui"
LOGO, STYLE, PROJECTOR = ((HERE / n).read_text("utf-8") for n in ("logo.svg", "style.css", "projector.css"))
SIDEBAR_SECONDS = 0.15

st.set_page_config(page_title="Attention & Gradient Explorer", page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(LOGO, size="large")
server.host()
chosen.take_from_url()
searching.keep_on()
page = sitemap.navigation()
st.html(f"<style>{STYLE}{PROJECTOR if st.session_state.projector else ''}</style>")
chosen.put_into_url()
before = st.session_state.get("painted")
page.run()
if st.session_state.get("painted") != before:  # the first pictures of a run: a browser that has all at once shows none
    time.sleep(SIDEBAR_SECONDS)
with st.sidebar:
    knobs.show()
