"""The dashboard's entry script: navigation and the page frame. `python -m explorer` runs it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.ui import chosen, knobs, server, sitemap
from explorer.ui.search import searching

HERE = Path(__file__).parent / "ui"
LOGO, STYLE, PROJECTOR = ((HERE / n).read_text("utf-8") for n in ("logo.svg", "style.css", "projector.css"))

st.set_page_config(page_title="Attention & Gradient Explorer", page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(LOGO, size="large")
server.host()
chosen.take_from_url()
searching.keep_on()
page = sitemap.navigation()
st.html(f"<style>{STYLE}{PROJECTOR if st.session_state.projector else ''}</style>")
chosen.put_into_url()
page.run()
with st.sidebar:  # after the page, so that its pictures are on their way first
    knobs.show()
