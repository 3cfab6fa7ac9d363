"""A bare Streamlit page with the gestures of ours: what Streamlit and the machine cost by themselves."""
