"""The dashboard's entry script: navigation and the page frame. `python -m explorer` runs it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.ui import chosen, knobs, server, sitemap

LOGO = (Path(__file__).parent / "ui" / "logo.svg").read_text("utf-8")

st.set_page_config(page_title="Attention & Gradient Explorer", page_icon=":material/blur_on:", layout="wide")
st.logo(LOGO, size="large")
server.host()
chosen.take_from_url()
page = sitemap.navigation()
with st.sidebar:
    knobs.show()
chosen.put_into_url()
page.run()
