"""The dashboard's entry script: navigation and the page frame. `python -m explorer` runs it."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from explorer.ui import chosen, held, knobs, linked, player, pressing, refusals, server, shell, sitemap, visit
from explorer.ui.locale import border, language
from explorer.ui.parts import course_way, lesson_beside, searching
from explorer.ui.scenes import panel as scenes

HERE = Path(__file__).parent / "ui"
LOGO, PROJECTOR = ((HERE / n).read_text("utf-8") for n in ("logo.svg", "projector.css"))
HIDDEN = {  # what a scene leaves out
    "sidebar": '[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"]',
    "sections": ".st-key-sections",
    "inputs": ".st-key-inputs",
    "details": '[data-testid="stExpander"]',
}


def hidden() -> str:
    """The style that leaves out what is hidden."""
    return "".join(f"{HIDDEN[name]} {{ display: none !important; }}" for name in visit.state().hidden)


border.install()
pressing.install()
language.follow_address()
st.set_page_config(page_title="Attention & Gradient Explorer", page_icon=str(HERE / "icon.svg"), layout="wide")
st.logo(LOGO, size="large")
linked.admit()
server.swept()
chosen.take_from_url()
course_way.take_up()
searching.keep_on()
page = sitemap.navigation()
refusals.begin(page.url_path)
held.begin(page.url_path)
st.html(
    f"<style>{'' if shell.dressed else shell.STYLE}{PROJECTOR if visit.state().projector else ''}{hidden()} </style>"
)
chosen.put_into_url()
with st.container():  # there while it is empty too: the page after it keeps its place
    linked.show()
before = visit.state().painted
visit.kept(player.Bar).drawn = False
try:
    page.run()
    player.keys()
    if visit.state().painted != before:  # the first pictures of a run: a browser that has all at once shows none
        time.sleep(shell.SIDEBAR_SECONDS)
    course_way.remember()
    with st.sidebar:
        lesson_beside.show()
        knobs.show()
        scenes.show()
        lesson_beside.of_page()
        language.switch()
finally:
    server.host()  # it loads torch, for two seconds: once the first page is there, if that had no need of it
    pressing.begin_ticks()
pressing.forget()
