"""Start: pick something to learn."""

from functools import partial

import streamlit as st

from explorer.ui import cards, pressing, refusals, visit
from explorer.ui.parts import whole_model
from explorer.ui.parts.course_way import begin_with_first
from explorer.ui.scenes.going import begin_shipped

LATER_SECONDS = 1.0
SCENES = "How a Transformer learns: begins a run and shows it from page to page. N goes on, B back."


def later(everything: bool) -> None:
    """What no visitor sees at first comes once the cards stand: what is folded, and what the first chart needs."""
    if everything:
        from explorer.ui import picture  # brings the charts' libraries, which the cards have no need of

        picture.preload()
    elif visit.state().cards_stand:
        refusals.draw_again()
    visit.state().cards_stand = True


everything = visit.state().cards_stand
with st.container(horizontal=True, vertical_alignment="center", key="head-of-start"):
    st.title("Watch a Transformer learn.", anchor=False)
    st.button("Begin the course", icon=":material/school:", key="first-lesson", on_click=begin_with_first)
    st.button("Ten scenes", icon=":material/movie:", key="scenes-begin", on_click=begin_shipped, help=SCENES)
st.markdown(
    "Pick something to learn. It trains here, on this machine, while you look; go back to any step, on any "
    "page. Every number is the model’s own."
)
refusals.show()
whole_model.show()
cards.show(everything)
pressing.live(partial(later, everything), LATER_SECONDS)
