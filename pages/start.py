"""Start: pick something to learn."""

import streamlit as st

from explorer.ui import cards, chosen

LATER_SECONDS = 1.0


@st.fragment(run_every=LATER_SECONDS)
def later(everything: bool) -> None:
    """What no visitor sees at first comes once the cards stand: what is folded, and what the first chart needs."""
    if everything:
        from explorer.ui import picture  # brings the charts' libraries, which the cards have no need of

        picture.preload()
    elif "cards_stand" in st.session_state:
        st.rerun()
    st.session_state.cards_stand = True


everything = "cards_stand" in st.session_state
st.title("Watch a Transformer learn.", anchor=False)
st.markdown(
    "Pick something to learn. It trains here, on this machine, while you look; go back to any step, on any "
    "page. Every number is the model’s own."
)
chosen.complaints()
cards.show(everything)
later(everything)
