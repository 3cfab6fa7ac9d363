"""What to learn from, how large a vocabulary, and the text to look at."""

from __future__ import annotations

import streamlit as st

from explorer.tasks.fields import TASKS
from explorer.ui import foreign
from explorer.ui.tokenizers.request import Choice
from explorer.ui.view import View

SHAKESPEARE, PYTHON, OWN, RUN = "Shakespeare", "Python’s source", "own text", "this run’s text"
SOURCES = {SHAKESPEARE: "shakespeare", PYTHON: "python", OWN: "own", RUN: "run"}
SIZES = [320, 512, 1024, 2048, 4096]
SHOWN = 2000  # characters of the text to look at, as explorer.answers.tokenizers has it
EXAMPLE = (
    "To be, or not to be, that is the question:\n"
    "Whether 'tis nobler in the mind to suffer\n"
    "The slings and arrows of outrageous fortune,\n"
    "for i in range(10): print(i)  # 10 times\n"
    "A naïve café costs 3 € 🙂\n"
)


def choose(view: View | None) -> Choice | None:
    """The controls; None while a text of the visitor's own is missing.

    Where they begin is their default: a slow browser may show one without the order to move it there, and take a click
    back when that order comes.
    """
    of_run = view is not None and TASKS[view.config.task.name].corpus is not None
    names = [RUN, SHAKESPEARE, PYTHON, OWN] if of_run else [SHAKESPEARE, PYTHON, OWN]
    state = st.session_state
    if state.get("learn-from", names[0]) not in names:
        state["learn-from"] = names[0]
    size = getattr(view.config.task, "bpe_size", 512) if view is not None and of_run else 512
    sizes = sorted({*SIZES, size})
    if state.get("vocabulary-size", size) not in sizes:
        state["vocabulary-size"] = size
    left, right = st.container(key="tokenizer-choices").columns([1.7, 1], vertical_alignment="bottom")
    with left, st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control(
            "Learn from", names, default=names[0], key="learn-from", required=True, bind="query-params"
        )
        chosen = st.selectbox(
            "Vocabulary",
            sizes,
            index=sizes.index(size),
            key="vocabulary-size",
            format_func=lambda n: f"{n:,} tokens",
            help="Of words and of BPE.",
            width=150,
            bind="query-params",
        )
    pasted = own_text() if name == OWN else ""
    text = right.text_area("Text to look at", EXAMPLE, key="looked-at", height=68, persist_state="session")
    if len(text) > SHOWN:
        st.caption(f"The first {SHOWN:,} of its {len(text):,} characters are looked at.")
    if name == OWN and not pasted:
        st.info("Paste a text or upload a file to learn from.", icon=":material/edit:")
        return None
    return Choice(SOURCES[name or names[0]], chosen, text, pasted, view)


def own_text() -> str:
    """A text pasted, or a file's; a file that cannot be read is named and what was pasted stays."""
    left, right = st.columns([2, 1])
    pasted = left.text_area("Your text", key="learned-text", height=116, persist_state="session")
    file = right.file_uploader("or a UTF-8 text file", type=["txt", "md", "py", "csv"], key="learned-file")
    if file is None:
        return pasted
    try:
        return file.getvalue().decode("utf-8-sig")
    except UnicodeDecodeError:
        st.warning(
            f"{foreign.text(file.name)} is not text in UTF-8; save it as UTF-8 text and upload it again, or paste it.",
            icon=":material/block:",
        )
        return pasted
