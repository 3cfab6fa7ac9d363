"""The dashboard's entry script: navigation and the page frame. `python -m explorer` runs it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.ui import chosen, knobs, server, sitemap

HERE = Path(__file__).parent / "ui"
LOGO, STYLE = ((HERE / name).read_text("utf-8") for name in ("logo.svg", "style.css"))

st.set_page_config(page_title="Attention & Gradient Explorer", page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(LOGO, size="large")
st.html(f"<style>{STYLE}</style>")
server.host()
chosen.take_from_url()
page = sitemap.navigation()
with st.sidebar:
    knobs.show()
chosen.put_into_url()
page.run()
