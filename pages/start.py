"""Start: pick something to learn."""

import streamlit as st

from explorer.ui import cards, chosen

PRELOAD_SECONDS = 1.0


@st.fragment(run_every=PRELOAD_SECONDS)
def preload() -> None:
    """Lets the browser load what the first chart needs while the visitor reads the cards, and not before they stand."""
    if "cards_stand" in st.session_state:
        from explorer.ui import picture  # brings the charts' libraries, which the cards have no need of

        picture.preload()
    st.session_state.cards_stand = True


st.title("Watch a Transformer learn.", anchor=False)
st.markdown(
    "Pick something to learn. It trains here, on this machine, while you look; go back to any step, on any "
    "page. Every number is the model’s own."
)
chosen.complaints()
cards.show()
preload()
