"""The preset cards: one click trains."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.config import RunConfig
from explorer.preset import BROKEN, ORDINARY, WORDS, Preset
from explorer.ui import chosen, sitemap

PICTURES = Path(__file__).parent / "thumbnails"
UPLOAD_MB = 5
OWN_STEPS = 5000
IN_A_ROW = 3


def show(everything: bool = True) -> None:
    """The ordinary presets as cards, then the visitor's own text; folded under them word vectors and what fails.

    everything: with what is folded, and not the folds alone.
    """
    with st.container(key="preset-cards"):
        for name in ORDINARY:
            card(name)
        own_text_card()
    words = st.expander("Word vectors: what words mean, told by those around them", icon=":material/hub:")
    broken = st.expander("Break it: trainings that fail on purpose", icon=":material/heart_broken:")
    if everything:
        with words:
            word_cards()
        with broken:
            broken_cards()


def word_cards() -> None:
    """The ways to word vectors, in a row."""
    for column, name in zip(st.columns(IN_A_ROW), WORDS, strict=True):
        with column:
            plain_card(WORDS[name], name, "Train")


def broken_cards() -> None:
    """The trainings that fail, in rows."""
    st.markdown("Each has one thing wrong. On the Gradients page the diagnosis names it, and a button cures it.")
    for first in range(0, len(BROKEN), IN_A_ROW):
        for column, name in zip(st.columns(IN_A_ROW), list(BROKEN)[first:], strict=False):
            with column:
                plain_card(BROKEN[name], name, "Break it")


def card(name: str) -> None:
    """One preset: its picture, what it is, how long it takes, a button."""
    preset = ORDINARY[name]
    with st.container(border=True, height="stretch", key=f"card-{name}"):
        picture, words = st.columns([1, 2.2])
        picture.image(PICTURES / f"{name}.png", width="stretch")
        with words:
            st.markdown(f"**{preset.title}**  \n:gray[{preset.description}]")
            st.button(
                "Train",
                key=f"train-{name}",
                icon=":material/play_arrow:",
                type="primary",
                on_click=begin,
                args=(preset.config,),
            )
            st.caption(preset.wait)


def plain_card(preset: Preset, name: str, action: str) -> None:
    """One preset without a picture: what it is, a button."""
    with st.container(border=True, height="stretch", key=f"card-{name}"):
        st.markdown(f"**{preset.title}**  \n:gray[{preset.description}]")
        st.button(action, key=f"train-{name}", icon=":material/play_arrow:", on_click=begin, args=(preset.config,))
        st.caption(preset.wait)


def own_text_card() -> None:
    """A text of the visitor's own, pasted or uploaded."""
    with st.container(border=True, height="stretch", key="card-own"):
        st.markdown("**Your own text**  \n:gray[Any language, any script: the model learns its letters, here.]")
        with st.popover("Paste or upload", icon=":material/edit_note:"):
            pasted = st.text_area("Text", key="own-text", height=160, placeholder="A few thousand letters or more")
            file = st.file_uploader("or a UTF-8 text file", type=["txt", "md", "py", "csv"], max_upload_size=UPLOAD_MB)
            tokenizer = st.segmented_control("Tokens", ["characters", "bpe"], default="characters", key="own-tokens")
            if st.button("Train on it", type="primary", icon=":material/play_arrow:", key="train-own"):
                start_own(pasted if file is None else file.getvalue(), tokenizer or "characters")


def start_own(text: str | bytes, tokenizer: str) -> None:
    """Trains on a visitor's text; what is wrong with it is said and the present run goes on."""
    try:
        if isinstance(text, bytes):
            text = decoded(text)
        changes = {
            "task.name": "text",
            "task.text": text,
            "task.tokenizer": tokenizer,
            "train.steps": OWN_STEPS,
        }
        config = RunConfig.preset("shakespeare").replace(changes)
    except ValueError as error:
        st.error(str(error), icon=":material/block:")
        return
    launch(config)


def decoded(data: bytes) -> str:
    """A file's text. ValueError where its bytes are not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is not UTF-8 at byte {error.start}; save it as UTF-8 and upload it again") from None


def begin(config: RunConfig) -> None:
    """Starts a run before anything is drawn again, and goes to where it is seen; a refusal is told on this page."""
    try:
        chosen.begin(config)
    except ValueError as error:
        chosen.complain(str(error))
        return
    sitemap.go_to(sitemap.seen_on(config))


def launch(config: RunConfig) -> None:
    """Starts a run from within a page and goes to where it is seen."""
    try:
        chosen.begin(config)
    except ValueError as error:
        st.error(str(error), icon=":material/block:")
        return
    st.switch_page(sitemap.page(sitemap.seen_on(config)))
