"""Start: pick something to learn."""

import streamlit as st

from explorer.ui import cards, frame, picture

st.title("Watch a Transformer learn.", anchor=False)
st.markdown(
    "Pick something to learn. It trains here, on this machine, while you look; go back to any step, on any "
    "page. Every number is the model’s own."
)
frame.complaints()
cards.show()
picture.preload()
