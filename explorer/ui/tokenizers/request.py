"""What the page looks at, and how its pictures' numbers are asked for, with or without a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.answers.records.record import R
from explorer.processes.client import Lane, Request
from explorer.ui import foreign, server
from explorer.ui.asking import Question
from explorer.ui.view import FIRST_PATIENCE, View


@dataclass(frozen=True)
class Choice:
    """source: what tokenizers learn from, a name of explorer.answers.tokenizers, with `own`, a visitor's text.

    size: of the vocabularies of words and BPE.   text: what they are shown on.   view: the run looked at, or None.
    waits: whether anything is still computed.
    """

    source: str
    size: int
    text: str
    own_text: str
    view: View | None
    waits: list[str] = field(default_factory=list, compare=False)

    @property
    def learned(self) -> dict[str, Any]:
        """The arguments that say what was learned."""
        path = str(self.view.run.path) if self.view is not None and self.source == "run" else None
        return {"source": self.source, "size": self.size, "own_text": self.own_text, "path": path}

    def answer(self, kind: type[R], **arguments: Any) -> R | None:
        """The answer of this kind; while it is computed None, and words in its place."""
        question: Question[R] = Question(request(kind, **arguments))
        try:
            question.wait(FIRST_PATIENCE)
        except ValueError as error:
            st.warning(foreign.sentence(str(error)), icon=":material/info:")
            return None
        if question.shown is None:
            self.waits.append("learning merges…")
            if self.view is not None:
                self.view.waits.append("computing…")
            st.caption("computing… the text is read and cut; this takes a few seconds the first time")
        return question.shown


def request(kind: type[R], **arguments: Any) -> Request[R]:
    """The request: the same question is answered once for all visits."""
    lane: Lane = "slow" if arguments.get("source") in ("shakespeare", "python") else "texts"
    return server.shared(kind, lane, **arguments)
