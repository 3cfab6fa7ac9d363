"""What the page looks at, and how its pictures' numbers are asked for, with or without a run."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from html import escape
from typing import Any

import streamlit as st

from explorer.runs.answer import Answer
from explorer.runs.client import Request
from explorer.ui import server
from explorer.ui.view import FIRST_PATIENCE, View

KEPT = 64


@dataclass(frozen=True)
class Asked:
    """source: what tokenizers learn from, a name of explorer.runs.views.tokenizers, with `own`, a visitor's text.

    size: of the vocabularies of words and BPE.   text: what they are shown on.   view: the run looked at, or None.
    waits: whether anything is still computed.
    """

    source: str
    size: int
    text: str
    own: str
    view: View | None
    waits: list[str] = field(default_factory=list, compare=False)

    @property
    def learned(self) -> dict[str, Any]:
        """The arguments that say what was learned."""
        path = str(self.view.run.path) if self.view is not None and self.source == "run" else None
        return {"source": self.source, "size": self.size, "own": self.own, "path": path}

    def answer(self, function: str, **arguments: Any) -> Answer | None:
        """The numbers of a view (`module.function`); while they are computed None, and words in their place."""
        request = asked(function, **arguments)
        try:
            answer = server.answer_within(request, FIRST_PATIENCE)
        except ValueError as error:
            st.warning(str(error), icon=":material/info:")
            return None
        if answer is None:
            self.waits.append("learning merges…")
            if self.view is not None:
                self.view.waits.append("computing…")
            st.caption("computing… the text is read and cut; this takes a few seconds the first time")
        return answer


@st.cache_resource(show_spinner=False)
def _requests() -> OrderedDict[tuple, Request]:
    return OrderedDict()


def asked(function: str, **arguments: Any) -> Request:
    """The request, kept: the same question is answered once for all visits."""
    kept, key = _requests(), (function, *sorted(arguments.items()))
    request = kept.get(key)
    if request is None or request.broken:
        module, _, name = function.partition(".")
        request = server.host().request(f"explorer.runs.views.{module}:{name}", lane="slow", **arguments)
        kept[key] = request
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return request


def table(head: list[str], rows: list[list[str]], words: bool = False) -> None:
    """Words and numbers in rows, all escaped. words: cells are read from the left and may wrap."""
    top = "".join(f"<th>{escape(word)}</th>" for word in head)
    body = "".join(
        f"<tr><th>{escape(row[0])}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    whole = (
        f'<table class="scores{" words" if words else ""}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    )
    st.html(f'<div class="wide">{whole}</div>')
