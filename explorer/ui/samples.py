"""What the model says to examples at a step, coloured by right and wrong."""

from __future__ import annotations

import streamlit as st

from explorer.ui.frame import View

LONGEST = 48  # tokens of a line


def show(view: View) -> None:
    """The probe's examples with the model's answers; a text task also writes by itself."""
    st.markdown("**What it says** · the same examples at every step")
    answer = view.picture("samples.answers", 0.5, count=3 if view.about["writes"] else 5)
    if answer is None:
        return
    st.markdown("\n\n".join(line(row, view.about["writes"]) for row in answer[0]["rows"]))
    right = [r for row in answer[0]["rows"] for r in row["right"]]
    st.caption(
        f":green-badge[right] :red-badge[wrong] at step {answer[0]['step']}: {sum(right)} of {len(right)} tokens"
    )
    if view.about["writes"]:
        written = view.picture("samples.generation", 2)
        if written is not None:
            st.markdown(f"**What it writes by itself** · drawn from its own probabilities at step {written[0]['step']}")
            st.code(written[0]["text"], language=None, wrap_lines=True, height=150)
            if written[0]["verdict"]:
                st.caption(written[0]["verdict"])


def line(row: dict, running_text: bool) -> str:
    """One example in Markdown: what was read and, token by token, what was said."""
    said = list(zip(row["said"], row["right"], strict=True))[-LONGEST:]
    marked = " ".join(colored(token, right) for token, right in said)
    return marked if running_text else f"{code(row['read'])} → {marked}"


def colored(token: str, right: bool) -> str:
    """A token as a badge."""
    return f":{'green' if right else 'red'}-background[{escaped(token)}]"


def code(text: str) -> str:
    """Text as inline code, whatever is in it."""
    return f"`{text.replace('`', 'ˋ')}`"


def escaped(text: str) -> str:
    """Text that Markdown shall not read: a visitor's own letters among it."""
    visible = "␣" if text == " " else text
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|~<>:$&^=\"'" else c for c in visible)
