"""The preset cards: one click trains."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from explorer.config import memory_race
from explorer.config.presets import ANSWERING, BROKEN, ORDINARY, READING, RECURRENT, WORDS, Preset
from explorer.config.run import RunConfig
from explorer.tasks.corpus import packaged
from explorer.tasks.fields import TASKS
from explorer.ui import chosen, refusals, sitemap
from explorer.ui.pressing import pressed

PICTURES = Path(__file__).parent / "thumbnails"
UPLOAD_MB = 5
OWN_STEPS = 5000
IN_A_ROW = 3
NONE_FIRST: dict[str, Preset] = {}
TRANSLATING = {"dates-fr": ORDINARY["dates-fr"]} | {
    name: preset for name, preset in ANSWERING.items() if preset.config.has("cross-attention")
}
Kind = Literal["primary", "secondary"]  # of a button
RACE = "memory-race"  # the card that is a race
MORE: tuple[tuple[str, Mapping[str, Preset], str], ...] = (
    ("**Reading**: models that read both ways", READING, "Train"),
    ("**Answering**: models that answer what they are asked", ANSWERING, "Train"),
    ("**Memory**: networks that read token after token", RECURRENT | {RACE: memory_race.CARD}, "Train"),
    ("**Word vectors**: what words mean, by the words around them", WORDS, "Train"),
    (
        "**Break it**: each has one thing wrong. On the Gradients page the diagnosis names it, and a button cures it.",
        BROKEN,
        "Break it",
    ),
)


def show(everything: bool = True, first: dict[str, Preset] = NONE_FIRST) -> None:
    """The ordinary presets as cards, then the visitor's own text; folded under them all others.

    everything: with what is folded, and not the folds alone.   first: what this page is about, above all of them.
    """
    with st.container(key="preset-cards"):
        for name, preset in (first | ORDINARY).items():
            card(preset, name, "Train", "primary" if name in first or not first else "secondary")
        own_text_card()
    more = st.expander(
        "More: reading, answering, memory, word vectors, and trainings that fail on purpose",
        icon=":material/more_horiz:",
    )
    if everything:
        with more:
            for title, presets, action in MORE:
                if presets.keys() <= first.keys():
                    continue
                st.markdown(title)
                rows_of_cards({name: preset for name, preset in presets.items() if name not in first}, action)


def rows_of_cards(presets: Mapping[str, Preset], action: str) -> None:
    """Presets in rows."""
    for first in range(0, len(presets), IN_A_ROW):
        for column, name in zip(st.columns(IN_A_ROW), list(presets)[first:], strict=False):
            with column:
                card(presets[name], name, action, "secondary")


def card(preset: Preset, name: str, action: str, kind: Kind) -> None:
    """One preset: its picture if it has one, what it is, how long it takes, a button."""
    with st.container(border=True, height="stretch", key=f"card-{name}"):
        place: AbstractContextManager[Any] = nullcontext()
        if picture := pictures().get(name):
            left, place = st.columns([1, 2.2])
            left.image(picture, width="stretch")
        with place:
            st.markdown(f"**{preset.title}**  \n:gray[{preset.description}]")
            start(preset, name, action, kind)


@cache
def pictures() -> dict[str, str]:
    """The pictures of presets by name, as addresses that hold all of their few bytes.

    Streamlit forgets a picture's file as soon as its page is left, and a browser that has yet to fetch it asks in vain.
    """
    files = {path.stem: b64encode(path.read_bytes()).decode() for path in PICTURES.glob("*.png")}
    return {name: f"data:image/png;base64,{data}" for name, data in files.items()}


def start(preset: Preset, name: str, action: str, kind: Kind) -> None:
    """The button, and beside it how long it takes. style.css has it press wherever the card is clicked."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"start-{name}"):
        package = TASKS[preset.config.task.name].package
        lacks, key = bool(package) and packaged(package) is None, f"train-{name}"
        if name == RACE:
            st.button("Race the four", key=key, icon=":material/sports_score:", type=kind, on_click=race)
        else:
            icon, args = ":material/play_arrow:", (preset.config,)
            st.button(action, key=key, icon=icon, type=kind, on_click=begin, args=args, disabled=lacks)
        st.caption(f"needs package {package.replace('_', '-')}" if lacks else preset.wait)


def own_text_card() -> None:
    """A text of the visitor's own, pasted or uploaded."""
    with st.container(border=True, height="stretch", key="card-own"):
        st.markdown("**Your own text**  \n:gray[Any language, any script: the model learns its letters, here.]")
        with st.popover("Paste or upload", icon=":material/edit_note:"):
            pasted = st.text_area("Text", key="own-text", height=160, placeholder="A few thousand letters or more")
            file = st.file_uploader("or a UTF-8 text file", type=["txt", "md", "py", "csv"], max_upload_size=UPLOAD_MB)
            tokenizer = st.segmented_control("Tokens", ["characters", "bpe"], default="characters", key="own-tokens")
            with refusals.at("own-text"):
                if pressed(st.button, "Train on it", "train-own", type="primary", icon=":material/play_arrow:"):
                    start_own(pasted if file is None else file.getvalue(), tokenizer or "characters")


def start_own(text: str | bytes, tokenizer: str) -> None:
    """Trains on a visitor's text. ValueError says what is wrong with it; the present run goes on."""
    if isinstance(text, bytes):
        text = decoded(text)
    changes = {
        "task.name": "text",
        "task.text": text,
        "task.tokenizer": tokenizer,
        "train.steps": OWN_STEPS,
    }
    launch(RunConfig.preset("shakespeare").replace(changes))


def decoded(data: bytes) -> str:
    """A file's text. ValueError where its bytes are not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is not UTF-8 at byte {error.start}; save it as UTF-8 and upload it again") from None


def begin(config: RunConfig) -> None:
    """Starts a run before anything is drawn again, and goes to where it is seen; a refusal is shown on this page."""
    try:
        chosen.begin(config)
    except ValueError as error:
        refusals.keep(str(error))
        return
    sitemap.go_to(sitemap.seen_on(config))


def race() -> None:
    """The same of the race for memory, with a seed each."""
    try:
        chosen.begin_race(memory_race.configs(), memory_race.STEM)
    except ValueError as error:
        refusals.keep(str(error))
        return
    sitemap.go_to("memory", {sitemap.ROWS["memory"]: ["Race"]})


def launch(config: RunConfig) -> None:
    """Starts a run from within a page and goes to where it is seen. ValueError says why it cannot be."""
    chosen.begin(config)
    sitemap.switch(sitemap.seen_on(config))
