"""The page without a run of word vectors: what can be trained."""

from __future__ import annotations

import streamlit as st

from explorer.config.presets import WORDS
from explorer.config.run import RunConfig
from explorer.runs.run import Run
from explorer.ui import cards, refusals, sitemap
from explorer.ui.pressing import pressed

OWN_STEPS = 4000


def show() -> None:
    """Three ways on Shakespeare's plays, or on a text of one's own."""
    cards.rows_of_cards(WORDS, "Train")
    with st.expander("Your own text", icon=":material/edit_note:"):
        pasted = st.text_area("Text", key="words-text", height=150, placeholder="A few thousand words or more")
        left, right = st.columns([2, 1], vertical_alignment="bottom")
        file = left.file_uploader(
            "or a UTF-8 text file", type=["txt", "md", "py", "csv"], max_upload_size=cards.UPLOAD_MB, key="words-file"
        )
        name = right.selectbox("Way", list(WORDS), format_func=lambda n: WORDS[n].title, key="words-way")
        wanted = pressed(right.button, "Train on it", "train-words", type="primary", icon=":material/play_arrow:")
        with refusals.at("words-text"):
            if wanted:
                start_own(pasted if file is None else file.getvalue(), name)


def start_own(text: str | bytes, name: str) -> None:
    """Trains on a visitor's text. ValueError says what is wrong with it."""
    text = cards.decoded(text) if isinstance(text, bytes) else text
    cards.launch(RunConfig.preset(name).replace({"task.text": text, "train.steps": OWN_STEPS}))


def instead(run: Run) -> None:
    """What is said of a run that is a Transformer, and the way out."""
    st.info(
        f"This run {run.config.described}: its tokens are on the Embeddings page. Word vectors are "
        "trained here; the run stays under Runs.",
        icon=":material/hub:",
    )
    st.page_link(sitemap.page("embeddings"), label="Open it on Embeddings", icon=":material/scatter_plot:")
    show()
