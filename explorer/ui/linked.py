"""A page or a link that came from elsewhere: the one is not drawn, the other waits for a press of a button."""

from __future__ import annotations

import streamlit as st

from explorer.config.run import RunConfig
from explorer.runs import deleted
from explorer.ui import admission, chosen, foreign, refusals, visit


def admit() -> None:
    """Draws nothing for a page of another site. The server refuses it earlier, where it guards."""
    headers = st.context.headers
    if headers and (why := admission.refusal(headers.get("Host"), headers.get("Origin"))):
        refusals.say(why)
        st.stop()


def show() -> None:
    """What a waiting link would train, a button that does, and one that does not."""
    link = visit.state().link
    if link is None:
        return
    with st.container(border=True, key="linked"):
        if link.deleted:
            show_deleted(link)
            return
        st.markdown("**A link from outside the dashboard asks to train a model on this computer.**")
        st.text(f"It starts from {settings_of(link)}")
        with st.container(horizontal=True):
            st.button("Train", key="linked-train", type="primary", icon=":material/play_arrow:", on_click=begin)
            st.button("Do not train", key="linked-leave", on_click=forget)


def settings_of(link: visit.Link) -> str:
    """What a link would train, in words."""
    preset, changes = RunConfig.from_json(link.config).nearest_preset()
    settings = ", ".join(f"{path} = {chosen.shown(value)}" for path, value in changes.items())
    return f"the preset {preset}{f', with {settings}' if settings else ''}."


def show_deleted(link: visit.Link) -> None:
    """The address of a deleted run: brings it back while that is possible, or trains the same again."""
    former = deleted.former(link.deleted)
    st.markdown(f"**The run {foreign.text(link.deleted)} was deleted.**")
    if link.config:
        st.text(f"It started from {settings_of(link)}")
    with st.container(horizontal=True):
        if former is not None and former.back:
            st.button("Bring it back", key="linked-back", type="primary", icon=":material/undo:", on_click=bring_back)
        if link.config:
            st.button("Train the same again", key="linked-train", icon=":material/play_arrow:", on_click=begin)
        st.button("Leave it", key="linked-leave", on_click=forget)


def bring_back() -> None:
    """Undoes the deletion of the run that the address names, and looks at it."""
    link = visit.state().link
    if link is None:
        return
    forget()
    try:
        deleted.bring_back(link.deleted)
        chosen.open_run(link.deleted)
    except (ValueError, OSError) as error:
        refusals.keep(str(error))


def begin() -> None:
    """Trains what the link asks for; a refusal is shown on the page."""
    link = visit.state().link
    if link is None:
        return
    forget()
    try:
        chosen.begin(RunConfig.from_json(link.config), link.paused)
    except ValueError as error:
        refusals.keep(str(error))


def forget() -> None:
    """Lets the link go."""
    visit.state().link = None
