"""The only Streamlit glue: what a visit looks at, the frame around every page, the knobs."""
