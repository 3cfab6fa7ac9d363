"""The same text under each tokenizer, and what is unknown to each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer import segmentation
from explorer.ui import picture
from explorer.ui.components.token_rows import token_rows
from explorer.ui.frame import cards
from explorer.ui.tokenizers.asked import Asked, table
from explorer.ui.tokens import escaped

COMPUTED = (
    "**Characters**: one token a character that was read at least once in a million; all others share `�`. **Words**: "
    "the most frequent words, as many as BPE has tokens, one of them `�` for all others; a word is what GPT-2’s "
    "pre-tokenizer splits off, with the space before it. **BPE**: bytes, then merges; every text can be written. White "
    "space is drawn as ␣ ⏎ ⇥, and bytes that are no whole character as ‹e2›. Counts are uses in the text learned from "
    "(for a run: in all that it reads)."
)
SYMBOLS = 40  # of a run's vocabulary that are named


def show(asked: Asked) -> None:
    """Rows of tokens, the run's own first."""
    with cards("compare", 1)[0]:
        answer = asked.answer("tokenizers.cut", text=asked.text, **asked.learned)
        if answer is None:
            return
        plain, _ = answer
        rows = plain["rows"]
        own = of_run(asked)
        if own is not None:
            rows = [own, *rows]
        st.caption(f"learned from {plain['title']}")
        projector = bool(st.session_state.get("projector"))
        token_rows("One text, cut by each tokenizer", rows, plain["typed"], key="token-rows", projector=projector)
        picture.look_for("compare", sentence(plain["rows"]))
    picture.computed(COMPUTED, segmentation.WordSegments, segmentation.CharacterSegments)


def of_run(asked: Asked) -> dict[str, Any] | None:
    """The row of the run's own tokenizer; where it cannot read the text, a sentence."""
    if asked.view is None:
        return None
    answer = asked.answer("own_tokenizer.of_run", path=str(asked.view.run.path), text=asked.text)
    if answer is None:
        return None
    plain, _ = answer
    if plain["row"] is None:
        names = " ".join(plain["symbols"][:SYMBOLS])
        said = f"This run’s own vocabulary has {plain['vocabulary']} symbols, {names}, and no tokens for this text: "
        st.info(escaped(f"{said}{plain['refused']}."), icon=":material/info:")
    row: dict[str, Any] | None = plain["row"]
    return row


def sentence(rows: list[dict[str, Any]]) -> str:
    """How many tokens each makes, and what is lost to whom."""
    if not any(row["tokens"] for row in rows):
        return "there is no text to cut; type one above."
    lengths = ", ".join(
        f"{len(row['tokens'])} {'tokens of BPE' if row['name'] == 'BPE' else row['name']}" for row in rows
    )
    lost = [
        f"{sum(not known for *_, known in row['tokens'])} of the {len(row['tokens'])} {row['name']}"
        for row in rows
        if row["unknown"]
    ]
    said = f"unknown, and lost to the model, are {' and '.join(lost)}" if lost else "nothing in it is unknown to any"
    return f"this text is {lengths}; {said}. Where BPE has no merge for something it falls back to bytes."


def unknown(asked: Asked) -> None:
    """A table: what of which text has no token."""
    with cards("unknown", 1)[0]:
        answer = asked.answer("tokenizers.lengths", **asked.learned)
        cut = asked.answer("tokenizers.cut", text=asked.text, **asked.learned)
        if answer is None or cut is None:
            return
        plain, typed = answer[0], {row["name"]: row for row in cut[0]["rows"]}
        st.markdown("**What has no token of its own** · share of the tokens, and the first such pieces")
        rows = []
        for name, row in typed.items():
            missing = "  ".join(row["unknown"][:8])
            share = sum(not known for *_, known in row["tokens"]) / max(1, len(row["tokens"]))
            cells = [f"{percent(share)}" + (f" · {missing}" if missing else "")]
            for text in plain["texts"]:
                examples = "  ".join(text["examples"][name][:4])
                cells.append(f"{percent(text['unknown'][name])}" + (f" · {examples}" if examples else ""))
            rows.append([f"{name} ({row['vocabulary']:,})", *cells])
        table(["tokenizer", "the text above", *(text["name"] for text in plain["texts"])], rows, words=True)
        picture.look_for("unknown", unknown_sentence(plain))
    picture.computed(COMPUTED, segmentation.unknown_share)


def percent(share: float) -> str:
    """A share, with more digits where it is small but not nothing."""
    return f"{share:.3%}" if 0 < share < 0.001 else f"{share:.1%}"


def unknown_sentence(plain: dict[str, Any]) -> str:
    """What a closed vocabulary misses, and what BPE has instead."""
    last = plain["texts"][-1]
    first = plain["texts"][0]
    return (
        f"{plain['vocabularies']['kept']:,} words leave {first['unknown']['words']:.0%} of the words unknown in the "
        f"very text they were learned from, and {last['unknown']['words']:.0%} in {last['name']}; characters miss "
        f"{last['unknown']['characters']:.1%} there, BPE nothing. But {plain['bytes']} of its 256 bytes were never "
        "read: a model has learned nothing about those tokens."
    )
